from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from embeddings.encoder import Vectors
from embeddings.hashing import HashingEncoder
from embeddings.spec import ModelSpec
from eval.cache import CachedEncoder


class CountingEncoder:
    """HashingEncoder that notes what it was asked to encode; a question's vector is the passage's, negated."""

    def __init__(self, dimension: int = 16) -> None:
        self._encoder = HashingEncoder(dimension)
        self.encoded: list[str] = []

    @property
    def spec(self) -> ModelSpec:
        return self._encoder.spec

    def encode_queries(self, queries: Sequence[str]) -> Vectors:
        self.encoded.extend(queries)
        return -self._encoder.encode_queries(queries)

    def encode_passages(self, passages: Sequence[str]) -> Vectors:
        self.encoded.extend(passages)
        return self._encoder.encode_passages(passages)


def test_vectors_are_those_of_the_encoder_in_the_order_of_the_texts() -> None:
    texts = ["a longer text", "b", "a longer text", "middle"]
    with closing(CachedEncoder(CountingEncoder())) as cached:
        np.testing.assert_array_equal(cached.encode_passages(texts), CountingEncoder().encode_passages(texts))
        np.testing.assert_array_equal(cached.encode_queries(texts), CountingEncoder().encode_queries(texts))
        assert cached.encode_queries([]).shape == (0, 16)


def test_nothing_is_encoded_twice_not_even_by_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "vectors.sqlite3"
    encoder, later = CountingEncoder(), CountingEncoder()
    with closing(CachedEncoder(encoder, path)) as cached:
        first = cached.encode_passages(["one", "two", "one"])
        cached.encode_passages(["two", "three"])
    with closing(CachedEncoder(later, path)) as cached:
        np.testing.assert_array_equal(cached.encode_passages(["one", "two", "one"]), first)
    assert sorted(encoder.encoded) == ["one", "three", "two"]
    assert later.encoded == []


def test_a_question_and_a_passage_of_the_same_text_are_kept_apart() -> None:
    with closing(CachedEncoder(CountingEncoder())) as cached:
        np.testing.assert_array_equal(cached.encode_queries(["one"]), -cached.encode_passages(["one"]))


def test_two_models_are_kept_apart(tmp_path: Path) -> None:
    for dimension in (16, 8):
        with closing(CachedEncoder(CountingEncoder(dimension), tmp_path / "vectors")) as cached:
            assert cached.encode_passages(["one"]).shape == (1, dimension)


def test_time_is_measured_without_the_cache() -> None:
    encoder = CountingEncoder()
    with closing(CachedEncoder(encoder)) as cached:
        cached.encode_queries(["one"])
        with cached.bypassed():
            cached.encode_queries(["one"])
        cached.encode_queries(["one"])
    assert encoder.encoded == ["one", "one"]

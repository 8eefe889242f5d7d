"""Questions of several callers in one batch, each with its own vectors."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from embeddings.encoder import Vectors
from embeddings.hashing import HashingEncoder
from embeddings.shared_batches import MAX_QUERIES, SharedBatches


class SlowEncoder(HashingEncoder):
    """Notes its batches; the first waits until the test lets it go; one that holds "bad" fails."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []
        self.go = threading.Event()

    def encode_queries(self, queries: Sequence[str]) -> Vectors:
        self.batches.append(list(queries))
        assert self.go.wait(20)
        if "bad" in queries:
            raise ValueError("bad")
        return super().encode_queries(queries)


def test_a_lone_question_is_encoded_at_once_and_alone() -> None:
    encoder = SlowEncoder()
    encoder.go.set()
    shared = SharedBatches(encoder)
    for query in ("a question", "another"):
        np.testing.assert_array_equal(shared.encode_queries([query]), HashingEncoder().encode_queries([query]))
    assert encoder.batches == [["a question"], ["another"]]


def test_those_that_come_meanwhile_share_the_next_batch_and_get_their_own_vectors() -> None:
    encoder = SlowEncoder()
    shared = SharedBatches(encoder)
    callers = [["one"], ["two", "three"], ["four"], []]
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(shared.encode_queries, callers[0])]
        while not encoder.batches:
            time.sleep(0.001)
        for each in callers[1:]:
            futures.append(pool.submit(shared.encode_queries, each))
            time.sleep(0.05)
        encoder.go.set()
        found = [future.result(timeout=20) for future in futures]
    assert encoder.batches == [["one"], ["two", "three", "four"]]
    for queries, vectors in zip(callers, found, strict=True):
        np.testing.assert_array_equal(vectors, HashingEncoder().encode_queries(queries))


def test_a_batch_that_fails_fails_for_its_callers_only() -> None:
    encoder = SlowEncoder()
    encoder.go.set()
    shared = SharedBatches(encoder)
    with pytest.raises(ValueError, match="bad"):
        shared.encode_queries(["bad"])
    assert shared.encode_queries(["good"]).shape == (1, 64)


def test_many_callers_get_what_one_gets_and_batches_stay_small() -> None:
    encoder = SlowEncoder()
    encoder.go.set()
    shared = SharedBatches(encoder)
    queries = [f"question {i}" for i in range(400)]
    with ThreadPoolExecutor(40) as pool:
        found = list(pool.map(lambda query: shared.encode_queries([query])[0], queries))
    np.testing.assert_array_equal(found, HashingEncoder().encode_queries(queries))
    assert max(map(len, encoder.batches)) <= MAX_QUERIES
    assert sorted(query for batch in encoder.batches for query in batch) == sorted(queries)


def test_passages_and_facts_are_the_encoders_own() -> None:
    shared = SharedBatches(HashingEncoder())
    assert shared.spec == HashingEncoder().spec
    np.testing.assert_array_equal(shared.encode_passages(["a b"]), HashingEncoder().encode_passages(["a b"]))

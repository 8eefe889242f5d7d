"""Documents give way to questions and to the end of the service."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from embeddings.encoder import Vectors
from embeddings.hashing import HashingEncoder
from qa_service.errors import Stopping
from qa_service.store import right_of_way
from qa_service.store.right_of_way import RightOfWay, YieldingEncoder

TEXTS = [f"Text {number} " + "with words " * (number % 7) for number in range(200)]


class CountingEncoder(HashingEncoder):
    """Counts batches, and says when the first begins."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Sequence[str]] = []
        self.began = threading.Event()

    def encode_passages(self, passages: Sequence[str]) -> Vectors:
        self.batches.append(passages)
        self.began.set()
        return super().encode_passages(passages)


def test_the_vectors_are_those_of_the_encoder_in_small_batches() -> None:
    encoder = CountingEncoder()
    vectors = YieldingEncoder(encoder, RightOfWay()).encode_passages(TEXTS)
    assert np.array_equal(vectors, HashingEncoder().encode_passages(TEXTS))
    assert [text for batch in encoder.batches for text in batch] == sorted(TEXTS, key=len)
    assert all(sum(map(len, batch)) <= 1_800 for batch in encoder.batches)
    assert YieldingEncoder(encoder, RightOfWay()).encode_passages([]).shape == (0, 64)


def test_no_batch_begins_while_somebody_asks() -> None:
    encoder, way = CountingEncoder(), RightOfWay()
    thread = threading.Thread(target=YieldingEncoder(encoder, way).encode_passages, args=(TEXTS,))
    with way.asking(), way.asking():
        thread.start()
        assert not encoder.began.wait(0.1)
    assert encoder.began.wait(10)
    thread.join(10)
    assert sum(map(len, encoder.batches)) == len(TEXTS)


def test_questions_without_end_do_not_keep_documents_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(right_of_way, "_LONGEST_WAIT_S", 0.01)
    encoder, way = CountingEncoder(), RightOfWay()
    with way.asking():
        YieldingEncoder(encoder, way).encode_passages(TEXTS)
    assert sum(map(len, encoder.batches)) == len(TEXTS)


def test_an_interruption_ends_the_encoding_even_while_somebody_asks() -> None:
    encoder, way = CountingEncoder(), RightOfWay()
    with way.asking():
        way.interrupt()
        with pytest.raises(Stopping):
            YieldingEncoder(encoder, way).encode_passages(TEXTS)
    assert encoder.batches == []


def test_more_questions_than_are_answered_at_once_wait() -> None:
    way, lock, inside, most = RightOfWay(), threading.Lock(), 0, 0
    full = threading.Barrier(right_of_way.AT_ONCE)

    def ask() -> None:
        nonlocal inside, most
        with way.asking():
            with lock:
                inside += 1
                most = max(most, inside)
            full.wait(10)  # none leaves before as many as may be are inside
            with lock:
                inside -= 1

    threads = [threading.Thread(target=ask) for _ in range(3 * right_of_way.AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (inside, most) == (0, right_of_way.AT_ONCE)

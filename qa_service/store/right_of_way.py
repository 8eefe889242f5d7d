"""Questions go before documents: who asks waits for one batch of passages at most, and nobody for the end of a book."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np

from embeddings.batches import batches
from embeddings.encoder import Encoder, Vectors
from embeddings.spec import ModelSpec
from qa_service.errors import Stopping
from qa_service.ingest.search_form import width

_BATCH, _FRAME = 1_800, 15
"""Width of its texts and of what an encoder puts around each: some 500 tokens in any script, which it takes at once."""
AT_ONCE = 2 * (os.cpu_count() or 1)
"""Questions that are answered at once: of more, each would only wait for the others and hold its own memory."""
_LONGEST_WAIT_S = 0.3  # where questions never cease documents still come in, a batch at a time


withdrawn: ContextVar[threading.Event | None] = ContextVar("withdrawn", default=None)
"""Is set when nobody wants any more what is being taken in here."""


def check_wanted() -> None:
    """Raises Stopping."""
    event = withdrawn.get()
    if event is not None and event.is_set():
        raise Stopping("cancelled while it was taken in")


class RightOfWay:
    """A lock alone would not do: who releases it and takes it again is faster than who waits for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._asking = 0
        self._is_interrupted = False
        self._one_batch = threading.Lock()
        self._places = threading.Semaphore(AT_ONCE)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Around the answering of a question."""
        with self._changed:
            self._asking += 1
        try:
            with self._places:
                yield
        finally:
            with self._changed:
                self._asking -= 1
                self._changed.notify_all()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Around a batch of passages: one at a time, while nobody asks. Raises Stopping."""
        check_wanted()
        with self._one_batch:
            with self._changed:
                self._changed.wait_for(lambda: self._is_interrupted or not self._asking, _LONGEST_WAIT_S)
                if self._is_interrupted:
                    raise Stopping("the service is stopping; send the file again when it runs")
            yield

    def interrupt(self) -> None:
        """No batch begins any more."""
        with self._changed:
            self._is_interrupted = True
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class YieldingEncoder:
    """An encoder whose passages give way, batch by batch."""

    encoder: Encoder
    right_of_way: RightOfWay

    @property
    def spec(self) -> ModelSpec:
        return self.encoder.spec

    def encode_queries(self, queries: Sequence[str]) -> Vectors:
        return self.encoder.encode_queries(queries)

    def encode_passages(self, passages: Sequence[str]) -> Vectors:
        vectors = np.empty((len(passages), self.spec.dimension), dtype=np.float32)
        for batch in batches([width(passage) + _FRAME for passage in passages], _BATCH):
            with self.right_of_way.batch():
                vectors[batch] = self.encoder.encode_passages([passages[i] for i in batch])
        return vectors

"""Questions that come at the same time share a batch."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from embeddings.encoder import Encoder, Vectors
from embeddings.spec import ModelSpec

MAX_QUERIES = 32


@dataclass(slots=True, eq=False)
class _Waiting:
    """The queries of one caller. `woken` is set when they are encoded or failed, or when it is theirs to encode."""

    queries: Sequence[str]
    woken: threading.Event = field(default_factory=threading.Event)
    vectors: Vectors | None = None
    error: BaseException | None = None


class SharedBatches:
    """An Encoder around another. A lone question is encoded at once; while one is, the others gather into the next
    batch, which the first of them encodes. Nobody waits for company: the batch under way is wait enough."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._lock = threading.Lock()
        self._encoding = False
        self._waiting: list[_Waiting] = []

    @property
    def spec(self) -> ModelSpec:
        return self._encoder.spec

    def encode_passages(self, passages: Sequence[str]) -> Vectors:
        return self._encoder.encode_passages(passages)

    def encode_queries(self, queries: Sequence[str]) -> Vectors:
        mine = _Waiting(queries)
        with self._lock:
            self._waiting.append(mine)
            leads, self._encoding = not self._encoding, True
        if not leads:
            mine.woken.wait()
        if mine.vectors is None and mine.error is None:
            self._encode_waiting()
        if mine.error is not None:
            raise mine.error
        assert mine.vectors is not None  # it was among the first that waited
        return mine.vectors

    def _encode_waiting(self) -> None:
        """Encodes for those that wait, the caller first among them, and hands over to the next who came meanwhile."""
        with self._lock:
            batch = self._next_batch()
        try:
            vectors = self._encoder.encode_queries([query for each in batch for query in each.queries])
            start = 0
            for each in batch:
                each.vectors = vectors[start : start + len(each.queries)]
                start += len(each.queries)
        except BaseException as error:
            for each in batch:
                each.error = error
        with self._lock:
            self._encoding = bool(self._waiting)
            following = self._waiting[:1]
        for each in [*batch, *following]:
            each.woken.set()

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        while self._waiting and (not batch or sum(len(each.queries) for each in batch) < MAX_QUERIES):
            batch.append(self._waiting.pop(0))
        return batch

"""Vectors to neighbours: an immutable base (embeddings/base_index.py) and an exact delta of what came since.

Readers hold a snapshot that the writer swaps: faiss crashes when one index is searched and changed at once. Scores are
inner products of unit vectors.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.base_index import BaseIndex, Ids, Scores, check_vectors
from embeddings.encoder import Vectors

_NO_IDS: Ids = np.empty(0, dtype=np.int64)
_CHUNK = 4_096


class _Rows:
    """Ids, and vectors in chunks that are filled one after the other: a view of the first n rows never changes."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._chunks: list[Vectors] = []
        self.ids = _NO_IDS

    def append(self, ids: Ids, vectors: Vectors) -> None:
        begin = len(self.ids) % _CHUNK
        self.ids = np.concatenate([self.ids, ids])
        while len(vectors):
            if begin == 0:
                self._chunks.append(np.empty((_CHUNK, self._dimension), np.float32))
            part = vectors[: _CHUNK - begin]
            self._chunks[-1][begin : begin + len(part)] = part
            begin, vectors = 0, vectors[len(part) :]

    @property
    def vectors(self) -> tuple[Vectors, ...]:
        """Those of all ids, in their order."""
        return tuple(chunk[: len(self.ids) - i * _CHUNK] for i, chunk in enumerate(self._chunks))


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What a reader sees, never changed once made. `visible` marks the rows of the delta that are not deleted."""

    base: BaseIndex | None
    delta_ids: Ids
    delta: tuple[Vectors, ...]
    visible: NDArray[np.bool_]
    deleted: Ids

    @property
    def base_size(self) -> int:
        return 0 if self.base is None else len(self.base)


class VectorIndex:
    """Base and delta with deletions. One writer at a time; any number of readers."""

    def __init__(self, dimension: int, base: BaseIndex | None = None, deleted: Collection[int] = ()) -> None:
        """`deleted` are ids of the base that no longer count."""
        self.dimension = dimension
        self._last_id = 0 if base is None else base.last_id
        self._rows = _Rows(dimension)
        self._publish(base, _sorted_ids(deleted))

    def __len__(self) -> int:
        snapshot = self._snapshot
        return snapshot.base_size + len(snapshot.delta_ids) - len(snapshot.deleted)

    @property
    def base_size(self) -> int:
        return self._snapshot.base_size

    @property
    def has_deleted_in_base(self) -> bool:
        snapshot = self._snapshot
        return snapshot.base is not None and bool(np.any(snapshot.deleted <= snapshot.base.last_id))

    @property
    def pending(self) -> int:
        """How much a new base would take in: vectors of the delta and deletions."""
        snapshot = self._snapshot
        return len(snapshot.delta_ids) + len(snapshot.deleted)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """`vectors` of shape [n, d] under `ids` of shape [n], positive and higher than any id before."""
        check_vectors(vectors, self.dimension)
        if len(ids) != len(vectors) or np.any(np.diff(ids, prepend=self._last_id) <= 0):
            raise ValueError("each vector needs one id, and ids must rise")
        if len(ids):
            self._last_id = int(ids[-1])
        self._rows.append(ids, vectors)
        self._publish(self._snapshot.base, self._snapshot.deleted)

    def remove(self, ids: Collection[int]) -> None:
        """Ids that are in the index; they are gone from the next search on."""
        self._publish(self._snapshot.base, np.union1d(self._snapshot.deleted, _sorted_ids(ids)))

    def _publish(self, base: BaseIndex | None, deleted: Ids) -> None:
        ids = self._rows.ids
        self._snapshot = _Snapshot(base, ids, self._rows.vectors, ~np.isin(ids, deleted), deleted)

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> tuple[Scores, Ids]:
        """The k nearest of each query of shape [n, d], best first: scores and ids of shape [n, k].

        Id -1 and score -inf fill up where fewer than k are left. `allowed` restricts the search to these ids. Equal
        scores stand in the order of their ids; which of them is left out at the end of the list is not promised.
        """
        check_vectors(queries, self.dimension)
        snapshot = self._snapshot
        scores, ids = _search_delta(snapshot, queries, allowed)
        if snapshot.base is not None:
            base_scores, base_ids = snapshot.base.search(queries, k, allowed, snapshot.deleted)
            scores, ids = np.hstack([scores, base_scores]), np.hstack([ids, base_ids])
        if missing := max(0, k - scores.shape[1]):
            scores = np.pad(scores, ((0, 0), (0, missing)), constant_values=-np.inf)
            ids = np.pad(ids, ((0, 0), (0, missing)), constant_values=-1)
        order = np.lexsort((ids, -scores), axis=1)[:, :k]
        return np.take_along_axis(scores, order, axis=1), np.take_along_axis(ids, order, axis=1)


def _search_delta(snapshot: _Snapshot, queries: Vectors, allowed: Ids | None) -> tuple[Scores, Ids]:
    visible = snapshot.visible
    if allowed is not None:
        visible = visible & np.isin(snapshot.delta_ids, allowed)
    ids = np.where(visible, snapshot.delta_ids, -1)
    found = [queries @ vectors.T for vectors in snapshot.delta] or [np.empty((len(queries), 0), np.float32)]
    scores: Scores = np.where(visible, np.hstack(found), np.float32(-np.inf))
    return scores, np.broadcast_to(ids, scores.shape)


def _sorted_ids(ids: Collection[int]) -> Ids:
    return np.unique(np.fromiter(ids, dtype=np.int64, count=len(ids)))

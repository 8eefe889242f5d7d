"""Vectors to neighbours, exact; the only home of faiss.

An immutable base (a file that faiss wrote) and a delta of what came since. Readers hold a snapshot that the writer
swaps: faiss crashes when one index is searched and changed at once. Scores are inner products of unit vectors.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.durable import file_sha256, sync_folder
from embeddings.encoder import Vectors
from embeddings.errors import IndexFileError

Ids = NDArray[np.int64]
Scores = NDArray[np.float32]

_NO_IDS: Ids = np.empty(0, dtype=np.int64)
_UNIT_TOLERANCE = 1e-3


class BaseIndex:
    """An immutable exact index of unit vectors under ids."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def build(cls, ids: Ids, vectors: Vectors) -> "BaseIndex":
        """`vectors` of shape [n, d] under `ids` of shape [n], unique."""
        check_vectors(vectors, vectors.shape[1])
        if len(np.unique(ids)) != len(vectors) or len(ids) != len(vectors):
            raise ValueError("a base index needs one id of its own for each vector")
        index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
        index.add_with_ids(vectors, ids)
        return cls(index)

    @classmethod
    def load(cls, path: Path, sha256: str, count: int, dimension: int) -> "BaseIndex":
        """The index in a file that was committed with this checksum, count and dimension. Raises IndexFileError."""
        if not path.is_file():
            raise IndexFileError(f"{path.name} is missing")
        if file_sha256(path) != sha256:
            raise IndexFileError(f"{path.name} is not the file that was committed")
        try:
            index = faiss.read_index(str(path))
        except RuntimeError as error:
            raise IndexFileError(f"{path.name} is not an index that faiss can read") from error
        if (index.ntotal, index.d) != (count, dimension):
            raise IndexFileError(
                f"{path.name} holds {index.ntotal} x {index.d} numbers instead of {count} x {dimension}"
            )
        return cls(index)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def last_id(self) -> int:
        """The highest id, 0 when there is none."""
        return int(faiss.vector_to_array(self._index.id_map).max(initial=0))

    def save(self, path: Path) -> str:
        """Writes a new file beside `path`, re-opens and checks it, moves it into place; returns its sha256.

        faiss can report success on a short file, hence the second look.
        """
        temporary = path.with_suffix(".tmp")
        faiss.write_index(self._index, str(temporary))
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        sha256 = file_sha256(temporary)
        written = BaseIndex.load(temporary, sha256, len(self), self._index.d)
        sample = faiss.vector_to_array(self._index.id_map)[:: max(1, len(self) // 100)]
        if not all(np.array_equal(written.vector(int(i)), self.vector(int(i))) for i in sample):
            raise IndexFileError(f"{path.name} was written with other vectors; is the disk full or damaged?")
        temporary.replace(path)
        sync_folder(path.parent)
        return sha256

    def vector(self, vector_id: int) -> Vectors:
        """The vector of an id, shape [d]."""
        vector: Vectors = self._index.reconstruct(vector_id)
        return vector

    def search(self, queries: Vectors, k: int, allowed: Ids | None, excluded: Ids) -> tuple[Scores, Ids]:
        """Shapes [n, k]; id -1 and score -inf where fewer than k are left."""
        selector = None
        if len(excluded):
            selector = faiss.IDSelectorNot(faiss.IDSelectorBatch(excluded))
        if allowed is not None:
            chosen = faiss.IDSelectorBatch(allowed)
            selector = chosen if selector is None else faiss.IDSelectorAnd(chosen, selector)
        parameters = faiss.SearchParameters(sel=selector) if selector is not None else None
        with _one_thread():
            scores, ids = self._index.search(queries, k, params=parameters)
        scores[ids < 0] = -np.inf
        return scores, ids


@contextmanager
def _one_thread() -> Iterator[None]:
    """One query is too little work for OpenMP's barriers between threads.

    It holds for the calling thread and whatever else it runs: torch took twice as long in it until it was set back.
    """
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


class _Rows:
    """Ids and vectors in buffers that grow by doubling: a view of the first n rows never changes."""

    def __init__(self, ids: Ids, vectors: Vectors) -> None:
        self._ids, self._vectors, self._count = ids, vectors, len(ids)

    def append(self, ids: Ids, vectors: Vectors) -> None:
        end = self._count + len(ids)
        if end > len(self._ids):
            more = max(end, 2 * len(self._ids)) - self._count
            self._ids = np.concatenate([self.ids, np.empty(more, np.int64)])
            self._vectors = np.concatenate([self.vectors, np.empty((more, vectors.shape[1]), np.float32)])
        self._ids[self._count : end] = ids
        self._vectors[self._count : end] = vectors
        self._count = end

    @property
    def ids(self) -> Ids:
        return self._ids[: self._count]

    @property
    def vectors(self) -> Vectors:
        return self._vectors[: self._count]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What a reader sees, never changed once made. `visible` marks the rows of the delta that are not deleted."""

    base: BaseIndex | None
    delta_ids: Ids
    delta: Vectors
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
        self._rows = _Rows(_NO_IDS, np.empty((0, dimension), np.float32))
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


def check_vectors(vectors: Vectors, dimension: int) -> None:
    """Raises ValueError for what faiss would take in silently: another shape or type, NaN, rows not of length 1."""
    if vectors.ndim != 2 or vectors.shape[1] != dimension or vectors.dtype != np.float32:
        raise ValueError(f"vectors must be float32 of shape [n, {dimension}], not {vectors.dtype} {vectors.shape}")
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(lengths - 1) < _UNIT_TOLERANCE):
        raise ValueError("vectors must be finite and of length 1")


def _search_delta(snapshot: _Snapshot, queries: Vectors, allowed: Ids | None) -> tuple[Scores, Ids]:
    visible = snapshot.visible
    if allowed is not None:
        visible = visible & np.isin(snapshot.delta_ids, allowed)
    ids = np.where(visible, snapshot.delta_ids, -1)
    scores: Scores = np.where(visible, queries @ snapshot.delta.T, np.float32(-np.inf))
    return scores, np.broadcast_to(ids, scores.shape)


def _sorted_ids(ids: Collection[int]) -> Ids:
    return np.unique(np.fromiter(ids, dtype=np.int64, count=len(ids)))

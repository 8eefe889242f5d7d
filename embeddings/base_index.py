"""An immutable index file of unit vectors; the only home of faiss.

Up to EXACT_UP_TO vectors it is exact. Beyond, an inverted file with a byte a dimension (IVF, SQ8): its neighbours are
nearly those of an exact search, and whoever needs exact scores computes them from the vectors themselves (recall and
time by size: eval/LOG.md). Files are mapped, not read, so that a large index costs little memory and no time to open.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.durable import file_sha256, sync_folder
from embeddings.encoder import Vectors
from embeddings.errors import IndexFileError

Ids = NDArray[np.int64]
Scores = NDArray[np.float32]

EXACT_UP_TO = 20_000
"""A search through so many takes some 2.5 ms on one core."""
_LISTS = 4
"""So many times the square root of the number of vectors is the number of lists."""
_PROBED = 64
"""How many of the lists a search looks into."""
_TRAINED_ON = 20
"""So many vectors a list tell where the lists lie."""
_BLOCK = 4_000
_UNIT_TOLERANCE = 1e-3


class BaseIndex:
    """Immutable; any number of threads may search."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def build(cls, ids: Ids, vectors: Vectors, exact_up_to: int = EXACT_UP_TO) -> "BaseIndex":
        """`vectors` of shape [n, d] under `ids` of shape [n], unique."""
        if len(ids) != len(vectors):
            raise ValueError("a base index needs one id of its own for each vector")
        blocks = ((ids[i : i + _BLOCK], vectors[i : i + _BLOCK]) for i in range(0, len(ids), _BLOCK))
        stride = max(1, len(ids) // sample_size(len(ids)))
        return cls.build_from(blocks, len(ids), vectors.shape[1], lambda: vectors[::stride], exact_up_to)

    @classmethod
    def build_from(
        cls,
        blocks: Iterable[tuple[Ids, Vectors]],
        count: int,
        dimension: int,
        sample: Callable[[], Vectors],
        exact_up_to: int = EXACT_UP_TO,
    ) -> "BaseIndex":
        """`count` vectors, a block at a time; `sample` gives some of them (`sample_size`), of shape [m, d], where they
        are needed."""
        index = _empty_index(count, dimension, sample, exact_up_to)
        seen: list[Ids] = []
        for ids, vectors in blocks:
            check_vectors(vectors, dimension)
            index.add_with_ids(vectors, ids)
            seen.append(ids)
        if seen and len(np.unique(np.concatenate(seen))) != index.ntotal:
            raise ValueError("a base index needs one id of its own for each vector")
        return cls(index)

    @classmethod
    def load(cls, path: Path, sha256: str, count: int, dimension: int) -> "BaseIndex":
        """The index in a file that was committed with this checksum, count and dimension. Raises IndexFileError."""
        if not path.is_file():
            raise IndexFileError(f"{path.name} is missing")
        if file_sha256(path) != sha256:
            raise IndexFileError(f"{path.name} is not the file that was committed")
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
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
    def is_exact(self) -> bool:
        return not isinstance(self._index, faiss.IndexIVF)

    @property
    def last_id(self) -> int:
        """The highest id, 0 when there is none."""
        return max((int(ids.max(initial=0)) for ids, _ in self._lists()), default=0)

    def save(self, path: Path) -> tuple[str, "BaseIndex"]:
        """Writes a new file beside `path`, re-opens and checks it, moves it into place: its sha256 and its index.

        faiss can report success on a short file, hence the second look.
        """
        temporary = path.with_suffix(".tmp")
        faiss.write_index(self._index, str(temporary))
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        sha256 = file_sha256(temporary)
        written = BaseIndex.load(temporary, sha256, len(self), self._index.d)
        if not all(
            np.array_equal(own[0], other[0]) and np.array_equal(own[1], other[1])
            for own, other in zip(self._lists(), written._lists(), strict=True)
        ):
            raise IndexFileError(f"{path.name} was written with other vectors; is the disk full or damaged?")
        temporary.replace(path)
        sync_folder(path.parent)
        return sha256, written

    def search(self, queries: Vectors, k: int, allowed: Ids | None, excluded: Ids) -> tuple[Scores, Ids]:
        """Shapes [n, k]; id -1 and score -inf where fewer than k are left."""
        selector = self._selector(allowed, excluded)
        with _one_thread():
            if self.is_exact:
                parameters = faiss.SearchParameters(sel=selector) if selector is not None else None
                scores, ids = self._index.search(queries, k, params=parameters)
            else:
                scores, ids = self._search_lists(
                    queries, k, selector, 1 if allowed is None else len(allowed) / len(self)
                )
        scores[ids < 0] = -np.inf
        return scores, ids

    def _search_lists(
        self, queries: Vectors, k: int, selector: faiss.IDSelector | None, share: float
    ) -> tuple[Scores, Ids]:
        """Looks into more lists the smaller the share of vectors that may be found, and into all for the last of k."""
        lists = self._index.nlist
        probed = min(lists, int(_PROBED / max(share, _PROBED / lists)) + 1)
        scores, ids = self._index.search(queries, k, params=faiss.SearchParametersIVF(sel=selector, nprobe=probed))
        if probed < lists and np.any(ids < 0):
            scores, ids = self._index.search(queries, k, params=faiss.SearchParametersIVF(sel=selector, nprobe=lists))
        return scores, ids

    def _selector(self, allowed: Ids | None, excluded: Ids) -> faiss.IDSelector | None:
        """One bit an id: a set of hundreds of thousands costs no more than a few."""
        if allowed is None and not len(excluded):
            return None
        if allowed is None:
            return faiss.IDSelectorNot(_bitmap(excluded))
        return _bitmap(np.setdiff1d(allowed, excluded, assume_unique=True))

    def _lists(self) -> Iterator[tuple[Ids, NDArray[np.uint8] | Vectors]]:
        """Ids and codes as they are stored, list by list; an exact index holds vectors."""
        if self.is_exact:
            ids = faiss.vector_to_array(self._index.id_map)
            for start in range(0, len(self), _BLOCK):
                part = ids[start : start + _BLOCK]
                yield part, self._index.index.reconstruct_n(start, len(part))
            return
        lists, size = self._index.invlists, self._index.code_size
        for number in range(self._index.nlist):
            if length := lists.list_size(number):
                ids = faiss.rev_swig_ptr(lists.get_ids(number), length)
                yield ids, faiss.rev_swig_ptr(lists.get_codes(number), length * size)


def sample_size(count: int) -> int:
    """How many of `count` vectors are enough to build an index by."""
    return max(1, min(count, _TRAINED_ON * _lists_for(count)))


def check_vectors(vectors: Vectors, dimension: int) -> None:
    """Raises ValueError for what faiss would take in silently: another shape or type, NaN, rows not of length 1."""
    if vectors.ndim != 2 or vectors.shape[1] != dimension or vectors.dtype != np.float32:
        raise ValueError(f"vectors must be float32 of shape [n, {dimension}], not {vectors.dtype} {vectors.shape}")
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(lengths - 1) < _UNIT_TOLERANCE):
        raise ValueError("vectors must be finite and of length 1")


def _lists_for(count: int) -> int:
    return max(1, int(_LISTS * count**0.5))


def _empty_index(count: int, dimension: int, sample: Callable[[], Vectors], exact_up_to: int) -> faiss.Index:
    if count <= exact_up_to:
        return faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
    vectors = np.ascontiguousarray(sample())
    lists = min(_lists_for(count), len(vectors))
    index = faiss.index_factory(dimension, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.cp.min_points_per_centroid = 1  # said in place of faiss's warning on standard error
    index.train(vectors)
    return index


def _bitmap(ids: Ids) -> faiss.IDSelector:
    marked = np.zeros(int(ids.max(initial=0)) + 1, dtype=np.bool_)
    marked[ids] = True
    return faiss.IDSelectorBitmap(np.packbits(marked, bitorder="little"))


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

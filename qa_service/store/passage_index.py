"""The vector index of the passages, derived from the store and rebuilt from it whenever in doubt."""

import logging
import sqlite3
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from embeddings.encoder import Vectors
from embeddings.errors import IndexFileError
from embeddings.index import BaseIndex, Ids, Scores, VectorIndex
from qa_service.errors import QAError
from qa_service.store.rows import read_generation, read_vectors
from qa_service.store.store import Store

log = logging.getLogger(__name__)

_MIN_PENDING = 64
_PENDING_SHARE = 0.25


class PassageIndex:
    """Search over the passages of a store. What is added or removed shows in the next search.

    The base file is rebuilt in the background once enough has changed. Whoever changes the store holds `lock` over
    the store's commit and the `add` or `remove` that belongs to it.
    """

    def __init__(self, store: Store, folder: Path, dimension: int) -> None:
        self._store, self._folder, self._dimension = store, folder, dimension
        self.lock = threading.Lock()
        self._rebuild_lock = threading.Lock()
        self._rebuilding: threading.Thread | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._index = self._load()
        self._remove_other_files()
        self._rebuild_if_due()

    def __len__(self) -> int:
        return len(self._index)

    def search(self, query: Vectors, k: int) -> list[tuple[int, float]]:
        """Passage ids and scores for one query of shape [d], best first."""
        scores: Scores
        ids: Ids
        scores, ids = self._index.search(query[np.newaxis], k)
        return [(int(i), float(score)) for i, score in zip(ids[0], scores[0], strict=True) if i >= 0]

    def add(self, ids: list[int], vectors: Vectors) -> None:
        """The caller holds `lock`."""
        self._index.add(np.array(ids, dtype=np.int64), vectors)
        self._rebuild_if_due()

    def remove(self, ids: list[int]) -> None:
        """The caller holds `lock`."""
        self._index.remove(ids)
        self._rebuild_if_due()

    def rebuild(self) -> None:
        """Builds a base file of all passages beside the old one, checks it, commits it and swaps it in."""
        with self._rebuild_lock:  # two at a time would take away each other's files
            self._rebuild()

    def _rebuild(self) -> None:
        with ExitStack() as stack:
            with self.lock:  # a change is in both, the store and the index, or in neither
                connection = stack.enter_context(self._store.database.reading())
                generation = read_generation(connection)
            ids, vectors = _all_vectors(connection, self._dimension, after_id=0)
        base = BaseIndex.build(ids, vectors)
        last_id = int(ids[-1]) if len(ids) else 0
        path = self._folder / f"base-{generation}-{time.time_ns():x}.faiss"
        sha256 = base.save(path)
        with self.lock:
            with self._store.database.writing() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO base_index VALUES (1, ?, ?, ?, ?, ?)",
                    [path.name, sha256, len(base), last_id, generation],
                )
                connection.execute("DELETE FROM tombstones WHERE generation <= ?", [generation])
                deleted = _tombstones(connection, last_id)
            self._index.rebase(base, last_id, deleted)
        self._remove_other_files()

    def close(self) -> None:
        """Waits for a rebuild that is under way."""
        if self._rebuilding is not None:
            self._rebuilding.join()

    def _load(self) -> VectorIndex:
        with self._store.database.reading() as connection:
            row = connection.execute("SELECT * FROM base_index").fetchone()
            base, last_id = None, 0
            if row is not None:
                base = self._load_base(self._folder / row["file_name"], row["sha256"], row["count"])
                last_id = row["last_passage_id"] if base is not None else 0
            index = VectorIndex(self._dimension, base, _tombstones(connection, last_id))
            index.add(*_all_vectors(connection, self._dimension, after_id=last_id))
            passages = connection.execute("SELECT count(*) FROM passages").fetchone()[0]
            if len(index) != passages:
                log.warning("the index holds %d passages, the store %d: rebuilding it", len(index), passages)
                index = VectorIndex(self._dimension)
                index.add(*_all_vectors(connection, self._dimension, after_id=0))
        return index

    def _load_base(self, path: Path, sha256: str, count: int) -> BaseIndex | None:
        """The committed base, or None after what stands in its place was set aside."""
        try:
            return BaseIndex.load(path, sha256, count, self._dimension)
        except IndexFileError as error:
            if path.exists():
                path.replace(path.with_suffix(f".damaged-{time.time_ns():x}"))
            log.warning("%s: set aside, rebuilding the index from the store", error)
            with self._store.database.writing() as connection:
                connection.execute("DELETE FROM base_index")
            return None

    def _is_due(self) -> bool:
        due = max(_MIN_PENDING, _PENDING_SHARE * self._index.base_size)
        return self._index.pending > due

    def _rebuild_if_due(self) -> None:
        if self._is_due() and not (self._rebuilding and self._rebuilding.is_alive()):
            self._rebuilding = threading.Thread(target=self._rebuild_in_background, name="rebuild-index")
            self._rebuilding.start()

    def _rebuild_in_background(self) -> None:
        try:
            self.rebuild()
        except (QAError, IndexFileError, OSError, RuntimeError) as error:  # RuntimeError: faiss could not write
            log.error("the index was not rebuilt, searching goes on with what is there: %s", error)

    def _remove_other_files(self) -> None:
        """Removes every base but the committed one; nobody else writes here, and a kill can leave some."""
        with self._store.database.reading() as connection:
            current = [row["file_name"] for row in connection.execute("SELECT file_name FROM base_index")]
        for path in self._folder.glob("base-*"):
            if path.name not in current and path.suffix in {".faiss", ".tmp"}:
                path.unlink(missing_ok=True)


def _all_vectors(connection: sqlite3.Connection, dimension: int, after_id: int) -> tuple[Ids, Vectors]:
    """Ids of shape [n] and vectors of shape [n, d] of the passages above `after_id`."""
    count = connection.execute("SELECT count(*) FROM vectors WHERE passage_id > ?", [after_id]).fetchone()[0]
    ids: Ids = np.empty(count, dtype=np.int64)
    vectors: Vectors = np.empty((count, dimension), dtype=np.float32)
    for i, (passage_id, vector) in enumerate(read_vectors(connection, after_id)):
        ids[i], vectors[i] = passage_id, vector
    return ids, vectors


def _tombstones(connection: sqlite3.Connection, last_id: int) -> list[int]:
    rows = connection.execute("SELECT passage_id FROM tombstones WHERE passage_id <= ?", [last_id])
    return [row["passage_id"] for row in rows]

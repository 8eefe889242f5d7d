"""The vector index of the passages, derived from the store and rebuilt from it whenever in doubt."""

import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.base_index import BaseIndex, Ids, Scores, sample_size
from embeddings.encoder import Vectors
from embeddings.errors import IndexFileError
from embeddings.index import VectorIndex
from embeddings.neutral import LanguageMeans, LanguageNeutralizer
from qa_service.errors import QAError, StoreError
from qa_service.ingest.language import search_language
from qa_service.memory import give_back_memory
from qa_service.store.lexical import TermFrequencies, read_frequencies
from qa_service.store.right_of_way import check_wanted
from qa_service.store.rows import StoredVectors, read_blocks, read_generation
from qa_service.store.store import Store

log = logging.getLogger(__name__)

_MIN_PENDING = 16
_PENDING_SHARE = 0.25
_PAUSE_S = 0.3
"""Before a rebuild: a book whose passages were added takes no memory any more, and small files come in numbers."""
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class IndexView:
    """What one search looks at from its beginning to its end.

    The vectors in `index` are those that `neutralizer` gave; `frequencies` say how common terms were in the corpus
    when the base was built. All are swapped together.
    """

    neutralizer: LanguageNeutralizer
    index: VectorIndex
    frequencies: TermFrequencies

    def __len__(self) -> int:
        return len(self.index)

    def neutral(self, vectors: Vectors) -> Vectors:
        """Vectors of shape [n, d] as the index holds them: without their language."""
        return self.neutralizer.apply(vectors)

    def search(self, query: Vectors, k: int, allowed: Ids | None = None) -> list[tuple[int, float]]:
        """Passage ids and scores for one query of shape [d], as the encoder gave it; best first.

        Only the passages of `allowed` compete, when given; one that came after it was read waits for the next search.
        """
        scores: Scores
        ids: Ids
        scores, ids = self.index.search(self.neutral(query[np.newaxis]), k, allowed)
        return [(int(i), float(score)) for i, score in zip(ids[0], scores[0], strict=True) if i >= 0]


class PassageIndex:
    """Search over the passages of a store by vectors without their language.

    What is added or removed shows in the next search. The base file is rebuilt, and the neutralizer fitted anew, in
    the background once enough has changed. Whoever changes the store holds `lock` over the store's commit and the
    `add` or `remove` that belongs to it.
    """

    def __init__(self, store: Store, folder: Path, dimension: int, reference: LanguageMeans | None = None) -> None:
        """`reference` are the means of languages that the model was measured on beforehand, if there are any."""
        self._store, self._folder, self._dimension, self._reference = store, folder, dimension, reference
        self.lock = threading.Lock()
        self._rebuild_lock = threading.Lock()
        self._rebuilding: threading.Thread | None = None
        self._is_awaited = threading.Event()
        self._changes = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be the folder of the index ({error.strerror}); move it away") from error
        self._view = self._load()
        self._remove_other_files()
        self._rebuild_if_due()

    def __len__(self) -> int:
        return len(self._view.index)

    @property
    def has_reference(self) -> bool:
        """Are the means of reference texts taken out, or those of the corpus alone?"""
        return self._reference is not None

    @property
    def changes(self) -> int:
        """How often what a search finds may have changed since this index was opened."""
        return self._changes

    @property
    def view(self) -> IndexView:
        return self._view

    def neutral(self, vectors: Vectors) -> Vectors:
        """As the view of this moment does it."""
        return self._view.neutral(vectors)

    def search(self, query: Vectors, k: int, allowed: Ids | None = None) -> list[tuple[int, float]]:
        """As the view of this moment does it."""
        return self._view.search(query, k, allowed)

    def add(self, ids: list[int], vectors: Vectors) -> None:
        """The caller holds `lock`."""
        self._view.index.add(np.array(ids, dtype=np.int64), self.neutral(vectors))
        self._changes += 1
        self._rebuild_if_due()

    def remove(self, ids: list[int]) -> None:
        """The caller holds `lock`."""
        self._view.index.remove(ids)
        self._changes += 1
        self._rebuild_if_due()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """No base is built meanwhile: that and a book would take their memory at the same time."""
        while not self._rebuild_lock.acquire(timeout=_LOOK_S):
            check_wanted()
        try:
            yield
        finally:
            self._rebuild_lock.release()

    def settle(self) -> None:
        """Takes in now what has changed since the last base, at the end of a batch: no rebuild is left to come."""
        self.close()
        if self._view.index.pending:
            self.rebuild()

    def rebuild(self) -> None:
        """Builds a base file of all passages beside the old one, checks it, commits it and swaps it in."""
        with self._rebuild_lock:  # two at a time would take away each other's files
            self._rebuild()

    def _rebuild(self) -> None:
        with ExitStack() as stack:
            with self.lock:  # a change is in both, the store and the index, or in neither
                connection = stack.enter_context(self._store.database.reading())
                generation = read_generation(connection)
            frequencies = read_frequencies(connection)
            survey = _survey(connection, self._dimension)
            neutralizer = LanguageNeutralizer.fit(self._dimension, self._reference, survey.means)
            built = BaseIndex.build_from(
                ((block.ids, neutralizer.apply(block.vectors)) for block in read_blocks(connection)),
                survey.count,
                self._dimension,
                lambda: survey.neutral_sample(neutralizer),
            )
        path = self._folder / f"base-{generation}-{time.time_ns():x}.faiss"
        sha256, base = built.save(path)
        with self.lock:
            with self._store.database.writing() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO base_index VALUES (1, ?, ?, ?, ?, ?, ?)",
                    [path.name, sha256, len(base), base.last_id, generation, neutralizer.directions.tobytes()],
                )
                connection.execute("DELETE FROM tombstones WHERE generation <= ?", [generation])
                view = self._over(connection, base, neutralizer, frequencies)
            self._view = view  # still under the lock: what is added next goes into the new index
            self._changes += 1
        self._remove_other_files()
        give_back_memory()

    def close(self) -> None:
        """Waits for a rebuild that is under way. The caller does not hold `lock`, which the rebuild takes."""
        with self.lock:
            rebuilding = self._rebuilding
        if rebuilding is not None:
            self._is_awaited.set()
            rebuilding.join()
            self._is_awaited.clear()

    def _load(self) -> IndexView:
        with self._store.database.reading() as connection:
            row = connection.execute("SELECT * FROM base_index").fetchone()
            frequencies = read_frequencies(connection)
            base = self._load_base(self._folder / row["file_name"], row["sha256"], row["count"]) if row else None
            if base is not None:
                directions = np.frombuffer(row["directions"], dtype=np.float32).reshape(-1, self._dimension)
                view = self._over(connection, base, LanguageNeutralizer(directions), frequencies)
                passages = connection.execute("SELECT count(*) FROM passages").fetchone()[0]
                if len(view) == passages:
                    return view
                log.warning("the index holds %d passages, the store %d: rebuilding it", len(view), passages)
            survey = _survey(connection, self._dimension)
            neutralizer = LanguageNeutralizer.fit(self._dimension, self._reference, survey.means)
            return self._over(connection, None, neutralizer, frequencies)

    def _over(
        self,
        connection: sqlite3.Connection,
        base: BaseIndex | None,
        neutralizer: LanguageNeutralizer,
        frequencies: TermFrequencies,
    ) -> IndexView:
        """The base with what the store holds beyond it."""
        last_id = 0 if base is None else base.last_id
        index = VectorIndex(self._dimension, base, _tombstones(connection, last_id))
        for newer in read_blocks(connection, last_id):
            index.add(newer.ids, neutralizer.apply(newer.vectors))
        return IndexView(neutralizer, index, frequencies)

    def _load_base(self, path: Path, sha256: str, count: int) -> BaseIndex | None:
        """The committed base, or None after what stands in its place was set aside."""
        try:
            return BaseIndex.load(path, sha256, count, self._dimension)
        except IndexFileError as error:
            if path.exists():
                path.replace(path.with_name("base.damaged"))  # the last one, for who wants to look at it
            log.warning("%s: set aside, rebuilding the index from the store", error)
            with self._store.database.writing() as connection:
                connection.execute("DELETE FROM base_index")
            return None

    def _is_due(self) -> bool:
        index = self._view.index
        if not self._view.frequencies.passages and len(index):  # counted when there was nothing yet
            return True
        if index.has_deleted_in_base:  # a deleted document's vectors leave the disk with the base
            return True
        return index.pending > max(_MIN_PENDING, _PENDING_SHARE * index.base_size)

    def _rebuild_if_due(self) -> None:
        if self._is_due() and not (self._rebuilding and self._rebuilding.is_alive()):
            self._rebuilding = threading.Thread(target=self._rebuild_in_background, name="rebuild-index")
            self._rebuilding.start()

    def _rebuild_in_background(self) -> None:
        self._is_awaited.wait(_PAUSE_S)
        give_back_memory()
        try:
            while self._is_due():
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


@dataclass(frozen=True, slots=True)
class _Survey:
    """What is known of all passages after a look at each: how many, some of them spread over all, and the mean vector
    and number of each language's."""

    count: int
    sample: Sequence[StoredVectors]
    means: dict[str, tuple[Vectors, int]]

    def neutral_sample(self, neutralizer: LanguageNeutralizer) -> Vectors:
        """The sample without its language, shape [m, d]."""
        return np.concatenate([neutralizer.apply(part.astype(np.float32)) for part in self.sample])


def _survey(connection: sqlite3.Connection, dimension: int) -> _Survey:
    count = connection.execute("SELECT count(*) FROM passages").fetchone()[0]
    stride = max(1, count // sample_size(count))
    sums: dict[str, Vectors] = {}
    counts: Counter[str] = Counter()
    sample = [np.empty((0, dimension), dtype=np.float16)]
    for block in read_blocks(connection):
        languages = np.array([search_language(language) for language in block.languages])
        for language in set(languages.tolist()):
            own = block.vectors[languages == language]
            sums[language] = sums.get(language, 0) + own.sum(axis=0, dtype=np.float64)
            counts[language] += len(own)
        sample.append(block.vectors[::stride].astype(np.float16))
    means = {
        language: ((total / counts[language]).astype(np.float32), counts[language]) for language, total in sums.items()
    }
    return _Survey(count, sample, means)


def _tombstones(connection: sqlite3.Connection, last_id: int) -> list[int]:
    rows = connection.execute("SELECT passage_id FROM tombstones WHERE passage_id <= ?", [last_id])
    return [row["passage_id"] for row in rows]

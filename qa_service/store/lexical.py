"""The words of the passages: SQLite's full-text index, and how common each piece of a word is."""

import json
import math
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qa_service.ingest.terms import Terms, grams, make_terms
from qa_service.store.database import Database
from qa_service.store.filters import Condition

_SAMPLE = 2_048
"""So many passages tell how common a term is; rarer ones count as if one of these held them."""
COMMON_WORD = 0.03
_MERGED_PAGES = 500
"""So many pages of the full-text index are merged in one transaction, some 40 ms."""
_COMMON = 0.2
"""What stands in a larger share of the passages says nothing."""


@dataclass(frozen=True, slots=True)
class TermFrequencies:
    """In how many of `passages` sampled passages a gram stands."""

    counts: Mapping[str, int]
    passages: int
    common_words: frozenset[str] = frozenset()
    """Words so common in the sample that how often they stand in all passages need not be counted."""

    def weight(self, gram: str) -> float:
        """The inverse document frequency of BM25, 0.0 for what stands almost everywhere."""
        count = self.counts.get(gram, 0)
        if count > _COMMON * self.passages and self.passages > 1 / _COMMON:
            return 0.0
        return math.log(1 + (self.passages - count + 0.5) / (count + 0.5))


def insert_terms(connection: sqlite3.Connection, passage_id: int, text: str) -> None:
    terms = make_terms(text)
    connection.execute(
        "INSERT INTO lexical (rowid, words, folded) VALUES (?, ?, ?)",
        [passage_id, " ".join(terms.words), terms.folded],
    )


def forget_deleted(database: Database) -> None:
    """Merges the full-text index until no word of a deleted passage is left in it, letting others write in between.

    FTS5 keeps the words of deleted rows until its segments are merged (its own secure-delete needs SQLite 3.42).
    """
    pages, is_done = -_MERGED_PAGES, False  # a negative number begins a merge of everything, a positive one goes on
    while not is_done:
        with database.writing() as connection:
            before = connection.total_changes
            connection.execute("INSERT INTO lexical (lexical, rank) VALUES ('merge', ?)", [pages])
            is_done = connection.total_changes - before < 2  # so SQLite's documentation tells when nothing was left
        pages = _MERGED_PAGES


def read_frequencies(connection: sqlite3.Connection) -> TermFrequencies:
    """From every n-th passage."""
    counts: Counter[str] = Counter()
    words: Counter[str] = Counter()
    ids = _spread(connection)
    for row in connection.execute(
        "SELECT folded, words FROM lexical WHERE rowid IN (SELECT value FROM json_each(?))", [json.dumps(ids)]
    ):
        counts.update(grams(Terms((), row["folded"])))
        words.update(set(row["words"].split(" ")))
    least = COMMON_WORD * _SAMPLE  # never reached where few passages are soon counted
    return TermFrequencies(counts, len(ids), frozenset(word for word, count in words.items() if count > least))


def _spread(connection: sqlite3.Connection) -> list[int]:
    """The ids of all passages, or of _SAMPLE ones spread over all; each is looked up, the rest not read."""
    total, last = connection.execute("SELECT count(*), max(id) FROM passages").fetchone()
    if total <= _SAMPLE:
        return [row["id"] for row in connection.execute("SELECT id FROM passages")]
    above = [number * last // _SAMPLE for number in range(_SAMPLE)]
    next_id = "SELECT id FROM passages WHERE id > ? ORDER BY id LIMIT 1"
    return sorted({int(connection.execute(next_id, [each]).fetchone()["id"]) for each in above})


def find_by_words(connection: sqlite3.Connection, words: Iterable[str], k: int, where: Condition) -> list[int]:
    """The ids of at most `k` passages that hold any of the words, best first by BM25."""
    query = " OR ".join(f'"{word}"' for word in words)
    if not query:
        return []
    condition, parameters = where
    joined = "JOIN passages ON passages.id = lexical.rowid" if parameters else ""
    rows = connection.execute(
        f"SELECT lexical.rowid FROM lexical {joined} WHERE lexical MATCH ? AND {condition} ORDER BY rank LIMIT ?",
        [query, *parameters, k],
    )
    return [row["rowid"] for row in rows]


def word_counts(connection: sqlite3.Connection, words: Sequence[str]) -> dict[str, int]:
    """In how many passages each word stands."""
    marks = ", ".join("?" * len(words))
    rows = connection.execute(f"SELECT term, doc FROM lexical_words WHERE term IN ({marks})", words)
    return {row["term"]: row["doc"] for row in rows}

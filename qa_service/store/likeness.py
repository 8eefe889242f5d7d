"""Fingerprints of the documents' texts as rows, and the near duplicates that they led to."""

import sqlite3
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from qa_service.records import NearDuplicate

_FEWEST = 2
"""So many fingerprints must two texts share, if they have as many."""
_MOST = 50
_LIKELIEST = 8
_LIKELY = 0.12
"""Of the shingles; texts that share 0.4 of their words in runs of three share more (eval/near_duplicates.py)."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """The fingerprints of a text, and the near duplicates of its document by id, each with its share; those that were
    looked at for it."""

    fingerprints: tuple[int, ...]
    near: tuple[tuple[str, float], ...]
    looked_at: tuple[str, ...] = ()


NO_LIKENESS = Likeness((), ())


def find_alike(connection: sqlite3.Connection, fingerprints: Sequence[int]) -> list[str]:
    """The ids of the documents that seem to share most with a text, superseded ones left out; to be looked at.

    Fingerprints are the smallest hashes: up to where those of both texts reach, each stands for equally many shingles.
    """
    marks = ", ".join("?" * len(fingerprints))
    rows = connection.execute(
        f"SELECT document_id, count(*) AS shared FROM fingerprints JOIN documents ON id = document_id"
        f" WHERE hash IN ({marks}) AND status != 'superseded' GROUP BY document_id HAVING shared >= ?"
        " ORDER BY shared DESC LIMIT ?",
        [*fingerprints, min(_FEWEST, len(fingerprints)), _MOST],
    ).fetchall()
    shares = {row["document_id"]: row["shared"] / _comparable(connection, row, fingerprints) for row in rows}
    likely = [each for each, share in shares.items() if share >= _LIKELY]
    return sorted(likely, key=lambda each: -shares[each])[:_LIKELIEST]


def _comparable(connection: sqlite3.Connection, row: sqlite3.Row, fingerprints: Sequence[int]) -> int:
    """How many fingerprints the text with fewer of them has, up to where those of both reach."""
    document_id = row["document_id"]
    last = connection.execute("SELECT max(hash) FROM fingerprints WHERE document_id = ?", [document_id]).fetchone()[0]
    reach = min(last, fingerprints[-1])
    theirs = connection.execute(
        "SELECT count(*) FROM fingerprints WHERE document_id = ? AND hash <= ?", [document_id, reach]
    ).fetchone()[0]
    return min(int(theirs), bisect_right(fingerprints, reach))


def insert_likeness(connection: sqlite3.Connection, document_id: str, likeness: Likeness) -> None:
    """A near duplicate that was deleted meanwhile is left out."""
    insert_fingerprints(connection, document_id, likeness.fingerprints)
    connection.executemany(
        "INSERT INTO near_duplicates SELECT ?, id, ? FROM documents WHERE id = ?",
        [(document_id, share, other_id) for other_id, share in likeness.near],
    )


def insert_fingerprints(connection: sqlite3.Connection, document_id: str, fingerprints: Sequence[int]) -> None:
    """In place of those that are there."""
    connection.execute("DELETE FROM fingerprints WHERE document_id = ?", [document_id])
    connection.executemany("INSERT INTO fingerprints VALUES (?, ?)", [(each, document_id) for each in fingerprints])


def read_near(connection: sqlite3.Connection, document_id: str) -> tuple[NearDuplicate, ...]:
    """The likest first; those deleted meanwhile are there no more."""
    rows = connection.execute(
        "SELECT other_id, file_name, share FROM near_duplicates JOIN documents ON id = other_id"
        " WHERE document_id = ? ORDER BY share DESC, other_id",
        [document_id],
    )
    return tuple(NearDuplicate(row["other_id"], row["file_name"], row["share"]) for row in rows)

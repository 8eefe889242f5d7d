"""Versions of a document as rows: who holds a place, who takes it over, and what goes when one is deleted.

`superseded_by` leads from an older version to the one that took its place, and on to the newest, which has none. One
that waits names in `replaces` whose place it will take once it is accepted; until then that one stays searched.
"""

import sqlite3
from dataclasses import dataclass

from qa_service.errors import NotFound
from qa_service.records import Document, DocumentStatus
from qa_service.store.rows import delete_passages, read_generation

_STANDS_AS_SENT = "UPDATE documents SET path = NULL, file_name = coalesce(sent_as, file_name)"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a document stands in the store. `waits_for`: whose place it will take; `was_waiting`: when superseded."""

    status: DocumentStatus
    path: str | None
    file_name: str
    waits_for: str | None
    was_waiting: bool
    was_sent: bool


@dataclass(frozen=True, slots=True)
class Left:
    """What becomes of a document whose file went: does it stand at another `path`, or was it sent, without one?"""

    stands: bool
    path: str | None


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was deleted: ids of documents, the one asked for first, and of their passages."""

    documents: tuple[str, ...]
    passages: list[int]


def read_standing(connection: sqlite3.Connection, document_id: str) -> Standing | None:
    row = connection.execute(
        "SELECT status, path, file_name, iif(status = 'waiting', replaces, NULL) AS waits_for, was_waiting, was_sent"
        " FROM documents WHERE id = ?",
        [document_id],
    ).fetchone()
    return row and Standing(
        *(row["status"], row["path"], row["file_name"], row["waits_for"]),
        was_waiting=bool(row["was_waiting"]),
        was_sent=bool(row["was_sent"]),
    )


def read_holder(
    connection: sqlite3.Connection, document_id: str, path: str | None, file_name: str | None
) -> str | None:
    """The id of the document that stands at `path`, else of the newest of `file_name`; None where there is none.

    What was sent stays until who sent it deletes or replaces it: at its path it makes room. The newest of its name is
    not the document itself, which came beside an older one and is sent again to replace it.
    """
    beside = "file_name = ? AND NOT (id = ? AND replaces IS NULL)"
    for condition, *given in (("path = ? AND NOT was_sent", path), (beside, file_name, document_id)):
        if given[0] is not None:
            row = connection.execute(
                f"SELECT id FROM documents WHERE {condition} AND status != 'superseded'"
                " ORDER BY added_at DESC, rowid DESC LIMIT 1",
                given,
            ).fetchone()
            if row is not None:
                return str(row["id"])
    return None


def read_older(connection: sqlite3.Connection, document_id: str, path: str | None, file_name: str | None) -> str | None:
    """The id of the one whose place a document takes at `path`, else by `file_name`; None where there is none.

    Where one waits to take another's place it is that other one; for this one itself it is the one that waits.
    """
    holder = read_holder(connection, document_id, path, file_name)
    row = connection.execute(
        "SELECT newer.id AS waiting, older.id AS searched FROM documents newer JOIN documents older"
        " ON older.id = newer.replaces WHERE newer.status = 'waiting' AND older.status = 'indexed'"
        " AND (newer.id = ? OR newer.replaces = ?)",
        [holder, holder],
    ).fetchone()
    waiting, searched = row or (None, holder)
    older = waiting if searched == document_id else searched
    return None if older == document_id else older


def is_overtaken(connection: sqlite3.Connection, document: Document) -> bool:
    """Does another document stand at its path by now, or does the one that it replaces count no longer?"""
    if document.path is not None:
        older = read_older(connection, document.id, document.path, None)
        if older not in {None, document.replaces}:
            return True
    replaced = read_standing(connection, document.replaces) if document.replaces else None
    return document.replaces is not None and (replaced is None or replaced.status == "superseded")


def supersede(connection: sqlite3.Connection, older_id: str, newer_id: str, path: str | None) -> list[int]:
    """Takes a document, and who waits for its place, out of the search for a newer version: the ids of its passages.

    All else of them stays. While the newer version waits itself, the one that is searched stays as it is. `path` is
    where the newer one came from, None if it was sent: what was sent and waits then goes on waiting, for nobody's
    place, when a file takes that.
    """
    going = connection.execute(
        "SELECT older.id, older.was_sent AS was_sent"
        " FROM documents older JOIN documents newer ON newer.id = ? WHERE older.id != newer.id"
        " AND (older.id = ? AND older.status = 'indexed' AND newer.status = 'indexed'"
        "  OR (older.id = ? OR older.replaces = ?) AND older.status = 'waiting')",
        [newer_id, older_id, older_id, older_id],
    ).fetchall()
    passages = []
    for row in going:
        if row["was_sent"] and path is not None:
            leave_place(connection, row["id"])
            continue
        passages += delete_passages(connection, row["id"], read_generation(connection))
        connection.execute(
            "UPDATE documents SET was_waiting = status = 'waiting', status = 'superseded', was_sent = 0,"
            " sent_as = NULL, was_overruled = ?, superseded_by = ? WHERE id = ?",
            [path is None, newer_id, row["id"]],
        )
    return passages


def leave_place(connection: sqlite3.Connection, document_id: str) -> None:
    """Nobody waits any more to take over the place that a document leaves, and the document for no other's."""
    connection.execute(
        "UPDATE documents SET replaces = NULL WHERE (id = ? OR replaces = ?) AND status = 'waiting'",
        [document_id, document_id],
    )


def put_at(connection: sqlite3.Connection, document_id: str, path: str, file_name: str) -> None:
    """A document stands at a path under a name."""
    connection.execute("UPDATE documents SET path = ?, file_name = ? WHERE id = ?", [path, file_name, document_id])
    note_path(connection, document_id, path)


def note_path(connection: sqlite3.Connection, document_id: str, path: str | None, sent_as: str | None = None) -> None:
    """Remembers that the bytes of a document stand at `path`, whoever was there before, or under which name they were
    sent."""
    if path is None:
        connection.execute("UPDATE documents SET was_sent = 1, sent_as = ? WHERE id = ?", [sent_as, document_id])
    else:
        connection.execute(
            f"{_STANDS_AS_SENT} WHERE path = ? AND id != ? AND was_sent AND status != 'superseded'", [path, document_id]
        )
        connection.execute(
            "INSERT OR REPLACE INTO paths SELECT ?, id, file_name FROM documents WHERE id = ?", [path, document_id]
        )


def withdraw(connection: sqlite3.Connection, name: str, document_id: str) -> None:
    """Who sent a document under this name replaced it by another one: where a folder shows its bytes under a name of
    its own it stands as that file only."""
    connection.execute(
        "UPDATE documents SET was_sent = 0, sent_as = NULL"
        " WHERE sent_as = ? AND id != ? AND path IS NOT NULL AND file_name != sent_as AND status != 'superseded'",
        [name, document_id],
    )


def was_seen(connection: sqlite3.Connection, document_id: str, path: str | None, name: str) -> bool:
    """Are its bytes what was last seen at `path`, or, without one, what was sent under this name?"""
    if path is None:
        sql, given = "SELECT 1 FROM documents WHERE id = ? AND was_sent AND sent_as = ?", [document_id, name]
    else:
        sql, given = "SELECT 1 FROM paths WHERE document_id = ? AND path = ?", [document_id, path]
    return connection.execute(sql, given).fetchone() is not None


def is_overruled(connection: sqlite3.Connection, document_id: str, path: str | None) -> bool:
    """Did a version that was sent replace it, and does its file stand at `path` as it did then?"""
    row = connection.execute(
        "SELECT 1 FROM documents JOIN paths ON document_id = id WHERE id = ? AND paths.path = ?"
        " AND status = 'superseded' AND was_overruled AND superseded_by IS NOT NULL",
        [document_id, path],
    ).fetchone()
    return row is not None


def leave_path(connection: sqlite3.Connection, document_id: str, path: str) -> Left:
    """The bytes of a document went from `path`; it stands at another one where they were seen. Raises NotFound.

    An older version stays what it is: who finds its bytes at the other path takes them in again.
    """
    standing = read_standing(connection, document_id)
    if standing is None:
        raise NotFound(f"no document {document_id}")
    connection.execute("DELETE FROM paths WHERE path = ? AND document_id = ?", [path, document_id])
    if standing.status != "superseded" and standing.path != path:
        return Left(stands=True, path=standing.path)
    other = connection.execute(
        "SELECT path, file_name FROM paths WHERE document_id = ? ORDER BY path LIMIT 1", [document_id]
    ).fetchone()
    if standing.status == "superseded":
        return Left(stands=standing.was_sent or other is not None, path=other and other["path"])
    if other is not None:
        leave_place(connection, document_id)
        put_at(connection, document_id, other["path"], other["file_name"])
        return Left(stands=True, path=other["path"])
    if standing.was_sent:
        leave_place(connection, document_id)
        connection.execute(f"{_STANDS_AS_SENT} WHERE id = ?", [document_id])
    return Left(stands=standing.was_sent, path=None)


def update_standing(connection: sqlite3.Connection, document: Document, manifest_id: int) -> None:
    """Writes what changes of a superseded document that counts again: where it stands, and how it was made."""
    connection.execute(
        "UPDATE documents SET path = ?, file_name = ?, replaces = coalesce(?, iif(? = 'waiting', NULL, replaces)),"
        " status = ?, manifest_id = ?, superseded_by = NULL WHERE id = ?",
        [
            *(document.path, document.file_name, document.replaces, document.status, document.status),
            *(manifest_id, document.id),
        ],
    )


def read_newest(connection: sqlite3.Connection, document_id: str) -> str | None:
    """The id of the newest version of a superseded document, None where it has none."""
    row = connection.execute(
        "WITH RECURSIVE version (id, next) AS ("
        "  SELECT id, superseded_by FROM documents WHERE id = ?"
        "  UNION SELECT documents.id, documents.superseded_by FROM documents JOIN version ON documents.id = next"
        ") SELECT id FROM version WHERE next IS NULL AND id != ?",
        [document_id, document_id],
    ).fetchone()
    return row and str(row["id"])


def with_older_versions(connection: sqlite3.Connection, document_id: str) -> tuple[str, ...]:
    """The id and those of all documents whose place it took, or waits to take, one after the other."""
    rows = connection.execute(
        "WITH RECURSIVE older (id, newer) AS ("
        "  SELECT id, superseded_by FROM documents WHERE superseded_by IS NOT NULL"
        "  UNION SELECT replaces, id FROM documents WHERE status = 'waiting' AND replaces IS NOT NULL"
        "), version (id) AS ("
        "  SELECT ? UNION SELECT older.id FROM older JOIN version ON older.newer = version.id"
        ") SELECT id FROM version",
        [document_id],
    )
    return tuple(row["id"] for row in rows)


def close_gap(connection: sqlite3.Connection, document_id: str) -> None:
    """Makes the neighbours of a version that is about to go point at each other: its id stays nowhere.

    Who waits for its place takes nobody's when it is accepted.
    """
    leave_place(connection, document_id)
    connection.execute(
        "UPDATE documents SET superseded_by = (SELECT gone.superseded_by FROM documents gone WHERE gone.id = ?)"
        " WHERE superseded_by = ?",
        [document_id, document_id],
    )
    connection.execute(
        "UPDATE documents SET replaces ="
        " (SELECT nullif(gone.replaces, documents.id) FROM documents gone WHERE gone.id = ?) WHERE replaces = ?",
        [document_id, document_id],
    )

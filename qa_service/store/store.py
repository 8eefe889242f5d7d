"""The system of record: documents, their passages with vectors and terms, and what is kept out of search."""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.base_index import Ids
from qa_service.errors import IndexMismatch, NotFound
from qa_service.records import (
    Deletion,
    Document,
    DocumentStatus,
    Filters,
    Hit,
    Metadata,
    NearDuplicate,
    Passage,
    Quarantined,
    Span,
)
from qa_service.store.database import FILE_NAME, Database
from qa_service.store.filters import condition
from qa_service.store.lexical import find_by_words, forget_deleted, word_counts
from qa_service.store.likeness import Likeness, find_alike, insert_fingerprints, insert_likeness, read_near
from qa_service.store.manifest import IndexManifest
from qa_service.store.rows import (
    Candidate,
    EncodedPassage,
    Found,
    delete_passages,
    insert_document,
    insert_manifest,
    insert_passages,
    insert_quarantined,
    insert_sections,
    next_generation,
    read_document,
    read_following,
    read_found,
    read_generation,
    read_hit,
    to_metadata,
    to_passage,
    to_quarantined,
    update_metadata,
)
from qa_service.store.versions import (
    Deleted,
    Left,
    Standing,
    close_gap,
    is_overruled,
    is_overtaken,
    leave_path,
    leave_place,
    note_path,
    put_at,
    read_newest,
    read_older,
    read_standing,
    supersede,
    update_standing,
    was_seen,
    with_older_versions,
    withdraw,
)


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """A document as a list shows it: everything but its text."""

    id: str
    file_name: str
    metadata: Metadata
    characters: int
    passages: int
    added_at: str
    status: DocumentStatus
    replaces: str | None
    path: str | None


@dataclass(frozen=True, slots=True)
class PassageChange:
    """The ids of the passages that a change took out of the search and put into it."""

    removed: list[int]
    added: list[int]


@dataclass(frozen=True, slots=True)
class TakingIn:
    """What a receipt says beside the document: what only the moment knows in which it was taken in, and how many
    passages it has."""

    received_at: str
    took_ms: float
    passages: int
    near_duplicates: tuple[NearDuplicate, ...]
    replaces: str | None


class Store:
    """One writer, any number of readers; every change is one transaction that costs as much as what it changes."""

    def __init__(self, data_dir: Path) -> None:
        self.database = Database(data_dir / FILE_NAME)
        self._purging = threading.Lock()
        try:
            self._forget_deleted()  # a purge may have been interrupted
        except BaseException:
            self.database.close()
            raise

    def close(self) -> None:
        self.database.close()

    @property
    def generation(self) -> int:
        """How many changes the store has seen."""
        with self.database.reading() as connection:
            return read_generation(connection)

    def check_manifest(self, manifest: IndexManifest) -> None:
        """Raises IndexMismatch when passages were made by another model or another version of the pipeline."""
        with self.database.reading() as connection:
            other = connection.execute(
                "SELECT json FROM manifests JOIN documents ON manifest_id = manifests.id WHERE json != ? LIMIT 1",
                [manifest.to_json()],
            ).fetchone()
        if other is not None:
            raise IndexMismatch(
                f"the index was made with {manifest.differences(other['json'])}; run: python -m qa_service reindex"
            )

    def outdated(self, manifest: IndexManifest) -> list[str]:
        """The ids of the documents whose passages were made with another manifest."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT documents.id FROM documents JOIN manifests ON manifest_id = manifests.id WHERE json != ?"
                " ORDER BY documents.id",
                [manifest.to_json()],
            )
            return [row["id"] for row in rows]

    def add(
        self,
        document: Document,
        content: bytes,
        quarantined: Sequence[Quarantined],
        passages: Sequence[EncodedPassage],
        manifest: IndexManifest,
        *,
        took_ms: float,
        likeness: Likeness,
    ) -> PassageChange | None:
        """Adds a document with all that belongs to it, in the place of the one that it replaces.

        None, and nothing is changed, when it is there already, or when another one holds the place by now.
        """
        with self.database.writing() as connection:
            if connection.execute("SELECT 1 FROM documents WHERE id = ?", [document.id]).fetchone():
                return None
            if is_overtaken(connection, document):
                return None
            next_generation(connection)
            insert_document(connection, document, content, insert_manifest(connection, manifest))
            note_path(connection, document.id, document.path, document.file_name)
            insert_quarantined(connection, document.id, quarantined)
            connection.execute("INSERT INTO receipts VALUES (?, ?)", [document.id, took_ms])
            insert_likeness(connection, document.id, likeness)
            removed = supersede(connection, document.replaces, document.id, document.path) if document.replaces else []
            return PassageChange(removed, insert_passages(connection, passages))

    def bring_back(
        self,
        document: Document,
        quarantined: Sequence[Quarantined],
        passages: Sequence[EncodedPassage],
        manifest: IndexManifest,
        name: str,
    ) -> PassageChange | None:
        """Makes a superseded document count, or wait, again, in the place of the one that it now replaces; None as for
        `add`. `name` is the one under which its bytes came."""
        with self.database.writing() as connection:
            standing = read_standing(connection, document.id)
            if standing is None or standing.status != "superseded" or is_overtaken(connection, document):
                return None
            next_generation(connection)
            leave_place(connection, document.id)
            update_standing(connection, document, insert_manifest(connection, manifest))
            note_path(connection, document.id, document.path, name)
            update_metadata(connection, document)
            connection.execute("DELETE FROM quarantine WHERE document_id = ?", [document.id])
            insert_quarantined(connection, document.id, quarantined)
            removed = supersede(connection, document.replaces, document.id, document.path) if document.replaces else []
            return PassageChange(removed, insert_passages(connection, passages))

    def move(self, document_id: str, path: str | None, name: str, replaces: str | None) -> list[int] | None:
        """A document's bytes now stand at `path` under `name`, or were sent under it, in the place of another one: the
        ids of that one's passages.

        While it waits, the other one stays searched. None when the document counts no longer.
        """
        with self.database.writing() as connection:
            standing = read_standing(connection, document_id)
            if standing is None or standing.status == "superseded":
                return None
            if standing.path is not None and path not in {None, standing.path}:
                if replaces is None and standing.waits_for is not None:  # that one comes along: no other file holds it
                    put_at(connection, standing.waits_for, path, name)
                else:
                    leave_place(connection, document_id)
            if path is None:
                note_path(connection, document_id, None, name)
            else:
                put_at(connection, document_id, path, name)
            if replaces is not None:
                connection.execute("UPDATE documents SET replaces = ? WHERE id = ?", [replaces, document_id])
            if replaces is None and (path is None or name == standing.file_name):
                return []
            next_generation(connection)  # answers of before name the other file
            return [] if replaces is None else supersede(connection, replaces, document_id, path)

    def leave(self, document_id: str, path: str) -> Left:
        """The bytes of a document went from `path`: does it stand elsewhere? Raises NotFound."""
        with self.database.writing() as connection:
            left = leave_path(connection, document_id, path)
            if left.stands:
                next_generation(connection)  # answers of before name the other file
            return left

    def standing(self, document_id: str) -> Standing | None:
        """None for a document that is not there."""
        with self.database.reading() as connection:
            return read_standing(connection, document_id)

    def withdraw(self, name: str, document_id: str) -> None:
        """Who sent a document under this name replaced it by another one, `document_id`."""
        with self.database.writing() as connection:
            withdraw(connection, name, document_id)

    def was_seen(self, document_id: str, path: str | None, name: str) -> bool:
        """Are a document's bytes what was last seen at `path`, or, without one, what was sent under this name?"""
        with self.database.reading() as connection:
            return was_seen(connection, document_id, path, name)

    def is_overruled(self, document_id: str, path: str | None) -> bool:
        """Did a version that was sent replace it, and does its file stand at `path` as it did then?"""
        with self.database.reading() as connection:
            return is_overruled(connection, document_id, path)

    def older(self, document_id: str, path: str | None, file_name: str | None) -> str | None:
        """The id of the one whose place a document takes at `path`, else by `file_name`; None where there is none."""
        with self.database.reading() as connection:
            return read_older(connection, document_id, path, file_name)

    def newest_version(self, document_id: str) -> str | None:
        """The id of the newest version of a superseded document, None where it has none."""
        with self.database.reading() as connection:
            return read_newest(connection, document_id)

    def alike(self, fingerprints: Sequence[int]) -> list[str]:
        """The ids of the documents that share most of these fingerprints, superseded ones left out; to be looked at."""
        with self.database.reading() as connection:
            return find_alike(connection, fingerprints)

    def replace_passages(
        self,
        document_id: str,
        quarantined: Sequence[Quarantined],
        passages: Sequence[EncodedPassage],
        manifest: IndexManifest,
        status: DocumentStatus | None = None,
    ) -> tuple[list[int], list[int]]:
        """Gives a document new passages, and a status: the ids of the old and of the new ones. Raises NotFound.

        One that waits no longer takes the place for which it waited.
        """
        with self.database.writing() as connection:
            generation = next_generation(connection)
            old = delete_passages(connection, document_id, generation)
            standing = read_standing(connection, document_id)
            changed = connection.execute(
                "UPDATE documents SET manifest_id = ?, status = coalesce(?, status) WHERE id = ?",
                [insert_manifest(connection, manifest), status, document_id],
            )
            if not changed.rowcount:
                raise NotFound(f"no document {document_id}")
            if status is not None and standing is not None and standing.waits_for is not None:
                came_from = None if standing.was_sent else standing.path
                old += supersede(connection, standing.waits_for, document_id, came_from)
            connection.execute("DELETE FROM quarantine WHERE document_id = ?", [document_id])
            insert_quarantined(connection, document_id, quarantined)
            return old, insert_passages(connection, passages)

    def set_sections(self, document: Document) -> None:
        """Writes the sections of a document that is there."""
        with self.database.writing() as connection:
            insert_sections(connection, document)

    def set_fingerprints(self, document_id: str, fingerprints: Sequence[int]) -> None:
        """Nothing happens to a document that was deleted meanwhile."""
        with self.database.writing() as connection:
            if read_standing(connection, document_id) is not None:
                insert_fingerprints(connection, document_id, fingerprints)

    def delete(self, document_id: str, with_versions: bool = False, audit: str | None = None) -> Deleted:
        """Deletes a document and all that was derived from it; with its older versions if told to. Raises NotFound.

        `audit` names the command: then a line without content is kept of each. Words of what was deleted stay in the
        files of the full-text index until `purge`.
        """
        with self.database.writing() as connection:
            documents = with_older_versions(connection, document_id) if with_versions else (document_id,)
            generation = next_generation(connection)
            passages: list[int] = []
            for each in documents:
                passages += delete_passages(connection, each, generation)
                close_gap(connection, each)
                if audit is not None:
                    connection.execute(
                        "INSERT INTO audit (document_id, sha256, command) SELECT id, sha256, ? FROM documents"
                        " WHERE id = ?",
                        [audit, each],
                    )
                if not connection.execute("DELETE FROM documents WHERE id = ?", [each]).rowcount:
                    raise NotFound(f"no document {each}")
            connection.execute("UPDATE state SET purge_due = purge_due + 1")
        return Deleted(documents, passages)

    def audit(self) -> tuple[Deletion, ...]:
        """The deletions of which a line was kept, oldest first."""
        with self.database.reading() as connection:
            rows = connection.execute("SELECT deleted_at, document_id, sha256, command FROM audit ORDER BY rowid")
            return tuple(Deletion(*row) for row in rows)

    def forget_base(self) -> None:
        """The base file no longer counts: the index is made anew from the store when it is opened."""
        with self.database.writing() as connection:
            connection.execute("DELETE FROM base_index")
            connection.execute("DELETE FROM tombstones")

    def purge(self) -> None:
        """Takes what was deleted off the disk: from the full-text index and from the write-ahead log.

        The log keeps it while readers look at it for long.
        """
        self._forget_deleted()
        self.database.checkpoint()

    def _forget_deleted(self) -> None:
        with self._purging:
            with self.database.reading() as connection:
                due = connection.execute("SELECT purge_due FROM state").fetchone()["purge_due"]
            if due:
                forget_deleted(self.database)
                with self.database.writing() as connection:  # another deletion may have come meanwhile
                    connection.execute("UPDATE state SET purge_due = purge_due - ?", [due])

    def document(self, document_id: str) -> Document:
        """Raises NotFound."""
        with self.database.reading() as connection:
            document = read_document(connection, document_id)
        if document is None:
            raise NotFound(f"no document {document_id}")
        return document

    def original(self, document_id: str) -> tuple[str, int]:
        """The name of the file that a document came as, and its size in bytes. Raises NotFound."""
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT file_name, length(content) AS size FROM documents JOIN originals ON document_id = id"
                " WHERE id = ?",
                [document_id],
            ).fetchone()
        if row is None:
            raise NotFound(f"no document {document_id}")
        return row["file_name"], row["size"]

    def original_part(self, document_id: str, start: int, length: int) -> bytes:
        """Some bytes of a file as it came. Raises NotFound."""
        with self.database.reading() as connection:
            row = connection.execute("SELECT rowid FROM originals WHERE document_id = ?", [document_id]).fetchone()
            if row is None:
                raise NotFound(f"no document {document_id}")
            with connection.blobopen("originals", "content", row["rowid"], readonly=True) as blob:
                blob.seek(start)
                return blob.read(length)

    def find_verbatim(self, text: str, document_id: str, file_name: str) -> str | None:
        """The id of a document in whose text `text` stands: of this id, else of this name, else any.

        Of several the newest, but one that counts before an older version.
        """
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT id FROM documents JOIN texts ON document_id = id WHERE instr(text, ?) > 0"
                " ORDER BY id = ? DESC, file_name = ? DESC, status = 'superseded', added_at DESC, documents.rowid DESC"
                " LIMIT 1",
                [text, document_id, file_name],
            ).fetchone()
        return row and str(row["id"])

    def has_file_name(self, file_name: str) -> bool:
        with self.database.reading() as connection:
            row = connection.execute("SELECT 1 FROM documents WHERE file_name = ? LIMIT 1", [file_name]).fetchone()
        return row is not None

    def documents(
        self, page: int, page_size: int, status: DocumentStatus | None = None, path: str | None = None
    ) -> tuple[list[DocumentEntry], int]:
        """One page, the first being 1, of the documents in the order they came, and how many there are in all.

        Of one `status` only, or those that stand at `path` or below it only, where these are given.
        """
        where = "(? IS NULL OR status = ?) AND (? IS NULL OR path = ? OR (path > ? AND path < ?))"
        given = [status, status, path, path, f"{path}/", f"{path}0"]  # 0 comes after /
        with self.database.reading() as connection:
            total = connection.execute(f"SELECT count(*) FROM documents WHERE {where}", given).fetchone()[0]
            rows = connection.execute(
                "SELECT *, (SELECT count(*) FROM passages WHERE document_id = documents.id) AS passages"
                f" FROM documents WHERE {where} ORDER BY added_at, rowid LIMIT ? OFFSET ?",
                [*given, page_size, (page - 1) * page_size],
            ).fetchall()
        return [
            DocumentEntry(
                id=row["id"],
                file_name=row["file_name"],
                metadata=to_metadata(row),
                characters=row["characters"],
                passages=row["passages"],
                added_at=row["added_at"],
                status=row["status"],
                replaces=row["replaces"],
                path=row["path"],
            )
            for row in rows
        ], total

    def document_ids(self) -> list[str]:
        with self.database.reading() as connection:
            return [row["id"] for row in connection.execute("SELECT id FROM documents ORDER BY rowid")]

    def quarantined(self, document_id: str) -> tuple[Quarantined, ...]:
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM quarantine WHERE document_id = ? ORDER BY start_char", [document_id]
            )
            return tuple(map(to_quarantined, rows))

    def kept_out(self, document_id: str) -> list[Span]:
        """The stretches that are not searched."""
        return [entry.span for entry in self.quarantined(document_id) if entry.state == "quarantined"]

    def taking_in(self, document_id: str) -> TakingIn:
        """Raises NotFound."""
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT added_at, replaces, took_ms,"
                " (SELECT count(*) FROM passages WHERE passages.document_id = documents.id) AS passages"
                " FROM documents LEFT JOIN receipts ON document_id = id WHERE id = ?",
                [document_id],
            ).fetchone()
            near = read_near(connection, document_id)
        if row is None:
            raise NotFound(f"no document {document_id}")
        return TakingIn(row["added_at"], row["took_ms"] or 0.0, row["passages"], near, row["replaces"])

    def passages(self, document_id: str) -> tuple[Passage, ...]:
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM passages WHERE document_id = ? ORDER BY ordinal", [document_id]
            ).fetchall()
            return tuple(to_passage(connection, row) for row in rows)

    def matching(self, filters: Filters) -> Ids:
        """The ids of the passages that the filters let through, rising, of shape [n]."""
        sql, parameters = condition(filters)
        with self.database.reading() as connection:
            rows = connection.execute(f"SELECT passages.id FROM passages WHERE {sql}", parameters)
            return np.sort(np.fromiter((row[0] for row in rows), dtype=np.int64))

    def hits(self, candidates: Sequence[Candidate]) -> tuple[Hit, ...]:
        """The passages of the candidates in their order; those deleted meanwhile are left out."""
        with self.database.reading() as connection:
            found = [read_hit(connection, candidate) for candidate in candidates]
        return tuple(hit for hit in found if hit is not None)

    def found(self, passage_ids: Sequence[int]) -> list[Found]:
        """What ranks these passages, in their order; those deleted meanwhile are left out."""
        with self.database.reading() as connection:
            return read_found(connection, passage_ids)

    def word_counts(self, words: Sequence[str]) -> dict[str, int]:
        """In how many passages each of these words stands, those that stand in any."""
        with self.database.reading() as connection:
            return word_counts(connection, words)

    def find_by_words(self, words: Sequence[str], k: int, filters: Filters) -> list[int]:
        """The ids of at most `k` matching passages that hold any of these words, best first by BM25."""
        with self.database.reading() as connection:
            return find_by_words(connection, words, k, condition(filters))

    def following(self, passage_ids: Sequence[int], count: int, filters: Filters) -> list[int]:
        """The ids of the matching passages among the `count` that follow each of these in its document."""
        with self.database.reading() as connection:
            return read_following(connection, passage_ids, count, condition(filters))

    def passage_places(self, passage_ids: Sequence[int]) -> list[tuple[str, Span]]:
        """The document and the span of each of these passages, in their order; those deleted meanwhile are left out."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT id, document_id, start_char, end_char FROM passages"
                " WHERE id IN (SELECT value FROM json_each(?))",
                [json.dumps(list(passage_ids))],
            )
            places = {row["id"]: (row["document_id"], Span(row["start_char"], row["end_char"])) for row in rows}
        return [places[each] for each in passage_ids if each in places]

    def text_versions(self) -> dict[str, str]:
        """The sha256 of each document's text by its id, in the order the documents came, older versions last."""
        with self.database.reading() as connection:
            rows = connection.execute("SELECT id, text_sha256 FROM documents ORDER BY status = 'superseded', rowid")
            return dict(map(tuple, rows))

    def texts(self, document_ids: Sequence[str]) -> dict[str, str]:
        """The texts of these documents by id; those deleted meanwhile are left out."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT document_id, text FROM texts WHERE document_id IN (SELECT value FROM json_each(?))",
                [json.dumps(list(document_ids))],
            )
            return dict(map(tuple, rows))

    def names(self, document_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """File name and title of these documents by id; those deleted meanwhile are left out."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT id, file_name, title FROM documents WHERE id IN (SELECT value FROM json_each(?))",
                [json.dumps(list(document_ids))],
            )
            return {row["id"]: (row["file_name"], row["title"]) for row in rows}

    def waiting_for(self, document_id: str) -> list[str]:
        """The documents that wait to take the place of this one."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM documents WHERE status = 'waiting' AND replaces = ?", [document_id]
            )
            return [row["id"] for row in rows]

    def statuses(self, document_ids: Sequence[str]) -> dict[str, DocumentStatus]:
        """Those of these documents that are there."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT id, status FROM documents WHERE id IN (SELECT value FROM json_each(?))",
                [json.dumps(list(document_ids))],
            )
            return {row["id"]: row["status"] for row in rows}

    def passage_ids(self) -> list[int]:
        with self.database.reading() as connection:
            return [row["id"] for row in connection.execute("SELECT id FROM passages ORDER BY id")]

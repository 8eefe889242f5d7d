"""The system of record: documents, their passages with vectors and terms, and what is kept out of search."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.index import Ids
from qa_service.errors import IndexMismatch, NotFound
from qa_service.records import (
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
from qa_service.store.lexical import find_by_words, word_counts
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
    next_generation,
    read_document,
    read_found,
    read_generation,
    read_hit,
    to_metadata,
    to_passage,
    to_quarantined,
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


@dataclass(frozen=True, slots=True)
class TakingIn:
    """What only the moment knows in which a document was taken in."""

    received_at: str
    took_ms: float
    near_duplicates: tuple[NearDuplicate, ...]
    replaces: str | None


class Store:
    """One writer, any number of readers; every change is one transaction that costs as much as what it changes."""

    def __init__(self, data_dir: Path) -> None:
        self.database = Database(data_dir / FILE_NAME)

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
        took_ms: float,
    ) -> list[int] | None:
        """Adds a document with all that belongs to it; the ids of its passages, or None if it is there already."""
        with self.database.writing() as connection:
            if connection.execute("SELECT 1 FROM documents WHERE id = ?", [document.id]).fetchone():
                return None
            insert_document(connection, document, content, insert_manifest(connection, manifest))
            insert_quarantined(connection, document.id, quarantined)
            connection.execute("INSERT INTO receipts VALUES (?, '[]', ?)", [document.id, took_ms])
            next_generation(connection)
            return insert_passages(connection, passages)

    def replace_passages(
        self,
        document_id: str,
        quarantined: Sequence[Quarantined],
        passages: Sequence[EncodedPassage],
        manifest: IndexManifest,
        status: DocumentStatus | None = None,
    ) -> tuple[list[int], list[int]]:
        """Gives a document new passages, and a status: the ids of the old and of the new ones. Raises NotFound."""
        with self.database.writing() as connection:
            generation = next_generation(connection)
            old = delete_passages(connection, document_id, generation)
            changed = connection.execute(
                "UPDATE documents SET manifest_id = ?, status = coalesce(?, status) WHERE id = ?",
                [insert_manifest(connection, manifest), status, document_id],
            )
            if not changed.rowcount:
                raise NotFound(f"no document {document_id}")
            connection.execute("DELETE FROM quarantine WHERE document_id = ?", [document_id])
            insert_quarantined(connection, document_id, quarantined)
            return old, insert_passages(connection, passages)

    def delete(self, document_id: str) -> list[int]:
        """Deletes a document and all that was derived from it; the ids of its passages. Raises NotFound."""
        with self.database.writing() as connection:
            deleted = delete_passages(connection, document_id, next_generation(connection))
            if not connection.execute("DELETE FROM documents WHERE id = ?", [document_id]).rowcount:
                raise NotFound(f"no document {document_id}")
            # FTS5 before 3.42 keeps the terms of deleted rows until its segments are merged
            connection.execute("INSERT INTO lexical (lexical) VALUES ('optimize')")
        return deleted

    def forget_base(self) -> None:
        """The base file no longer counts: the index is made anew from the store when it is opened."""
        with self.database.writing() as connection:
            connection.execute("DELETE FROM base_index")
            connection.execute("DELETE FROM tombstones")

    def purge(self) -> None:
        """Empties the write-ahead log, which still holds what was deleted, unless readers look at it for long."""
        self.database.checkpoint()

    def document(self, document_id: str) -> Document:
        """Raises NotFound."""
        with self.database.reading() as connection:
            document = read_document(connection, document_id)
        if document is None:
            raise NotFound(f"no document {document_id}")
        return document

    def has_document(self, document_id: str) -> bool:
        with self.database.reading() as connection:
            return connection.execute("SELECT 1 FROM documents WHERE id = ?", [document_id]).fetchone() is not None

    def find_verbatim(self, text: str, document_id: str, file_name: str) -> str | None:
        """The id of a document in whose text `text` stands: of this id, else of this name, else any; newest first."""
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT id FROM documents JOIN texts ON document_id = id WHERE instr(text, ?) > 0"
                " ORDER BY id = ? DESC, file_name = ? DESC, added_at DESC, documents.rowid DESC LIMIT 1",
                [text, document_id, file_name],
            ).fetchone()
        return row and str(row["id"])

    def has_file_name(self, file_name: str) -> bool:
        with self.database.reading() as connection:
            row = connection.execute("SELECT 1 FROM documents WHERE file_name = ? LIMIT 1", [file_name]).fetchone()
        return row is not None

    def documents(self, page: int, page_size: int) -> tuple[list[DocumentEntry], int]:
        """One page, the first being 1, of the documents in the order they came, and how many there are in all."""
        with self.database.reading() as connection:
            total = connection.execute("SELECT count(*) FROM documents").fetchone()[0]
            rows = connection.execute(
                "SELECT *, (SELECT count(*) FROM passages WHERE document_id = documents.id) AS passages"
                " FROM documents ORDER BY added_at, rowid LIMIT ? OFFSET ?",
                [page_size, (page - 1) * page_size],
            ).fetchall()
        return [
            DocumentEntry(
                *(row["id"], row["file_name"], to_metadata(row), row["characters"], row["passages"], row["added_at"]),
                status=row["status"],
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
                "SELECT added_at, replaces, near_duplicates, took_ms FROM documents"
                " LEFT JOIN receipts ON document_id = id WHERE id = ?",
                [document_id],
            ).fetchone()
        if row is None:
            raise NotFound(f"no document {document_id}")
        near = tuple(NearDuplicate(**each) for each in json.loads(row["near_duplicates"] or "[]"))
        return TakingIn(row["added_at"], row["took_ms"] or 0.0, near, row["replaces"])

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

    def found(self, passage_ids: Sequence[int], dimension: int) -> list[Found]:
        """What ranks these passages, in their order; those deleted meanwhile are left out."""
        with self.database.reading() as connection:
            return read_found(connection, passage_ids, dimension)

    def word_counts(self, words: Sequence[str]) -> dict[str, int]:
        """In how many passages each of these words stands, those that stand in any."""
        with self.database.reading() as connection:
            return word_counts(connection, words)

    def find_by_words(self, words: Sequence[str], k: int, filters: Filters) -> list[int]:
        """The ids of at most `k` matching passages that hold any of these words, best first by BM25."""
        with self.database.reading() as connection:
            return find_by_words(connection, words, k, condition(filters))

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
        """The sha256 of each document's text by the document's id, in the order the documents came."""
        with self.database.reading() as connection:
            return dict(map(tuple, connection.execute("SELECT id, text_sha256 FROM documents ORDER BY rowid")))

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

    def passage_ids(self) -> list[int]:
        with self.database.reading() as connection:
            return [row["id"] for row in connection.execute("SELECT id FROM passages ORDER BY id")]

"""Records to rows and back: the SQL that the store's methods share."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.base_index import Ids
from embeddings.encoder import Vectors
from qa_service.records import (
    Document,
    Encoding,
    Explanation,
    Hit,
    Metadata,
    Page,
    Passage,
    Quarantined,
    Section,
    Span,
)
from qa_service.store.filters import Condition
from qa_service.store.lexical import insert_terms
from qa_service.store.manifest import IndexManifest

_BLOCK = 4_000

StoredVectors = NDArray[np.float16]
"""Vectors as the store holds them: half as much to keep and to read, and the same answers (eval/LOG.md)."""


@dataclass(frozen=True, slots=True)
class EncodedPassage:
    """A passage, its vector of shape [d] and those of its sentences of shape [sentences, d]."""

    passage: Passage
    vector: StoredVectors
    sentence_vectors: StoredVectors

    def __post_init__(self) -> None:
        if len(self.sentence_vectors) != len(self.passage.sentences):
            raise ValueError(f"passage {self.passage.ordinal} needs one vector for each of its sentences")
        if {self.vector.dtype, self.sentence_vectors.dtype} != {np.dtype(np.float16)}:
            raise ValueError("vectors are stored as float16")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that a search found, not read from the store yet: what becomes a Hit."""

    passage_id: int
    sentence_scores: tuple[float, ...]
    answer: Span | None
    score: float
    scores: Mapping[str, float]
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Found:
    """What ranks a passage: vectors with their language, of shape [d] and [sentences, d], and its folded text.

    `sentences` and `search_sentences` are those of Passage, which is the `ordinal`-th of its document.
    """

    passage_id: int
    document_id: str
    ordinal: int
    language: str
    search_text: str
    folded: str
    vector: Vectors
    sentences: tuple[Span, ...]
    search_sentences: tuple[Span, ...]
    sentence_vectors: Vectors
    flagged: bool = False


_HIT = """
    SELECT passages.*, substr(texts.text, start_char + 1, end_char - start_char) AS passage_text,
        file_name, title, source, author, date, url, documents.language AS document_language, text_sha256,
        sha256 AS document_sha256
    FROM passages
    JOIN documents ON documents.id = passages.document_id
    JOIN texts ON texts.document_id = passages.document_id
    WHERE passages.id = ?
"""


def insert_document(connection: sqlite3.Connection, document: Document, content: bytes, manifest_id: int) -> None:
    metadata = document.metadata
    connection.execute(
        "INSERT INTO documents (id, sha256, file_name, title, source, author, date, url, language, origins, characters,"
        " text_sha256, manifest_id, format, encoding, status, page_count, path, replaces, uncorrected)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(document.id, document.sha256, document.file_name, metadata.title, metadata.source, metadata.author),
            *(metadata.date, metadata.url, metadata.language, json.dumps(dict(document.origins))),
            *(len(document.text), document.text_sha256, manifest_id, document.format),
            *(document.encoding and json.dumps(asdict(document.encoding)), document.status, len(document.pages)),
            *(document.path, document.replaces, json.dumps(dict(document.uncorrected))),
        ],
    )
    connection.execute("INSERT INTO texts VALUES (?, ?)", [document.id, document.text])
    insert_sections(connection, document)
    connection.executemany(
        "INSERT INTO pages VALUES (?, ?, ?, ?)",
        [
            (document.id, number, page.start, page.end)
            for number, page in enumerate(document.pages, start=1)
            if page is not None
        ],
    )
    connection.execute("INSERT INTO originals VALUES (?, ?)", [document.id, content])


def insert_sections(connection: sqlite3.Connection, document: Document) -> None:
    """In place of those that the document had."""
    connection.execute("DELETE FROM sections WHERE document_id = ?", [document.id])
    connection.executemany(
        "INSERT INTO sections VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (document.id, number, each.span.start, each.span.end, each.title, each.level, each.speaker)
            for number, each in enumerate(document.sections)
        ],
    )


def update_metadata(connection: sqlite3.Connection, document: Document) -> None:
    metadata = document.metadata
    connection.execute(
        "UPDATE documents SET title = ?, source = ?, author = ?, date = ?, url = ?, language = ?, origins = ?,"
        " uncorrected = ? WHERE id = ?",
        [
            *(metadata.title, metadata.source, metadata.author, metadata.date, metadata.url, metadata.language),
            *(json.dumps(dict(document.origins)), json.dumps(dict(document.uncorrected)), document.id),
        ],
    )


def insert_quarantined(connection: sqlite3.Connection, document_id: str, entries: Sequence[Quarantined]) -> None:
    connection.executemany(
        "INSERT INTO quarantine (document_id, start_char, end_char, kind, reason, state, decided_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (document_id, entry.span.start, entry.span.end, entry.kind, entry.reason, entry.state, entry.by)
            for entry in entries
        ],
    )


def insert_passages(connection: sqlite3.Connection, passages: Sequence[EncodedPassage]) -> list[int]:
    ids: list[int] = []
    for encoded in passages:
        passage = encoded.passage
        passage_id = connection.execute(
            "INSERT INTO passages (document_id, ordinal, start_char, end_char, language, search_text, flagged)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                *(passage.document_id, passage.ordinal, passage.span.start, passage.span.end),
                *(passage.language, passage.search_text, passage.flagged),
            ],
        ).lastrowid
        assert passage_id is not None
        connection.execute("INSERT INTO vectors VALUES (?, ?)", [passage_id, encoded.vector.tobytes()])
        insert_terms(connection, passage_id, passage.search_text)
        connection.executemany(
            "INSERT INTO sentences (passage_id, start_char, end_char, search_start, search_end, vector)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (passage_id, span.start, span.end, searched.start, searched.end, vector.tobytes())
                for span, searched, vector in zip(
                    passage.sentences, passage.search_sentences, encoded.sentence_vectors, strict=True
                )
            ],
        )
        ids.append(passage_id)
    return ids


def delete_passages(connection: sqlite3.Connection, document_id: str, generation: int) -> list[int]:
    rows = connection.execute("SELECT id FROM passages WHERE document_id = ?", [document_id]).fetchall()
    ids = [row["id"] for row in rows]
    connection.executemany("INSERT INTO tombstones VALUES (?, ?)", [(passage_id, generation) for passage_id in ids])
    connection.execute("DELETE FROM passages WHERE document_id = ?", [document_id])
    return ids


def insert_manifest(connection: sqlite3.Connection, manifest: IndexManifest) -> int:
    """The row of a manifest, made when it is new."""
    text = manifest.to_json()
    connection.execute("INSERT OR IGNORE INTO manifests (json) VALUES (?)", [text])
    return int(connection.execute("SELECT id FROM manifests WHERE json = ?", [text]).fetchone()["id"])


def read_generation(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT generation FROM state").fetchone()["generation"])


def next_generation(connection: sqlite3.Connection) -> int:
    connection.execute("UPDATE state SET generation = generation + 1")
    return read_generation(connection)


def to_metadata(row: sqlite3.Row, language: str | None = None) -> Metadata:
    return Metadata(
        title=row["title"],
        source=row["source"],
        author=row["author"],
        date=row["date"],
        url=row["url"],
        language=language or row["language"],
    )


def to_passage(connection: sqlite3.Connection, row: sqlite3.Row) -> Passage:
    sentences = connection.execute(
        "SELECT start_char, end_char, search_start, search_end FROM sentences WHERE passage_id = ? ORDER BY start_char",
        [row["id"]],
    ).fetchall()
    return Passage(
        document_id=row["document_id"],
        ordinal=row["ordinal"],
        span=Span(row["start_char"], row["end_char"]),
        language=row["language"],
        search_text=row["search_text"],
        sentences=_sentences(sentences),
        search_sentences=_search_sentences(sentences),
        flagged=bool(row["flagged"]),
    )


def read_document(connection: sqlite3.Connection, document_id: str) -> Document | None:
    row = connection.execute(
        "SELECT * FROM documents JOIN texts ON document_id = id WHERE id = ?", [document_id]
    ).fetchone()
    if row is None:
        return None
    sections = connection.execute("SELECT * FROM sections WHERE document_id = ? ORDER BY ordinal", [document_id])
    pages: list[Span | None] = [None] * row["page_count"]
    for page in connection.execute("SELECT * FROM pages WHERE document_id = ?", [document_id]):
        pages[page["number"] - 1] = Span(page["start_char"], page["end_char"])
    return Document(
        id=row["id"],
        sha256=row["sha256"],
        file_name=row["file_name"],
        text=row["text"],
        metadata=to_metadata(row),
        origins=json.loads(row["origins"]),
        format=row["format"],
        encoding=_to_encoding(row["encoding"]),
        sections=tuple(map(to_section, sections)),
        pages=tuple(pages),
        status=row["status"],
        path=row["path"],
        replaces=row["replaces"],
        uncorrected={name: (value, origin) for name, (value, origin) in json.loads(row["uncorrected"]).items()},
    )


def to_section(row: sqlite3.Row) -> Section:
    return Section(Span(row["start_char"], row["end_char"]), row["title"], row["level"], row["speaker"])


def to_quarantined(row: sqlite3.Row) -> Quarantined:
    return Quarantined(
        span=Span(row["start_char"], row["end_char"]),
        kind=row["kind"],
        reason=row["reason"],
        state=row["state"],
        by=row["decided_by"],
    )


def _to_encoding(text: str | None) -> Encoding | None:
    if text is None:
        return None
    stored = json.loads(text)
    return Encoding(stored["name"], stored["is_certain"], tuple(stored["candidates"]), stored["replaced"])


def _sentences(rows: Sequence[sqlite3.Row]) -> tuple[Span, ...]:
    return tuple(Span(row["start_char"], row["end_char"]) for row in rows)


def _search_sentences(rows: Sequence[sqlite3.Row]) -> tuple[Span, ...]:
    return tuple(Span(row["search_start"], row["search_end"]) for row in rows)


def to_vectors(blobs: Sequence[bytes]) -> Vectors:
    """Of shape [blobs, d]; at least one. Raises ValueError for blobs of several lengths."""
    if len({len(blob) for blob in blobs}) != 1:
        raise ValueError("the stored vectors have several dimensions")
    return np.frombuffer(b"".join(blobs), dtype=np.float16).reshape(len(blobs), -1).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some passages as the store holds them: ids of shape [n], rising, languages, vectors of shape [n, d]."""

    ids: Ids
    languages: tuple[str, ...]
    vectors: Vectors


def read_blocks(connection: sqlite3.Connection, after_id: int = 0) -> Iterator[Block]:
    """The passages above `after_id`, a block at a time: a million vectors are not held in memory."""
    rows = connection.execute(
        "SELECT passage_id, language, vector FROM vectors JOIN passages ON id = passage_id WHERE passage_id > ?"
        " ORDER BY passage_id",
        [after_id],
    )
    while block := rows.fetchmany(_BLOCK):
        ids, languages, vectors = zip(*block, strict=True)
        yield Block(np.array(ids, dtype=np.int64), languages, to_vectors(vectors))


def read_hit(connection: sqlite3.Connection, candidate: Candidate) -> Hit | None:
    """The passage of a candidate; None when it is there no more."""
    row = connection.execute(_HIT, [candidate.passage_id]).fetchone()
    if row is None:
        return None
    return Hit(
        passage_id=candidate.passage_id,
        passage=to_passage(connection, row),
        sentence_scores=candidate.sentence_scores,
        answer=candidate.answer,
        text=row["passage_text"],
        text_sha256=row["text_sha256"],
        document_sha256=row["document_sha256"],
        file_name=row["file_name"],
        metadata=to_metadata(row, row["document_language"]),
        score=candidate.score,
        scores=candidate.scores,
        explanation=candidate.explanation,
        sections=_sections_of(connection, row),
        pages=_pages_of(connection, row),
    )


_TOUCHED = "document_id = ? AND start_char < ? AND end_char > ?"


def _sections_of(connection: sqlite3.Connection, passage: sqlite3.Row) -> tuple[Section, ...]:
    """Those that a passage touches."""
    rows = connection.execute(f"SELECT * FROM sections WHERE {_TOUCHED} ORDER BY ordinal", _extent(passage))
    return tuple(map(to_section, rows))


def _pages_of(connection: sqlite3.Connection, passage: sqlite3.Row) -> tuple[Page, ...]:
    rows = connection.execute(f"SELECT * FROM pages WHERE {_TOUCHED} ORDER BY number", _extent(passage))
    return tuple(Page(row["number"], Span(row["start_char"], row["end_char"])) for row in rows)


def _extent(passage: sqlite3.Row) -> tuple[str, int, int]:
    return passage["document_id"], passage["end_char"], passage["start_char"]


def read_following(
    connection: sqlite3.Connection, passage_ids: Sequence[int], count: int, where: Condition
) -> list[int]:
    """The ids of the matching passages among the `count` that follow each of these in its document."""
    condition, parameters = where
    rows = connection.execute(
        "SELECT passages.id FROM passages AS leaders"
        " JOIN passages ON passages.document_id = leaders.document_id"
        " AND passages.ordinal BETWEEN leaders.ordinal + 1 AND leaders.ordinal + ?"
        f" WHERE leaders.id IN (SELECT value FROM json_each(?)) AND {condition}",
        [count, json.dumps(list(passage_ids)), *parameters],
    )
    return [row["id"] for row in rows]


def read_found(connection: sqlite3.Connection, passage_ids: Sequence[int]) -> list[Found]:
    """The passages in the order of their ids as given; those deleted meanwhile are left out."""
    ids = json.dumps(list(passage_ids))  # however many: SQL takes so many parameters only
    sentences: dict[int, list[sqlite3.Row]] = {}
    for row in connection.execute(
        "SELECT * FROM sentences WHERE passage_id IN (SELECT value FROM json_each(?)) ORDER BY passage_id, start_char",
        [ids],
    ):
        sentences.setdefault(row["passage_id"], []).append(row)
    rows = connection.execute(
        "SELECT id, document_id, ordinal, language, search_text, folded, vector, flagged"
        " FROM passages JOIN vectors ON passage_id = id JOIN lexical ON lexical.rowid = id"
        " WHERE id IN (SELECT value FROM json_each(?))",
        [ids],
    ).fetchall()
    vectors = to_vectors([row["vector"] for row in rows]) if rows else ()
    found = {
        row["id"]: Found(
            passage_id=row["id"],
            document_id=row["document_id"],
            ordinal=row["ordinal"],
            language=row["language"],
            search_text=row["search_text"],
            folded=row["folded"],
            vector=vector,
            sentences=_sentences(sentences[row["id"]]),
            search_sentences=_search_sentences(sentences[row["id"]]),
            sentence_vectors=to_vectors([each["vector"] for each in sentences[row["id"]]]),
            flagged=bool(row["flagged"]),
        )
        for row, vector in zip(rows, vectors, strict=True)
    }
    return [found[each] for each in passage_ids if each in found]

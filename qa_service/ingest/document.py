"""Raw file to Document: decoded, cleaned and described."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from qa_service.ingest.chunk import kept_text
from qa_service.ingest.clean import find_quarantined, is_mostly_kept_out
from qa_service.ingest.describe import FIELDS, describe
from qa_service.ingest.extract import extract
from qa_service.ingest.sections import find_sections
from qa_service.records import Document, Quarantined, RawFile, Span

_ID_LENGTH = 32
_OF_ROWS = {"csv", "xlsx", "xls", "ods", "json", "jsonl"}
"""What holds records, not a text: their dates are not its own."""
_READ_FROM_TEXT = {None, "text", "detected", "file name"}
"""Where values come from that the text says, or might have said."""


def document_id(content: bytes) -> str:
    """The id of a document: the first 32 digits of the sha256 of its bytes."""
    return hashlib.sha256(content).hexdigest()[:_ID_LENGTH]


def make_document(file: RawFile) -> tuple[Document, tuple[Quarantined, ...]]:
    """The document of a file and what of it is kept out of search. Raises BadFile."""
    extracted = extract(file)
    text = extracted.text
    quarantined = find_quarantined(text, extracted.furniture)
    is_dated = extracted.format not in _OF_ROWS
    metadata, origins = describe(
        *(file.name, _telling_text(text, quarantined), file.metadata, file.metadata_origins, extracted.metadata),
        is_dated,
    )
    document = Document(
        id=document_id(file.content),
        sha256=hashlib.sha256(file.content).hexdigest(),
        file_name=file.name,
        text=text,
        metadata=metadata,
        origins=origins,
        format=extracted.format,
        encoding=extracted.encoding,
        sections=extracted.sections or find_sections(text, extracted.format, _spans_kept_out(quarantined)),
        pages=extracted.pages,
        status="waiting" if is_mostly_kept_out(text, quarantined, extracted.furniture) else "indexed",
    )
    return document, quarantined


def described_without(document: Document, entries: Sequence[Quarantined]) -> Document:
    """The document with what its text says of itself, the spam among `entries` left out."""
    known = {} if document.origins.get("language") == "detected" else {"language": document.metadata.language}
    is_dated = document.format not in _OF_ROWS
    found, origins = describe(document.file_name, _telling_text(document.text, entries), known, is_dated=is_dated)
    anew = [field for field in FIELDS if document.origins.get(field) in _READ_FROM_TEXT]
    return replace(
        document,
        metadata=replace(document.metadata, **{field: getattr(found, field) for field in anew}),
        origins={
            **{field: origin for field, origin in document.origins.items() if field not in anew},
            **{field: origins[field] for field in anew if field in origins},
        },
    )


def _telling_text(text: str, entries: Sequence[Quarantined]) -> str:
    """What a document is described by: what is kept, without flagged spam where anything else is."""
    telling = kept_text(
        text, [replace(e, state="quarantined") if (e.kind, e.state) == ("spam", "flagged") else e for e in entries]
    )
    return telling if telling.strip() else kept_text(text, entries)


def with_sections(document: Document, quarantined: Sequence[Quarantined]) -> Document:
    """A document that was taken in before sections were looked for, or had none, with those of its text."""
    found = document.sections or find_sections(document.text, document.format, _spans_kept_out(quarantined))
    return replace(document, sections=found)


def _spans_kept_out(quarantined: Sequence[Quarantined]) -> list[Span]:
    return [entry.span for entry in quarantined if entry.state == "quarantined"]

"""Raw file to Document: decoded, cleaned and described."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from qa_service.ingest.chunk import kept_text
from qa_service.ingest.clean import find_quarantined, is_mostly_kept_out
from qa_service.ingest.describe import describe
from qa_service.ingest.extract import extract
from qa_service.ingest.sections import find_sections
from qa_service.records import Document, Quarantined, RawFile, Span

_ID_LENGTH = 32
_OF_ROWS = {"csv", "xlsx", "xls", "ods", "json", "jsonl"}
"""What holds records, not a text: their dates are not its own."""


def document_id(content: bytes) -> str:
    """The id of a document: the first 32 digits of the sha256 of its bytes."""
    return hashlib.sha256(content).hexdigest()[:_ID_LENGTH]


def make_document(file: RawFile) -> tuple[Document, tuple[Quarantined, ...]]:
    """The document of a file and what of it is kept out of search. Raises BadFile."""
    extracted = extract(file)
    text = extracted.text
    quarantined = find_quarantined(text, extracted.furniture)
    kept = kept_text(text, quarantined)
    is_dated = extracted.format not in _OF_ROWS
    metadata, origins = describe(file.name, kept, file.metadata, file.metadata_origins, extracted.metadata, is_dated)
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


def with_sections(document: Document, quarantined: Sequence[Quarantined]) -> Document:
    """A document that was taken in before sections were looked for, or had none, with those of its text."""
    found = document.sections or find_sections(document.text, document.format, _spans_kept_out(quarantined))
    return replace(document, sections=found)


def _spans_kept_out(quarantined: Sequence[Quarantined]) -> list[Span]:
    return [entry.span for entry in quarantined if entry.state == "quarantined"]

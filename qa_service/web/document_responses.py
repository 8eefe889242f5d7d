"""What the API returns of documents and of what was done with them. Fields may be added, never renamed."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import zip_longest
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from qa_service.records import Deletion, Document, Quarantined, Receipt, Section
from qa_service.service import DocumentDetail
from qa_service.store.store import DocumentEntry
from qa_service.store.versions import Left
from qa_service.web.responses import MetadataOut, SpanOut, metadata_fields


class QuarantinedOut(SpanOut):
    """`quarantined` is kept out of search, `flagged` searched and ranked down, `kept` searched: an operator let it."""

    kind: str
    reason: str
    state: str
    by: str
    preview: Annotated[str | None, Field(description="How it begins, in a receipt")] = None

    @classmethod
    def of_entry(cls, entry: Quarantined, preview: str | None = None) -> "QuarantinedOut":
        return cls(
            start_char_index=entry.span.start,
            end_char_index=entry.span.end,
            kind=entry.kind,
            reason=entry.reason,
            state=entry.state,
            by=entry.by,
            preview=preview,
        )


class DocumentOut(MetadataOut):
    """`superseded`: a newer version took its place in the search; `replaces` is the id of the version before it.

    `path` is where the file stood when it was taken in, as far as its sender said so.
    """

    document_id: str
    file_name: str
    characters: int
    passages: int
    status: Literal["indexed", "quarantined", "waiting", "superseded"]
    replaces: str | None
    path: str | None
    added_at: str

    @classmethod
    def of(cls, entry: DocumentEntry) -> "DocumentOut":
        return cls(
            document_id=entry.id,
            file_name=entry.file_name,
            **metadata_fields(entry.metadata),
            characters=entry.characters,
            passages=entry.passages,
            status="quarantined" if entry.status == "indexed" and not entry.passages else entry.status,
            replaces=entry.replaces,
            path=entry.path,
            added_at=entry.added_at,
        )


class DocumentsOut(BaseModel):
    documents: list[DocumentOut]
    total: int


class SectionOut(SpanOut):
    title: str
    level: int
    speaker: str | None

    @classmethod
    def of_section(cls, section: Section) -> "SectionOut":
        return cls(
            start_char_index=section.span.start,
            end_char_index=section.span.end,
            title=section.title,
            level=section.level,
            speaker=section.speaker,
        )


class EncodingOut(BaseModel):
    """Not certain: `candidates` are the other readings. `replaced` counts characters that could not be read."""

    name: str
    is_certain: bool
    candidates: list[str]
    replaced: int


class NearDuplicateOut(BaseModel):
    """A document that says much the same: the share of the smaller one's text that both have."""

    document_id: str
    file_name: str
    share: float


class DocumentDetailOut(MetadataOut):
    """`metadata_origins` says where each value came from: corrected, sidecar, manifest, given, what the file's format
    names, text, detected or file name. `pages` has null for a page without text.
    """

    document_id: str
    file_name: str
    sha256: str
    status: str
    replaces: str | None
    metadata_origins: dict[str, str]
    characters: int
    text: str
    text_sha256: str
    sections: list[SectionOut]
    pages: list[SpanOut | None]
    passages: list[SpanOut]
    quarantined: list[QuarantinedOut]

    @classmethod
    def of(cls, detail: DocumentDetail) -> "DocumentDetailOut":
        document = detail.document
        return cls(
            document_id=document.id,
            file_name=document.file_name,
            sha256=document.sha256,
            status=document.status,
            replaces=document.replaces,
            **metadata_fields(document.metadata),
            metadata_origins=dict(document.origins),
            characters=len(document.text),
            text=document.text,
            text_sha256=document.text_sha256,
            sections=[SectionOut.of_section(section) for section in document.sections],
            pages=[None if page is None else SpanOut.of(page) for page in document.pages],
            passages=[SpanOut.of(passage.span) for passage in detail.passages],
            quarantined=[QuarantinedOut.of_entry(entry) for entry in detail.quarantined],
        )


class DescriptionOut(MetadataOut):
    """The metadata of a document, with where each value came from."""

    document_id: str
    file_name: str
    metadata_origins: dict[str, str]

    @classmethod
    def of(cls, document: Document) -> "DescriptionOut":
        return cls(
            document_id=document.id,
            file_name=document.file_name,
            **metadata_fields(document.metadata),
            metadata_origins=dict(document.origins),
        )


class ReceiptOut(MetadataOut):
    """What was done with a file. `unchanged`: the same bytes were there already; `replaced`: as a new version;
    `waiting`: they wait for a decision, also where they were there already; what `replaces` names stays till then."""

    document_id: str
    file_name: str
    status: str
    format: str
    encoding: EncodingOut | None
    metadata_origins: dict[str, str]
    characters: int
    sections: list[SectionOut]
    pages: int
    passages: int
    quarantined: list[QuarantinedOut]
    near_duplicates: list[NearDuplicateOut]
    replaces: str | None
    received_at: str
    took_ms: float

    @classmethod
    def of(cls, receipt: Receipt, status: str | None = None) -> "ReceiptOut":
        """`status` is what it was at the time, where another is stored by now."""
        return cls(
            document_id=receipt.document_id,
            file_name=receipt.file_name,
            status=status or receipt.status,
            format=receipt.format,
            encoding=EncodingOut(**asdict(receipt.encoding)) if receipt.encoding else None,
            **metadata_fields(receipt.metadata),
            metadata_origins=dict(receipt.origins),
            characters=receipt.characters,
            sections=[SectionOut.of_section(section) for section in receipt.sections],
            pages=receipt.pages,
            passages=receipt.passages,
            quarantined=[QuarantinedOut.of_entry(*each) for each in zip_longest(receipt.quarantined, receipt.previews)],
            near_duplicates=[NearDuplicateOut(**asdict(each)) for each in receipt.near_duplicates],
            replaces=receipt.replaces,
            received_at=receipt.received_at,
            took_ms=round(receipt.took_ms, 1),
        )


class DeletionOut(BaseModel):
    """What is kept of a deleted document: no content, no name."""

    deleted_at: str
    document_id: str
    sha256: str
    command: str


class AuditOut(BaseModel):
    deletions: list[DeletionOut]

    @classmethod
    def of(cls, deletions: Sequence[Deletion]) -> "AuditOut":
        return cls(deletions=[DeletionOut(**asdict(each)) for each in deletions])


class LeftOut(BaseModel):
    """Does a document still stand somewhere? Its `path`, null for one that was sent, or stands nowhere."""

    stands: bool
    path: str | None

    @classmethod
    def of(cls, left: Left) -> "LeftOut":
        return cls(stands=left.stands, path=left.path)


class ReindexOut(BaseModel):
    documents: int

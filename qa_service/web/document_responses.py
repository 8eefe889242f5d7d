"""What the API returns of documents and of what was done with them. Fields may be added, never renamed."""

from dataclasses import asdict
from typing import Literal

from pydantic import BaseModel

from qa_service.records import Quarantined, Receipt, Section
from qa_service.service import DocumentDetail
from qa_service.store.store import DocumentEntry
from qa_service.web.responses import MetadataOut, SpanOut, metadata_fields


class QuarantinedOut(SpanOut):
    """`quarantined` is kept out of search, `flagged` searched and ranked down, `kept` searched: an operator let it."""

    kind: str
    reason: str
    state: str
    by: str

    @classmethod
    def of_entry(cls, entry: Quarantined) -> "QuarantinedOut":
        return cls(
            start_char_index=entry.span.start,
            end_char_index=entry.span.end,
            kind=entry.kind,
            reason=entry.reason,
            state=entry.state,
            by=entry.by,
        )


class DocumentOut(MetadataOut):
    document_id: str
    file_name: str
    characters: int
    passages: int
    status: Literal["indexed", "quarantined", "waiting", "superseded"]
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
    """`metadata_origins` says where each value came from: given, text, detected or file name."""

    document_id: str
    file_name: str
    sha256: str
    metadata_origins: dict[str, str]
    characters: int
    text: str
    text_sha256: str
    passages: list[SpanOut]
    quarantined: list[QuarantinedOut]

    @classmethod
    def of(cls, detail: DocumentDetail) -> "DocumentDetailOut":
        document = detail.document
        return cls(
            document_id=document.id,
            file_name=document.file_name,
            sha256=document.sha256,
            **metadata_fields(document.metadata),
            metadata_origins=dict(document.origins),
            characters=len(document.text),
            text=document.text,
            text_sha256=document.text_sha256,
            passages=[SpanOut.of(passage.span) for passage in detail.passages],
            quarantined=[QuarantinedOut.of_entry(entry) for entry in detail.quarantined],
        )


class ReceiptOut(MetadataOut):
    """What was done with a file. `unchanged`: the same bytes were there already."""

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
    def of(cls, receipt: Receipt) -> "ReceiptOut":
        return cls(
            document_id=receipt.document_id,
            file_name=receipt.file_name,
            status=receipt.status,
            format=receipt.format,
            encoding=EncodingOut(**asdict(receipt.encoding)) if receipt.encoding else None,
            **metadata_fields(receipt.metadata),
            metadata_origins=dict(receipt.origins),
            characters=receipt.characters,
            sections=[SectionOut.of_section(section) for section in receipt.sections],
            pages=receipt.pages,
            passages=receipt.passages,
            quarantined=[QuarantinedOut.of_entry(entry) for entry in receipt.quarantined],
            near_duplicates=[NearDuplicateOut(**asdict(each)) for each in receipt.near_duplicates],
            replaces=receipt.replaces,
            received_at=receipt.received_at,
            took_ms=round(receipt.took_ms, 1),
        )


class ReindexOut(BaseModel):
    documents: int

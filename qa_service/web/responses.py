"""What the API returns. Fields may be added, never renamed."""

from typing import Any, Literal

from pydantic import BaseModel

from qa_service.records import Answer, Citation, Hit, Metadata, Quarantined, Ranking, Receipt, Span
from qa_service.service import DocumentDetail
from qa_service.store.store import DocumentEntry


class MetadataOut(BaseModel):
    title: str
    source: str | None
    author: str | None
    date: str | None
    url: str | None
    language: str


class SpanOut(BaseModel):
    """Unicode code points into the document's text, start inclusive, end exclusive."""

    start_char_index: int
    end_char_index: int

    @classmethod
    def of(cls, span: Span) -> "SpanOut":
        return cls(start_char_index=span.start, end_char_index=span.end)


class QuarantinedOut(SpanOut):
    kind: str
    reason: str

    @classmethod
    def of_entry(cls, entry: Quarantined) -> "QuarantinedOut":
        return cls(
            start_char_index=entry.span.start, end_char_index=entry.span.end, kind=entry.kind, reason=entry.reason
        )


class HitOut(MetadataOut):
    """A passage and where it stands. `text` is a slice of the document's text whose sha256 is `text_sha256`."""

    document_id: str
    file_name: str
    section: str | None = None
    start_char_index: int
    end_char_index: int
    text: str
    text_sha256: str
    score: float
    scores: dict[str, float]

    @classmethod
    def of(cls, hit: Hit) -> "HitOut":
        return cls(**_hit_fields(hit))


class CitationOut(HitOut):
    """A hit and in it the quote, itself a slice of the document's text."""

    index: int
    quote: str
    quote_start_char_index: int
    quote_end_char_index: int

    @classmethod
    def of_citation(cls, citation: Citation) -> "CitationOut":
        return cls(
            **_hit_fields(citation.hit),
            index=citation.index,
            quote=citation.quote,
            quote_start_char_index=citation.quote_span.start,
            quote_end_char_index=citation.quote_span.end,
        )


class SearchOut(BaseModel):
    question: str
    language: str
    search_query: str
    hits: list[HitOut]
    index_version: str
    model: str
    timings_ms: dict[str, float]

    @classmethod
    def of(cls, result: Ranking) -> "SearchOut":
        return cls(
            question=result.question,
            language=result.language,
            search_query=result.search_query,
            hits=[HitOut.of(hit) for hit in result.hits],
            index_version=result.index_version,
            model=result.model,
            timings_ms=dict(result.timings_ms),
        )


class AnswerOut(BaseModel):
    """Not answerable: `answer` is null, `citations` is empty and `related` holds the nearest passages."""

    id: str
    question: str
    language: str
    search_query: str
    answerable: bool
    confidence: float
    answer: str | None
    answer_kind: str
    citations: list[CitationOut]
    related: list[HitOut]
    index_version: str
    model: str
    timings_ms: dict[str, float]

    @classmethod
    def of(cls, answer: Answer) -> "AnswerOut":
        return cls(
            id=answer.id,
            question=answer.question,
            language=answer.language,
            search_query=answer.search_query,
            answerable=answer.answerable,
            confidence=answer.confidence,
            answer=answer.text,
            answer_kind=answer.kind,
            citations=[CitationOut.of_citation(citation) for citation in answer.citations],
            related=[HitOut.of(hit) for hit in answer.related],
            index_version=answer.index_version,
            model=answer.model,
            timings_ms=dict(answer.timings_ms),
        )


class DocumentOut(MetadataOut):
    document_id: str
    file_name: str
    characters: int
    passages: int
    status: Literal["indexed", "quarantined"]
    added_at: str

    @classmethod
    def of(cls, entry: DocumentEntry) -> "DocumentOut":
        return cls(
            document_id=entry.id,
            file_name=entry.file_name,
            **_metadata_fields(entry.metadata),
            characters=entry.characters,
            passages=entry.passages,
            status="indexed" if entry.passages else "quarantined",
            added_at=entry.added_at,
        )


class DocumentsOut(BaseModel):
    documents: list[DocumentOut]
    total: int


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
            **_metadata_fields(document.metadata),
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
    metadata_origins: dict[str, str]
    characters: int
    passages: int
    quarantined: list[QuarantinedOut]

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptOut":
        return cls(
            document_id=receipt.document_id,
            file_name=receipt.file_name,
            status=receipt.status,
            **_metadata_fields(receipt.metadata),
            metadata_origins=dict(receipt.origins),
            characters=receipt.characters,
            passages=receipt.passages,
            quarantined=[QuarantinedOut.of_entry(entry) for entry in receipt.quarantined],
        )


class ReindexOut(BaseModel):
    documents: int


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(Health):
    documents: int
    index_version: str
    model: str
    neutralizer: str


class ErrorOut(BaseModel):
    error_code: str
    detail: str


def _metadata_fields(metadata: Metadata) -> dict[str, Any]:
    return {name: getattr(metadata, name) for name in MetadataOut.model_fields}


def _hit_fields(hit: Hit) -> dict[str, Any]:
    return {
        **_metadata_fields(hit.metadata),
        "language": hit.passage.language,
        "document_id": hit.passage.document_id,
        "file_name": hit.file_name,
        "start_char_index": hit.passage.span.start,
        "end_char_index": hit.passage.span.end,
        "text": hit.text,
        "text_sha256": hit.text_sha256,
        "score": hit.score,
        "scores": dict(hit.scores),
    }

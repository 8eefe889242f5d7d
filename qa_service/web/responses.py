"""What the API returns. Fields may be added, never renamed."""

from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel

from qa_service.records import (
    Answer,
    Change,
    Citation,
    Explanation,
    Filters,
    Hit,
    Metadata,
    Place,
    QuotePlace,
    Ranking,
    RecordCheck,
    Span,
    Standing,
    Verification,
)
from qa_service.web.record_file import ExportsOut

Why = tuple[str, Filters] | None
"""The query that was searched and the filters that held, where the explanation of a hit is wanted."""


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


def _place_fields(model: type[SpanOut], place: Place | QuotePlace) -> dict[str, Any]:
    span = SpanOut.of(place.span).model_dump()
    return {**span, **{name: getattr(place, name) for name in model.model_fields if name not in span}}


class PlaceOut(SpanOut):
    """Where another passage stands that says the same."""

    document_id: str
    file_name: str
    title: str
    source: str | None
    date: str | None
    language: str

    @classmethod
    def of_place(cls, place: Place) -> "PlaceOut":
        return cls(**_place_fields(cls, place))


class DifferenceOut(BaseModel):
    """Another document gives another number or date for what was asked: `own` here, `other` there."""

    own: str
    other: str
    place: PlaceOut


class ExplanationOut(BaseModel):
    """Why a hit stands where it does: ranks begin at 1, among the passages that were looked at.

    `cosine` is the score of the vectors as the model gave them, `dense` of those without their language, `sentence` of
    the best sentence; `lexical` the share of the question's letters, Han characters and numbers that stand in the
    passage, `lexical_above_language` the same less what is usual for the passage's language, `lead` what it gains from
    a better passage that it follows; `first_stage` what they come to; `rerank` the log-odds of the second stage and
    `pointer` how much the best sentence looks like the answer to it, null where it was not asked. `flagged`: some of
    the passage may be spam or boilerplate, which ranks it down.
    """

    query: str
    filters: dict[str, Any]
    cosine_rank: int
    cosine: float
    dense_rank: int
    dense: float
    sentence: float
    lexical_rank: int
    lexical: float
    lexical_above_language: float
    lead: float
    matched_terms: list[str]
    first_stage_rank: int
    first_stage: float
    rerank: float | None
    pointer: float | None
    flagged: bool = False

    @classmethod
    def of(cls, explanation: Explanation, query: str, filters: Filters) -> "ExplanationOut":
        return cls(query=query, filters=asdict(filters), **asdict(explanation))


class HitOut(MetadataOut):
    """A passage and where it stands. `text` is a slice of the document's text whose sha256 is `text_sha256`.

    `copies` say the same in the same words and are no hits of their own; `corroborating` are hits in other languages
    that tell the same, `differing` ones of other documents that give another number or date for what was asked.
    `explain` is null unless the request asks for it. `section`, `speaker` and `page` are those of the quote in a
    citation, of the passage elsewhere, null where the document has none.
    """

    document_id: str
    file_name: str
    section: str | None = None
    speaker: str | None = None
    page: int | None = None
    start_char_index: int
    end_char_index: int
    text: str
    text_sha256: str
    score: float
    scores: dict[str, float]
    copies: list[PlaceOut]
    corroborating: list[PlaceOut]
    differing: list[DifferenceOut]
    explain: ExplanationOut | None = None

    @classmethod
    def of(cls, hit: Hit, why: Why = None) -> "HitOut":
        return cls(**_hit_fields(hit, why))


class CitationOut(HitOut):
    """A hit and in it the quote, itself a slice of the document's text."""

    index: int
    quote: str
    quote_start_char_index: int
    quote_end_char_index: int

    @classmethod
    def of_citation(cls, citation: Citation, why: Why = None) -> "CitationOut":
        place = {"section": citation.section, "speaker": citation.speaker, "page": citation.page}
        return cls(
            **{**_hit_fields(citation.hit, why), **place},
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
    def of(cls, result: Ranking, why: Filters | None = None) -> "SearchOut":
        """With the explanations of its hits where `why` gives the filters that held."""
        return cls(
            question=result.question,
            language=result.language,
            search_query=result.search_query,
            hits=[HitOut.of(hit, _asked(result.search_query, why)) for hit in result.hits],
            index_version=result.index_version,
            model=result.model,
            timings_ms=dict(result.timings_ms),
        )


class AnswerOut(BaseModel):
    """Not answerable: `answer` is null, `citations` is empty and `related` holds the nearest passages.

    `search_query` is what was searched: the question, completed from the history where it leans on that.
    `confidence` is a probability where it is `calibrated` for the models in use, else it only orders answers.
    `exports` is null unless the request asks for formats.
    """

    id: str
    question: str
    language: str
    search_query: str
    answerable: bool
    confidence: float
    calibrated: bool
    answer: str | None
    answer_kind: str
    citations: list[CitationOut]
    related: list[HitOut]
    index_version: str
    model: str
    timings_ms: dict[str, float]
    exports: ExportsOut | None = None

    @classmethod
    def of(cls, answer: Answer, why: Filters | None = None, exports: ExportsOut | None = None) -> "AnswerOut":
        """With the explanations of its hits where `why` gives the filters that held."""
        asked = _asked(answer.search_query, why)
        return cls(
            id=answer.id,
            question=answer.question,
            language=answer.language,
            search_query=answer.search_query,
            answerable=answer.answerable,
            confidence=answer.confidence,
            calibrated=answer.is_calibrated,
            answer=answer.text,
            answer_kind=answer.kind,
            citations=[CitationOut.of_citation(citation, asked) for citation in answer.citations],
            related=[HitOut.of(hit, asked) for hit in answer.related],
            index_version=answer.index_version,
            model=answer.model,
            timings_ms=dict(answer.timings_ms),
            exports=exports,
        )


class CitationCheckOut(BaseModel):
    """`stands`, `moved`: `place` is where the quote is now. `changed`: only its document is there; `gone`: neither.
    `newer_version`: the id of the document that took the place of the cited one, if one did."""

    index: int
    verdict: Standing
    place: PlaceOut | None
    newer_version: str | None


class RecordCheckOut(BaseModel):
    """`stands`: the record is unaltered, and every quote in its place in the very text that it was taken from."""

    stands: bool
    unaltered: bool
    citations: list[CitationCheckOut]

    @classmethod
    def of(cls, check: RecordCheck) -> "RecordCheckOut":
        citations = [
            CitationCheckOut(
                index=each.index,
                verdict=each.verdict,
                place=None if each.place is None else PlaceOut.of_place(each.place),
                newer_version=each.newer_version,
            )
            for each in check.citations
        ]
        return cls(stands=check.stands, unaltered=check.unaltered, citations=citations)


class QuotePlaceOut(SpanOut):
    """Where a quote stands: `text` is the document's own. `cuts_word`: it begins or ends inside a word or a number
    there. `quarantined`: it is at least partly kept out of search. `superseded`: it stands in an older version,
    `waiting`: in a document that is not searched until somebody decides."""

    document_id: str
    file_name: str
    title: str
    text: str
    cuts_word: bool
    quarantined: bool
    superseded: bool
    waiting: bool

    @classmethod
    def of_place(cls, place: QuotePlace) -> "QuotePlaceOut":
        return cls(**_place_fields(cls, place))


class ChangeOut(BaseModel):
    """`insert` stands in the document only, `delete` in the quote only; what is `equal` may differ in its form."""

    op: Literal["equal", "insert", "delete", "replace"]
    quote: str
    document: str

    @classmethod
    def of(cls, change: Change) -> "ChangeOut":
        return cls(op=change.op, quote=change.quote, document=change.document)


class VerifyOut(BaseModel):
    """`exact`: character for character. `normalised`: all but white space, the form of punctuation outside numbers,
    width, simplified or traditional Han and invisible characters is the same. `near`: it is not, and `diff` says what
    differs at the one place that is most like the quote. `total` counts all places, of which the first 100 are listed.
    """

    quote: str
    verdict: Literal["exact", "normalised", "near", "absent"]
    places: list[QuotePlaceOut]
    total: int
    similarity: float | None
    diff: list[ChangeOut]

    @classmethod
    def of(cls, verification: Verification) -> "VerifyOut":
        return cls(
            quote=verification.quote,
            verdict=verification.verdict,
            places=[QuotePlaceOut.of_place(place) for place in verification.places],
            total=verification.total,
            similarity=verification.similarity,
            diff=[ChangeOut.of(change) for change in verification.changes],
        )


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(Health):
    documents: int
    index_version: str
    model: str
    neutralizer: str
    reranker: str
    calibrated: bool


class ErrorOut(BaseModel):
    error_code: str
    detail: str


def metadata_fields(metadata: Metadata) -> dict[str, Any]:
    """What the fields of a MetadataOut are made of."""
    return {name: getattr(metadata, name) for name in MetadataOut.model_fields}


def _asked(query: str, filters: Filters | None) -> Why:
    return None if filters is None else (query, filters)


def _hit_fields(hit: Hit, why: Why) -> dict[str, Any]:
    return {
        **metadata_fields(hit.metadata),
        "language": hit.passage.language,
        "document_id": hit.passage.document_id,
        "file_name": hit.file_name,
        "section": hit.section(hit.passage.span),
        "speaker": hit.speaker(hit.passage.span),
        "page": hit.page(hit.passage.span),
        "start_char_index": hit.passage.span.start,
        "end_char_index": hit.passage.span.end,
        "text": hit.text,
        "text_sha256": hit.text_sha256,
        "score": hit.score,
        "scores": dict(hit.scores),
        "copies": [PlaceOut.of_place(place) for place in hit.copies],
        "corroborating": [PlaceOut.of_place(place) for place in hit.corroborating],
        "differing": [
            DifferenceOut(own=each.own, other=each.other, place=PlaceOut.of_place(each.place)) for each in hit.differing
        ],
        "explain": why and ExplanationOut.of(hit.explanation, *why),
    }

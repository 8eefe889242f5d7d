"""What the API takes: checked here, strictly; unknown fields are refused."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Literal, Self

from fastapi import Request
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from qa_service.answering.export.formats import FORMATS, FormatName
from qa_service.errors import BadInput, NotSupported
from qa_service.ingest.describe import is_date, is_text
from qa_service.records import Filters, QuarantineKind, Span, Turn
from qa_service.service import MAX_QUESTION, MAX_QUOTE, MAX_TOP_K
from qa_service.web.errors import describe_validation

MAX_BODY = 1_000_000
"""Bytes of a request, where nothing else is said."""
MAX_PATH = 4_096
"""Characters of the place of a file."""
MAX_VALUES = 100
"""How many values a list of a filter holds at most."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*(?:-[A-Za-z0-9](?:-[A-Za-z0-9]{2,8})+)*")
MAX_TURNS, MAX_TURN = 50, 20_000
"""Of a history: how many turns, and how many characters in each."""
_MAX_SOURCE = 2_000  # no longer one is taken in
_ID = re.compile(r"[0-9a-f]{32}")
_NO_DOCUMENT_ID = "is not a document's id, 32 digits 0-9 a-f; the list of documents shows them"


def _is_text(value: str) -> str:
    """JSON can say half a surrogate pair and NUL, which no text has."""
    if not is_text(value):
        raise ValueError("holds a NUL or half a surrogate pair, which no text has")
    return value


Text = Annotated[str, AfterValidator(_is_text)]


class _In(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _must(fit: Callable[[str], object], otherwise: str) -> AfterValidator:
    def check(value: str) -> str:
        if not fit(value):
            raise ValueError(otherwise)
        return value

    return AfterValidator(check)


Language = Annotated[
    str, _must(_LANGUAGE.fullmatch, "is not a BCP 47 language tag; write it as in en, zh, zh-Hant or kk-Cyrl")
]
DocumentId = Annotated[str, _must(_ID.fullmatch, _NO_DOCUMENT_ID)]
JobId = Annotated[str, _must(_ID.fullmatch, "is not a job's id, 32 digits 0-9 a-f; GET /jobs shows them")]
AnswerId = Annotated[str, _must(_ID.fullmatch, "is not an answer's id, 32 digits 0-9 a-f; it stands in the answer")]
Source = Annotated[
    Text,
    _must(str.strip, "is blank; name a source or leave it out"),
    _must(lambda value: len(value) <= _MAX_SOURCE, f"is longer than {_MAX_SOURCE:,} characters; no source is"),
]
Date = Annotated[str, _must(is_date, "is not a date of the calendar; write YYYY, YYYY-MM or YYYY-MM-DD")]


class FiltersIn(_In):
    """Which passages may be found. All conditions hold; an empty list or null restricts nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"languages": ["en"], "document_ids": [], "sources": [], "date_from": "2025-01-01", "date_to": None}
            ]
        }
    )

    languages: Annotated[
        list[Language] | None,
        Field(
            max_length=MAX_VALUES,
            description="Languages of the passage, BCP 47, any case: zh takes zh-Hans and zh-Hant, zh-Hant only itself",
            examples=[["en", "zh"]],
        ),
    ] = []
    document_ids: Annotated[
        list[DocumentId] | None,
        Field(
            max_length=MAX_VALUES,
            description="Ids from the list of documents",
            examples=[["3dd684efc7d487530fed1469bf34a889"]],
        ),
    ] = []
    sources: Annotated[
        list[Source] | None,
        Field(
            max_length=MAX_VALUES,
            description="Sources of the document; case and white space don't count",
            examples=[["China Daily", "Kazinform"]],
        ),
    ] = []
    date_from: Annotated[
        Date | None,
        Field(
            description="The first day, month or year, itself included. What counts is whether the periods overlap: "
            "a document of 2025 matches 2025-06-14",
            examples=["2025-01-01"],
        ),
    ] = None
    date_to: Annotated[
        Date | None, Field(description="The last day, month or year, itself included", examples=["2025-06"])
    ] = None
    include_undated: Annotated[
        bool, Field(description="Let through documents without a date, which otherwise match no date filter")
    ] = False

    @field_validator("date_to")
    @classmethod
    def _ends_after_it_begins(cls, last: str | None, info: ValidationInfo) -> str | None:
        first = info.data.get("date_from")
        if first and last and first[: len(last)] > last:
            raise ValueError("lies before the first date; swap the two")
        return last

    def to_filters(self) -> Filters:
        return Filters(
            languages=tuple(self.languages or ()),
            document_ids=tuple(self.document_ids or ()),
            sources=tuple(self.sources or ()),
            date_from=self.date_from,
            date_to=self.date_to,
            include_undated=self.include_undated,
        )


def read_filters(given: Mapping[str, object]) -> Filters:
    """Filters from another way in, under the names of `FiltersIn`. Raises BadInput naming the field."""
    try:
        return FiltersIn.model_validate(given).to_filters()
    except ValidationError as error:
        raise BadInput(describe_validation(error.errors())) from error


def refuse_unknown_parameters(request: Request) -> None:
    """What an address says behind its "?" and nobody reads: one who pages with `limit` would lose documents unseen.

    Raises BadInput.
    """
    known = [parameter.alias for parameter in request.scope["route"].dependant.query_params]
    body = "; fields go into the body" if request.method in {"POST", "PATCH"} else ""
    for name in request.query_params:
        if name not in known:
            raise BadInput(f"{name[:80]}: no such parameter behind the ?; there is {', '.join(known) or 'none'}{body}")


def check_document_id(value: str) -> str:
    """The id itself. Raises BadInput naming it."""
    if not _ID.fullmatch(value):
        raise BadInput(f"{value[:80]}: {_NO_DOCUMENT_ID}")
    return value


class TurnIn(_In):
    """`content` is null where an answer is: a refusal is part of what was said."""

    role: Literal["user", "assistant"]
    content: Annotated[str, Field(max_length=MAX_TURN), AfterValidator(_is_text)] | None

    @model_validator(mode="after")
    def _is_said(self) -> Self:
        if self.content is None and self.role == "user":
            raise ValueError("content is null; only an assistant's may be, where it had no answer")
        return self


class SearchIn(_In):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "How large was the trade between China and Central Asia in 2024?", "top_k": 5},
                {"question": "2024年中国与中亚国家的贸易额是多少？"},
                {
                    "question": "Сколько студентов из Казахстана учится в Китае?",
                    "filters": {
                        "languages": ["en"],
                        "sources": ["Kazinform"],
                        "date_from": "2016",
                        "date_to": "2025-06",
                    },
                },
            ]
        }
    )

    question: Annotated[str, Field(min_length=1, max_length=MAX_QUESTION), AfterValidator(_is_text)]
    top_k: Annotated[int, Field(ge=1, le=MAX_TOP_K)] = 5
    filters: FiltersIn = FiltersIn()
    explain: Annotated[bool, Field(description="Say of each hit why it stands where it does")] = False

    @property
    def why(self) -> Filters | None:
        """The filters, where hits are to be explained."""
        return self.filters.to_filters() if self.explain else None


class AskIn(SearchIn):
    stream: bool = False
    history: Annotated[
        list[TurnIn],
        Field(
            max_length=MAX_TURNS,
            description="What was said before, oldest first: a follow-up is completed from it, and search_query in the "
            f"answer is what was searched. The whole request has at most {MAX_BODY:,} bytes",
            examples=[[{"role": "user", "content": "How many jobs has CNPC created in Central Asia?"}]],
        ),
    ] = []
    export: Annotated[
        list[FormatName],
        Field(
            max_length=len(FORMATS),
            description="Give the answer with its citations in these formats, too, under `exports`",
            examples=[["markdown", "record"]],
        ),
    ] = []

    def refuse_unbuilt(self) -> None:
        """Raises NotSupported."""
        if self.stream:
            raise NotSupported("stream: not supported yet; leave it out or set it to false")

    def to_history(self) -> tuple[Turn, ...]:
        return tuple(Turn(turn.role, turn.content) for turn in self.history if turn.content is not None)


class VerifyIn(_In):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"quote": "There are over 11 thousand Kazakhstan students in China"},
                {"quote": "中国石油践行本土化战略", "document_id": "e2ba7ad651ec4b9f23c5ce1c4114eddb"},
            ]
        }
    )

    quote: Annotated[
        str,
        Field(min_length=1, max_length=MAX_QUOTE, description="What is to be found, as it was quoted"),
        AfterValidator(_is_text),
    ]
    document_id: Annotated[DocumentId | None, Field(description="Look in this document only")] = None


MetadataField = Literal["title", "source", "author", "date", "url", "language"]


class GivenMetadata(_In):
    """What the sender knows of an uploaded document; it comes before what the text says."""

    title: Text | None = None
    source: Text | None = None
    author: Text | None = None
    date: Text | None = None
    url: Text | None = None
    language: Text | None = None


class GivenOrigins(RootModel[dict[MetadataField, Literal["given", "sidecar", "manifest"]]]):
    """Where given metadata stood with the sender."""


class CorrectionIn(_In):
    """What an operator knows better. Null takes a correction back, "" says that there is none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"title": "C. Asia ties to get new boost", "date": "2025-06-14", "author": None}]
        }
    )

    title: Text | None = None
    source: Text | None = None
    author: Text | None = None
    date: Text | None = None
    url: Text | None = None
    language: Text | None = None

    def to_changes(self) -> dict[str, str | None]:
        """Raises BadInput."""
        if not self.model_fields_set:
            raise BadInput(f"body: give at least one of {', '.join(type(self).model_fields)}")
        return {name: getattr(self, name) for name in sorted(self.model_fields_set)}


class LeaveIn(_In):
    path: Annotated[Text, Field(min_length=1, max_length=MAX_PATH, description="Where its file stood")]


class RestoreIn(_In):
    start_char_index: Annotated[int, Field(ge=0, description="Where the quarantined stretch begins")]


class QuarantineIn(_In):
    start_char_index: Annotated[int, Field(ge=0, description="Where the stretch begins that is to be kept out")]
    end_char_index: Annotated[int, Field(ge=1, description="Where it ends: the first character behind it")]
    kind: Annotated[QuarantineKind, Field(description="What it is")] = "boilerplate"

    def to_span(self) -> Span:
        """Raises BadInput."""
        if self.end_char_index <= self.start_char_index:
            raise BadInput("end_char_index: must be greater than start_char_index")
        return Span(self.start_char_index, self.end_char_index)

"""An answer as it leaves for good, and a record as it comes back: its fields, checked strictly."""

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_serializer,
)

from qa_service.answering.export.formats import FORMATS, FormatName
from qa_service.answering.export.record import VERSION, record_json, record_object
from qa_service.errors import BadInput
from qa_service.records import AnswerKind, Metadata, Record, RecordedCitation, Span
from qa_service.web.errors import describe_validation
from qa_service.web.requests import Text

MAX_RECORD_BYTES = 4_000_000
"""Far above what fifty citations come to."""
_LATER = ("section", "speaker", "page")
_MAX_INTEGER = 2**53 - 1
"""The largest that every reader of JSON reads exactly."""


def _known_version(version: int) -> int:
    if version != VERSION:
        raise ValueError(f"is {version}, but this release reads {VERSION} only; check with the release that wrote it")
    return version


def _is_sha256(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError("is not a sha256, 64 digits 0-9 a-f")
    return value


Offset = Annotated[int, Field(ge=0, le=_MAX_INTEGER)]
Sha256 = Annotated[str, AfterValidator(_is_sha256)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class RecordedCitationFile(_Part):
    """A citation in a record. Offsets are Unicode code points into the text whose sha256 is `text_sha256`.

    `language` is the document's.
    """

    index: Annotated[int, Field(ge=1, le=_MAX_INTEGER)]
    quote: Annotated[Text, Field(min_length=1)]
    quote_start_char_index: Offset
    quote_end_char_index: Offset
    start_char_index: Offset
    end_char_index: Offset
    document_id: Text
    document_sha256: Sha256
    text_sha256: Sha256
    file_name: Text
    title: Text
    source: Text | None
    author: Text | None
    date: Text | None
    url: Text | None
    language: Text
    section: Text | None = None
    speaker: Text | None = None
    page: Annotated[int | None, Field(ge=1, le=_MAX_INTEGER)] = None

    @model_serializer(mode="wrap")
    def _without_what_is_not_known(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As the record is sealed: these fields came later, and stand in it only where they are known."""
        written: dict[str, Any] = serialize(self)
        return {name: value for name, value in written.items() if name not in _LATER or value is not None}

    @field_validator("quote_end_char_index", "end_char_index")
    @classmethod
    def _ends_after_it_begins(cls, end: int, info: ValidationInfo) -> int:
        start = info.data.get(str(info.field_name).replace("end", "start"))
        if start is not None and end <= start:
            raise ValueError("must be greater than where it starts")
        return end

    def to_citation(self) -> RecordedCitation:
        return RecordedCitation(
            index=self.index,
            quote=self.quote,
            quote_span=Span(self.quote_start_char_index, self.quote_end_char_index),
            passage_span=Span(self.start_char_index, self.end_char_index),
            document_id=self.document_id,
            document_sha256=self.document_sha256,
            text_sha256=self.text_sha256,
            file_name=self.file_name,
            metadata=Metadata(self.title, self.source, self.author, self.date, self.url, self.language),
            section=self.section,
            speaker=self.speaker,
            page=self.page,
        )


class RecordFile(_Part):
    """An answer as it is kept for good. `sha256` is over the rest in canonical JSON (RFC 8785)."""

    format: Literal["qa-service-record"]
    version: Annotated[int, AfterValidator(_known_version)]
    id: Text
    answered_at: Annotated[Text, Field(description="UTC, ISO 8601")]
    question: Text
    language: Text
    search_query: Text
    answerable: bool
    confidence: Annotated[float, Field(ge=0, le=1)]
    answer: Text | None
    answer_kind: AnswerKind
    index_version: Text
    model: Text
    model_sha256: Annotated[Text, Field(description="Of the model's weights; empty for a model without any")]
    reranker: Text
    citations: list[RecordedCitationFile]
    sha256: Sha256

    @classmethod
    def of(cls, record: Record) -> "RecordFile":
        return cls.model_validate(record_object(record))

    def to_record(self) -> Record:
        own = {name: getattr(self, name) for name in Record.__dataclass_fields__ if name != "citations"}
        return Record(**own, citations=tuple(citation.to_citation() for citation in self.citations))


class ExportsOut(BaseModel):
    """The answer in the formats that the request asks for; the others are null."""

    markdown: str | None = None
    bibtex: str | None = None
    gbt7714: str | None = None
    record: RecordFile | None = None

    @classmethod
    def of(cls, record: Record, formats: Sequence[FormatName]) -> "ExportsOut | None":
        """None where no format is asked for."""
        texts = {name: FORMATS[name].write(record) for name in formats if name != "record"}
        return cls(**texts, record=RecordFile.of(record) if "record" in formats else None) if formats else None

    def text(self, name: FormatName) -> str:
        """What stands in a file of this format; "" for one that was not asked for."""
        written = getattr(self, name)
        return record_json(written.model_dump()) if isinstance(written, RecordFile) else written or ""


def read_record(content: bytes) -> RecordFile:
    """Raises BadInput naming the field that is missing or wrong."""
    if len(content) > MAX_RECORD_BYTES:
        raise BadInput(f"is larger than {MAX_RECORD_BYTES // 1_000_000} MB, which no record is")
    try:
        found = json.loads(
            content.decode("utf-8-sig"), object_pairs_hook=_without_repetition, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:  # ValueError: not UTF-8, not JSON, a number of 4,300 digits
        raise BadInput("is no record: not JSON in UTF-8") from error
    if not isinstance(found, dict):
        raise BadInput("is no record: not a JSON object")
    try:
        return RecordFile.model_validate(found)
    except ValidationError as error:
        raise BadInput(describe_validation(error.errors())) from error


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers differ in which of two values they take: the hash would vouch for one and a person see the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise BadInput(f"{next(name for name in names if names.count(name) > 1)[:100]}: stands there twice")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")

"""What the API takes: checked here, strictly; unknown fields are refused."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from qa_service.errors import NotSupported
from qa_service.ingest.describe import is_text
from qa_service.service import MAX_QUESTION, MAX_TOP_K


def _is_text(value: str) -> str:
    """JSON can say half a surrogate pair and NUL, which no text has."""
    if not is_text(value):
        raise ValueError("holds a NUL or half a surrogate pair, which no text has")
    return value


Text = Annotated[str, AfterValidator(_is_text)]


class _In(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Filters(_In):
    """Not built yet: refused as `not_supported` unless empty."""

    languages: list[Text] = []
    document_ids: list[Text] = []
    sources: list[Text] = []
    date_from: Text | None = None
    date_to: Text | None = None


class Turn(_In):
    role: Literal["user", "assistant"]
    content: Annotated[str, Field(max_length=20_000), AfterValidator(_is_text)]


class SearchIn(_In):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "How large was the trade between China and Central Asia in 2024?", "top_k": 5},
                {"question": "2024年中国与中亚国家的贸易额是多少？"},
            ]
        }
    )

    question: Annotated[str, Field(min_length=1, max_length=MAX_QUESTION), AfterValidator(_is_text)]
    top_k: Annotated[int, Field(ge=1, le=MAX_TOP_K)] = 5
    filters: Filters = Filters()

    def refuse_unbuilt(self) -> None:
        """Raises NotSupported."""
        if self.filters != Filters():
            raise NotSupported("filters: not supported yet; leave them out")


class AskIn(SearchIn):
    stream: bool = False
    history: Annotated[list[Turn], Field(max_length=50)] = []

    def refuse_unbuilt(self) -> None:
        """Raises NotSupported."""
        super().refuse_unbuilt()
        if self.stream:
            raise NotSupported("stream: not supported yet; leave it out or set it to false")
        if self.history:
            raise NotSupported("history: not supported yet; leave it out and ask a complete question")


class GivenMetadata(_In):
    """What the sender knows of an uploaded document; it comes before what the text says."""

    title: Text | None = None
    source: Text | None = None
    author: Text | None = None
    date: Text | None = None
    url: Text | None = None
    language: Text | None = None


class RestoreIn(_In):
    start_char_index: Annotated[int, Field(ge=0, description="Where the quarantined stretch begins")]

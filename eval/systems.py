"""What a system under evaluation can do, and what it returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from eval.sets import CorpusDocument


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A returned span of a document, in code points of its verbatim text. Higher scores are better."""

    document_id: str
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation: the passage, and in it the quote that the answer rests on."""

    passage: Retrieved
    quote_start: int
    quote_end: int

    def __post_init__(self) -> None:
        if not self.passage.start <= self.quote_start < self.quote_end <= self.passage.end:
            raise ValueError(f"a quote outside its passage in {self.passage.document_id}")

    @property
    def quote(self) -> str:
        offset = self.passage.start
        return self.passage.text[self.quote_start - offset : self.quote_end - offset]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as the measures see it. `confidence` orders answers; only its order counts here."""

    answerable: bool
    confidence: float
    citations: tuple[Cited, ...]
    text: str | None


class System(Protocol):
    """A retriever with answers. `index` replaces what was indexed before; `refused` are the ids it left out of that."""

    @property
    def name(self) -> str: ...

    @property
    def index_version(self) -> str: ...

    @property
    def refused(self) -> Sequence[str]: ...

    def index(self, documents: Sequence[CorpusDocument]) -> None: ...

    def search(self, question: str, top_k: int) -> Sequence[Retrieved]: ...

    def ask(self, question: str) -> Reply: ...

    def close(self) -> None: ...

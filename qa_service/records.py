"""The words of the project as frozen records.

All offsets are Unicode code points into a document's verbatim text, start inclusive, end exclusive.
Constructors check what would corrupt silently.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

AnswerKind = Literal["extractive", "generated", "none"]
Role = Literal["user", "assistant"]
Status = Literal[
    "added", "unchanged", "described", "replaced", "restored", "quarantined", "accepted", "waiting", "superseded"
]
"""What became of a file; `described`: its bytes were known, and what was said of them is new; `superseded`: its bytes
were known, and a version that was sent since then counts."""
DocumentStatus = Literal["indexed", "waiting", "superseded"]
QuarantineKind = Literal["spam", "boilerplate"]
QuarantineState = Literal["quarantined", "flagged", "kept"]
Decider = Literal["rules", "operator"]
Standing = Literal["stands", "moved", "changed", "gone"]
Verdict = Literal["exact", "normalised", "near", "absent"]
ChangeKind = Literal["equal", "insert", "delete", "replace"]


@dataclass(frozen=True, slots=True)
class Span:
    """A non-empty stretch of a document's text."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"not a span: [{self.start}, {self.end})")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a document says of itself, or its manifest says of it. `date` is ISO 8601 (a year, a month or a day)."""

    title: str
    source: str | None
    author: str | None
    date: str | None
    url: str | None
    language: str


@dataclass(frozen=True, slots=True)
class RawFile:
    """Bytes as they came, the name they came under, and what is given of them beside (it overrides the text).

    `path` is where they stand for good: another content under the same path is a new version of the document. None for
    bytes that came from nowhere in particular; `replaces` is then the name whose newest document they take over from.
    `metadata_origins` says by field where a given value stood ("sidecar", "manifest"), "given" where it says nothing;
    of a file in a manifest it names all that one can say.
    """

    name: str
    content: bytes
    metadata: Mapping[str, str]
    path: str | None = None
    replaces: str | None = None
    metadata_origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How bytes became text. Not certain: `candidates` are the other readings; `replaced` counts lost characters."""

    name: str
    is_certain: bool = True
    candidates: tuple[str, ...] = ()
    replaced: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A headed stretch of a document, its heading included. `level` is 1 for the outermost."""

    span: Span
    title: str
    level: int = 1
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a document that holds text. The first is 1."""

    number: int
    span: Span


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a file holds: its text and what its format says of it.

    `pages` are in order, page 1 first, and may be empty. `furniture` is what the format itself marks as navigation,
    header or footer. `metadata` is what the file says of itself, by field, each with where it says so.
    """

    format: str
    text: str
    encoding: Encoding | None = None
    sections: tuple[Section, ...] = ()
    pages: tuple[Span | None, ...] = ()
    furniture: tuple[Span, ...] = ()
    metadata: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """One source text, verbatim. `origins` says for each metadata field where its value came from, and `uncorrected`
    what stood in a corrected field before: its value and where that came from.

    `superseded`: a newer version took its place in the search; `waiting`: nothing of it is searched until an operator
    decides what of it may be, and until then the older version stays indexed. `path` is where its bytes were last
    seen, `file_name` what they were called there; `replaces` is the id of the older version.
    """

    id: str
    sha256: str
    file_name: str
    text: str
    metadata: Metadata
    origins: Mapping[str, str]
    format: str = "txt"
    encoding: Encoding | None = None
    sections: tuple[Section, ...] = ()
    pages: tuple[Span | None, ...] = ()
    status: DocumentStatus = "indexed"
    path: str | None = None
    replaces: str | None = None
    uncorrected: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)

    @property
    def text_sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A stretch under suspicion, with the reason. It stays in the text, whatever its state.

    `quarantined` is kept out of search, `flagged` is searched and ranked down, `kept` is searched as any other: an
    operator let it. What an operator decided no rule changes again.
    """

    span: Span
    kind: QuarantineKind
    reason: str
    state: QuarantineState = "quarantined"
    by: Decider = "rules"


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is indexed and retrieved: one contiguous span of its document.

    `search_text` is its normalised form, for search only. `sentences` lie in the passage, in order; `search_sentences`
    are where they stand in `search_text`. `flagged`: some of it is under suspicion of being spam or boilerplate.
    """

    document_id: str
    ordinal: int
    span: Span
    language: str
    search_text: str
    sentences: tuple[Span, ...]
    search_sentences: tuple[Span, ...]
    flagged: bool = False

    def __post_init__(self) -> None:
        if any(s.start < self.span.start or s.end > self.span.end for s in self.sentences):
            raise ValueError(f"a sentence of passage {self.ordinal} lies outside the passage")
        if len(self.sentences) != len(self.search_sentences):
            raise ValueError(f"passage {self.ordinal} needs each sentence in its search text too")
        if any(s.end > len(self.search_text) for s in self.search_sentences):
            raise ValueError(f"a sentence of passage {self.ordinal} lies outside its search text")


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Another document that says much the same: the share of the smaller one's text that both have."""

    document_id: str
    file_name: str
    share: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done with one file. `unchanged`: the same bytes were there already; `replaced`: as a new version;
    `waiting`: they wait for an operator, also where they were there already."""

    document_id: str
    file_name: str
    status: Status
    format: str
    encoding: Encoding | None
    metadata: Metadata
    origins: Mapping[str, str]
    characters: int
    sections: tuple[Section, ...]
    pages: int
    passages: int
    quarantined: tuple[Quarantined, ...]
    near_duplicates: tuple[NearDuplicate, ...]
    replaces: str | None
    received_at: str
    took_ms: float
    previews: tuple[str, ...] = ()
    """How each of the quarantined stretches begins."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that was not taken in, and why; `code` is that of the error."""

    file_name: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a file, or of the files inside it. `is_container`: it is no document itself."""

    receipts: tuple[Receipt, ...]
    failures: tuple[Failure, ...]
    is_container: bool


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is kept of a deleted document where an audit was asked for: no content, no name. `deleted_at` is UTC."""

    deleted_at: str
    document_id: str
    sha256: str
    command: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where another passage stands that says the same."""

    document_id: str
    file_name: str
    title: str
    source: str | None
    date: str | None
    language: str
    span: Span


@dataclass(frozen=True, slots=True)
class Difference:
    """Another document gives another number or date for what was asked: `own` here, `other` there."""

    own: str
    other: str
    place: Place


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a hit stands where it does. Ranks begin at 1, among the passages that were looked at.

    `cosine` is the score of the vectors as the encoder gave them, `dense` that of the vectors without their language,
    `lexical` the share of the question's letters, Han characters and numbers that stand in the passage,
    `lexical_above_language` the same less what is usual for the passage's language, `lead` what it gains from a better
    passage that it follows, `rerank` the log-odds of the second stage and `pointer` how much the best sentence looks
    like the answer to it, None where it was not asked.
    `flagged`: some of the passage is under suspicion of being spam or boilerplate, which cost it some of its score.
    """

    cosine_rank: int
    cosine: float
    dense_rank: int
    dense: float
    sentence: float
    lexical_rank: int
    lexical: float
    lexical_above_language: float
    lead: float
    matched_terms: tuple[str, ...]
    first_stage_rank: int
    first_stage: float
    rerank: float | None
    pointer: float | None
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage: its verbatim text, where it stands and how it scored (higher is better).

    `sentence_scores` say how well each sentence of the passage answers; they can be compared between hits that the
    second stage read, and between hits that it did not. `answer` is what looks most like the answer, a stretch of the
    passage's search text; None where nothing pointed to it. `copies` say the same in the same words and are no hits of
    their own; `corroborating` hits of the same search say it in another language, `differing` ones give another value.
    `sections`, in order, and `pages` are those that the passage touches.
    """

    passage_id: int
    passage: Passage
    sentence_scores: tuple[float, ...]
    answer: Span | None
    text: str
    text_sha256: str
    document_sha256: str
    file_name: str
    metadata: Metadata
    score: float
    scores: Mapping[str, float]
    explanation: Explanation
    copies: tuple[Place, ...] = ()
    corroborating: tuple[Place, ...] = ()
    differing: tuple["Difference", ...] = ()
    sections: tuple[Section, ...] = ()
    pages: tuple[Page, ...] = ()

    def __post_init__(self) -> None:
        if len(self.text) != self.passage.span.end - self.passage.span.start:
            raise ValueError(f"the text of passage {self.passage_id} does not fit its span")
        if len(self.sentence_scores) != len(self.passage.sentences):
            raise ValueError(f"passage {self.passage_id} needs a score for each of its sentences")

    @property
    def sentence(self) -> Span:
        """The one that answers best."""
        return self.passage.sentences[self.sentence_scores.index(max(self.sentence_scores))]

    @property
    def place(self) -> Place:
        return Place(
            document_id=self.passage.document_id,
            file_name=self.file_name,
            title=self.metadata.title,
            source=self.metadata.source,
            date=self.metadata.date,
            language=self.passage.language,
            span=self.passage.span,
        )

    def section(self, span: Span) -> str | None:
        """The title of the innermost section at the end of a span: above it a passage holds headings only."""
        return next((each.title for each in self._sections_at(span)), None)

    def speaker(self, span: Span) -> str | None:
        """Who speaks there, in the innermost section that says it."""
        return next((each.speaker for each in self._sections_at(span) if each.speaker), None)

    def page(self, span: Span) -> int | None:
        """The page on which a span begins."""
        return next((each.number for each in self.pages if span.start < each.span.end), None)

    def _sections_at(self, span: Span) -> list[Section]:
        """The sections that hold the last character of a span, innermost first."""
        around = [each for each in self.sections if each.span.start < span.end <= each.span.end]
        return sorted(around, key=lambda each: each.span.end - each.span.start)

    def slice(self, span: Span) -> str:
        """The verbatim text of a span inside the passage."""
        offset = self.passage.span.start
        return self.text[span.start - offset : span.end - offset]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which passages may be found: all conditions hold, any value of a list will do, what is empty restricts nothing.

    A language is a passage's, and without sub-tags takes all of them; the rest is its document's. The dates are a first
    and a last year, month or day in ISO 8601, both included, and let through no document without a date unless told to.
    """

    languages: tuple[str, ...] = ()
    document_ids: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    date_from: str | None = None
    date_to: str | None = None
    include_undated: bool = False

    def __bool__(self) -> bool:
        """Is anything restricted?"""
        return bool(self.languages or self.document_ids or self.sources or self.date_from or self.date_to)


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Turn:
    """What was said before a question, and by whom."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A checked place in a document: the passage of `hit` and in it the quote."""

    index: int
    hit: Hit
    quote_span: Span

    def __post_init__(self) -> None:
        passage = self.hit.passage.span
        if not passage.start <= self.quote_span.start < self.quote_span.end <= passage.end:
            raise ValueError(f"the quote of citation {self.index} lies outside its passage")

    @property
    def quote(self) -> str:
        return self.hit.slice(self.quote_span)

    @property
    def section(self) -> str | None:
        return self.hit.section(self.quote_span)

    @property
    def speaker(self) -> str | None:
        return self.hit.speaker(self.quote_span)

    @property
    def page(self) -> int | None:
        return self.hit.page(self.quote_span)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The plain ranking for a question, also when nothing answers it.

    `search_query` is what was searched: the question, completed from its history where it leans on that.
    """

    question: str
    language: str
    search_query: str
    hits: tuple[Hit, ...]
    index_version: str
    model: str
    timings_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """What `ask` returns. Not answerable: no text, no citations, and `related` holds the nearest passages.

    `search_query` as in a ranking.
    `confidence` is a probability where it `is_calibrated` for the models in use, else it only orders answers.
    """

    id: str
    question: str
    language: str
    search_query: str
    answerable: bool
    confidence: float
    is_calibrated: bool
    text: str | None
    kind: AnswerKind
    citations: tuple[Citation, ...]
    related: tuple[Hit, ...]
    index_version: str
    model: str
    timings_ms: Mapping[str, float]

    def __post_init__(self) -> None:
        if self.answerable != bool(self.citations) or self.answerable != (self.text is not None):
            raise ValueError("an answer has text and citations exactly when it is answerable")


@dataclass(frozen=True, slots=True)
class RecordedCitation:
    """A citation with what finds it again: the hashes name its document's bytes and text as they were."""

    index: int
    quote: str
    quote_span: Span
    passage_span: Span
    document_id: str
    document_sha256: str
    text_sha256: str
    file_name: str
    metadata: Metadata
    section: str | None = None
    speaker: str | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """An answer as it is kept for good. `answered_at` is UTC in ISO 8601; `model_sha256` is that of the weights."""

    id: str
    answered_at: str
    question: str
    language: str
    search_query: str
    answerable: bool
    confidence: float
    answer: str | None
    answer_kind: AnswerKind
    index_version: str
    model: str
    model_sha256: str
    reranker: str
    citations: tuple[RecordedCitation, ...]


@dataclass(frozen=True, slots=True)
class CitationCheck:
    """What became of a recorded citation, and where its quote stands now, if it does.

    `stands`: the document is there with the same text, and the quote at its place. `moved`: it stands elsewhere, or the
    text around it is another. `changed`: the document, or one of its name, is there without the quote. `gone`: neither.
    `newer_version` is the id of the document that took the place of the cited one, if one did.
    """

    index: int
    verdict: Standing
    place: Place | None
    newer_version: str | None = None

    def __post_init__(self) -> None:
        if (self.place is not None) != (self.verdict in ("stands", "moved")):
            raise ValueError(f"citation {self.index} needs a place exactly when its quote stands somewhere")


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """`unaltered`: the record says what it said when it was made."""

    unaltered: bool
    citations: tuple[CitationCheck, ...]

    @property
    def stands(self) -> bool:
        """Is everything as it was?"""
        return self.unaltered and all(citation.verdict == "stands" for citation in self.citations)


@dataclass(frozen=True, slots=True)
class QuotePlace:
    """Where a quote stands, or nearly: `text` is the document's own.

    `cuts_word`: it begins or ends inside a word or number there; `quarantined`: some of it is kept out of search;
    `superseded`: it stands in an older version of a document; `waiting`: in one that waits for a decision.
    """

    document_id: str
    file_name: str
    title: str
    span: Span
    text: str
    cuts_word: bool
    quarantined: bool
    superseded: bool = False
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What makes the document's words of the quote's: `insert` stands in the document only, `delete` in the quote only.

    What is `equal` may still differ in what `normalised` allows.
    """

    op: ChangeKind
    quote: str
    document: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Does a quote stand in the documents? `total` counts the places, of which the first are listed.

    Only a near one has a similarity, 0 to 1, and changes: joined they are the quote and the text of its one place.
    """

    quote: str
    verdict: Verdict
    places: tuple[QuotePlace, ...]
    total: int
    similarity: float | None
    changes: tuple[Change, ...]

    def __post_init__(self) -> None:
        if (self.verdict == "absent") == bool(self.places) or len(self.places) > self.total:
            raise ValueError("a quote that stands somewhere needs its places, an absent one has none")
        if (self.verdict == "near") == (self.similarity is None):
            raise ValueError("a near quote, and no other, has a similarity")

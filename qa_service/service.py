"""The callables that every way in shares: ask, search, add, delete and what can be seen of the documents."""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qa_service.answering.answer_cache import AnswerCache, ask_key
from qa_service.answering.confidence import DEPTH, Confidence
from qa_service.answering.export.check import check_record
from qa_service.answering.export.kept import KeptRecords
from qa_service.answering.export.record import make_record
from qa_service.answering.extractive import answer_text, cite
from qa_service.answering.messages import messages_in
from qa_service.answering.quote_check import QuoteChecker
from qa_service.answering.verify import verify_citation
from qa_service.errors import BadInput, NotFound
from qa_service.ingest.describe import is_text
from qa_service.ingest.language import language_of_last
from qa_service.records import (
    NO_FILTERS,
    Answer,
    Citation,
    Document,
    Filters,
    Hit,
    Passage,
    Quarantined,
    Ranking,
    RawFile,
    Receipt,
    Record,
    RecordCheck,
    Turn,
    Verification,
)
from qa_service.retrieval.history import complete
from qa_service.retrieval.retriever import Retriever
from qa_service.store.indexer import Indexer, Progress, no_progress
from qa_service.store.store import DocumentEntry

MAX_QUESTION = 2_000
MAX_TOP_K = 50
MAX_QUOTE = 10_000


@dataclass(frozen=True, slots=True)
class DocumentDetail:
    """A document with what was made of it: `passages` and `quarantined` lie in its text."""

    document: Document
    passages: tuple[Passage, ...]
    quarantined: tuple[Quarantined, ...]


class Service:
    """Safe to call from several threads."""

    def __init__(
        self,
        retriever: Retriever,
        indexer: Indexer,
        confidence: Confidence,
        min_confidence: float,
        cached_answers: int = 0,
    ) -> None:
        self._retriever, self._indexer = retriever, indexer
        self._confidence, self._min_confidence = confidence, min_confidence
        self._store = indexer.store
        self._kept = KeptRecords()
        self._answers = AnswerCache(cached_answers)
        self._quotes = QuoteChecker(indexer.store)

    @property
    def model(self) -> str:
        return self._indexer.encoder.spec.name

    @property
    def index_version(self) -> str:
        """Changes with every change of what is searched."""
        return f"{self._store.generation}-{self._indexer.manifest.digest}"

    @property
    def reranker(self) -> str:
        """The second stage, "off" where the first stands alone."""
        reranker = self._retriever.reranker
        return reranker.name if reranker is not None else "off"

    @property
    def is_calibrated(self) -> bool:
        """Is the confidence a probability, or only an order? It is fitted for each model."""
        return self._confidence.is_calibrated

    @property
    def neutralizer(self) -> str:
        """Which means of languages are taken out of the vectors."""
        return "reference and corpus means" if self._indexer.index.has_reference else "corpus means only"

    def settle(self) -> None:
        """Brings the index up to date at the end of a batch."""
        self._indexer.index.settle()

    def search(
        self, question: str, top_k: int = 5, filters: Filters = NO_FILTERS, history: Sequence[Turn] = ()
    ) -> Ranking:
        """The plain ranking, also when nothing answers the question. Raises BadInput."""
        asked = check_question(question)
        check_top_k(top_k)
        watch = _Watch()
        language, search_query, hits = self._searched(asked, top_k, filters, history, watch)
        return Ranking(
            question=question,
            language=language,
            search_query=search_query,
            hits=hits,
            index_version=self.index_version,
            model=self.model,
            timings_ms=watch.total(),
        )

    def ask(self, question: str, top_k: int = 5, filters: Filters = NO_FILTERS, history: Sequence[Turn] = ()) -> Answer:
        """The answer in the documents' own words, or that they don't hold it. Raises BadInput.

        `history` is what was said before, oldest first: it completes a follow-up.
        """
        asked = check_question(question)
        check_top_k(top_k)
        watch = _Watch()
        key = ask_key(asked, _questions(history), top_k, filters)
        state = self._index_state()
        known = self._answers.get(state, key)
        if known is not None:
            return replace(known, id=uuid.uuid4().hex, question=question, timings_ms=watch.total())
        answer = self._answered(question, asked, top_k, filters, history, watch)
        if self._index_state() == state:
            self._answers.put(state, key, answer)
        return answer

    def _index_state(self) -> tuple[str, int]:
        """Changes with what is stored and with what is searched: a commit comes before its change of the index."""
        return self.index_version, self._indexer.index.changes

    def _answered(
        self, question: str, asked: str, top_k: int, filters: Filters, history: Sequence[Turn], watch: "_Watch"
    ) -> Answer:
        # what the confidence is read off does not depend on how many passages are asked for
        language, search_query, found = self._searched(asked, max(top_k, DEPTH), filters, history, watch)
        asks = any(map(str.isalnum, asked))  # an emoji or a question mark alone has no answer
        confidence = self._confidence.of(found, search_query, language) if asks else 0.0
        hits = found[:top_k]
        answerable = bool(hits) and confidence >= self._min_confidence
        citations = cite(hits) if answerable else ()
        if not self._are_verified(citations):
            # a document was deleted meanwhile: the next search leaves it out
            return self._answered(question, asked, top_k, filters, history, watch)
        watch.lap("answer")
        return Answer(
            id=uuid.uuid4().hex,
            question=question,
            language=language,
            search_query=search_query,
            answerable=answerable,
            confidence=confidence,
            is_calibrated=self._confidence.is_calibrated,
            text=answer_text(citations, messages_in(language)) if answerable else None,
            kind="extractive" if answerable else "none",
            citations=citations,
            related=() if answerable else hits,
            index_version=self.index_version,
            model=self.model,
            timings_ms=watch.total(),
        )

    def _searched(
        self, asked: str, k: int, filters: Filters, history: Sequence[Turn], watch: "_Watch"
    ) -> tuple[str, str, tuple[Hit, ...]]:
        """The language of a checked question, the query that it is completed to, and its `k` hits."""
        questions = [*_questions(history), asked]
        query = complete(questions)
        vector = self._retriever.encode(query, asked)
        watch.lap("encode")
        hits = self._retriever.search(query, vector, k, filters)
        watch.lap("search")
        return language_of_last(questions), query, hits

    def record(self, answer: Answer) -> Record:
        """What is kept for good of an answer that was given just now; every export is made from it."""
        return make_record(answer, self._indexer.encoder.spec, self.reranker)

    def keep(self, answer: Answer) -> None:
        """Keeps the record for who downloads it after reading the answer, until many others came."""
        self._kept.keep(self.record(answer))

    def kept(self, answer_id: str) -> Record:
        """Raises NotFound."""
        return self._kept.get(answer_id)

    def check_record(self, record: Record, sha256: str) -> RecordCheck:
        """Does what a record cites still stand, and is it unaltered? `sha256` is the one that it carries."""
        return check_record(self._store, record, sha256)

    def verify(self, quote: str, document_id: str | None = None) -> Verification:
        """Does the quote stand in the documents, or in one of them? Raises BadInput and NotFound."""
        check_quote(quote)
        return self._quotes.check(quote, document_id)

    def load_texts(self) -> None:
        """Reads what `verify` looks in, which its first call would wait for."""
        self._quotes.load()

    def add(self, file: RawFile) -> Receipt:
        """Takes in a file; the same bytes again change nothing. Raises BadFile."""
        return self._indexer.add(file)

    def delete(self, document_id: str) -> None:
        """Raises NotFound."""
        self._indexer.delete(document_id)
        self._kept.forget(document_id)
        self._answers.clear()

    def restore(self, document_id: str, start: int) -> Receipt:
        """Lets the quarantined stretch that begins at `start` be searched again. Raises NotFound."""
        return self._indexer.restore(document_id, start)

    def reindex(self, progress: Progress = no_progress) -> int:
        """Makes the passages of every document anew; how many documents there are."""
        return self._indexer.remake_all(progress)

    def documents(self, page: int, page_size: int) -> tuple[Sequence[DocumentEntry], int]:
        """A page of the documents, the first being 1, and how many there are in all."""
        return self._store.documents(page, page_size)

    def document(self, document_id: str) -> DocumentDetail:
        """Raises NotFound."""
        passages, quarantined = self._store.passages(document_id), self._store.quarantined(document_id)
        # last: when it is deleted meanwhile, this raises
        return DocumentDetail(self._store.document(document_id), passages, quarantined)

    def is_empty(self) -> bool:
        return not self._store.documents(page=1, page_size=1)[1]

    def close(self) -> None:
        self._indexer.index.close()
        self._store.close()

    def _are_verified(self, citations: Sequence[Citation]) -> bool:
        """False when a cited document is there no more. Raises StoreError when its text is not the one indexed."""
        for citation in citations:
            try:
                document = self._store.document(citation.hit.passage.document_id)
            except NotFound:
                return False
            verify_citation(citation, document)
        return True


class _Watch:
    """Milliseconds by step."""

    def __init__(self) -> None:
        self._begin = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self._laps[step] = round((now - self._last) * 1000, 2)
        self._last = now

    def total(self) -> Mapping[str, float]:
        return {**self._laps, "total": round((time.perf_counter() - self._begin) * 1000, 2)}


def _questions(history: Sequence[Turn]) -> list[str]:
    return [turn.content[:MAX_QUESTION] for turn in history if turn.role == "user" and turn.content.strip()]


def check_question(question: str) -> str:
    """The question as it is searched: white space folded. Raises BadInput naming the field."""
    if not question.strip():
        raise BadInput("question: is empty; ask something")
    if len(question) > MAX_QUESTION:
        raise BadInput(f"question: has {len(question):,} characters; at most {MAX_QUESTION:,} are allowed")
    if not is_text(question):
        raise BadInput("question: holds a NUL or half a surrogate pair, which no text has")
    return " ".join(question.split())


def check_quote(quote: str) -> None:
    """Raises BadInput naming the field."""
    if not quote.strip():
        raise BadInput("quote: is empty; paste a sentence")
    if len(quote) > MAX_QUOTE:
        raise BadInput(f"quote: has {len(quote):,} characters; at most {MAX_QUOTE:,} are allowed")
    if not is_text(quote):
        raise BadInput("quote: holds a NUL or half a surrogate pair, which no text has")


def check_top_k(top_k: int) -> None:
    """Raises BadInput naming the field."""
    if not 1 <= top_k <= MAX_TOP_K:
        raise BadInput(f"top_k: must be 1 to {MAX_TOP_K}, not {top_k}")

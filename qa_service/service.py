"""The callables that every way in shares: ask, search, add, delete and what can be seen of the documents."""

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qa_service.answering.answer_cache import AnswerCache, ask_key
from qa_service.answering.confidence import DEPTH, Confidence
from qa_service.answering.export.check import check_record
from qa_service.answering.export.kept import KeptRecords
from qa_service.answering.export.record import make_record
from qa_service.answering.extractive import answer_text, cite
from qa_service.answering.messages import messages_in
from qa_service.answering.quote_check import QuoteChecker
from qa_service.answering.verify import verify_citations
from qa_service.errors import BadFile, BadInput, NotFound
from qa_service.ingest.describe import is_text
from qa_service.ingest.extract import LARGEST, close_workers, expand
from qa_service.ingest.language import language_of_last
from qa_service.ingest.quantities import quantities
from qa_service.jobs import Jobs
from qa_service.records import (
    NO_FILTERS,
    Answer,
    Citation,
    Deletion,
    Document,
    DocumentStatus,
    Failure,
    Filters,
    Hit,
    Passage,
    Quarantined,
    QuarantineKind,
    Ranking,
    RawFile,
    Receipt,
    Record,
    RecordCheck,
    Span,
    TakenIn,
    Turn,
    Verification,
)
from qa_service.retrieval.history import complete
from qa_service.retrieval.retriever import Retriever
from qa_service.store.corrections import Corrections
from qa_service.store.indexer import Indexer, Progress, no_progress
from qa_service.store.jobs import JobTable
from qa_service.store.receipts import read_receipt
from qa_service.store.right_of_way import RightOfWay, check_wanted
from qa_service.store.staging import FOLDER, Staging
from qa_service.store.store import DocumentEntry, Store
from qa_service.store.versions import Left

MAX_QUESTION = 2_000
MAX_TOP_K = 50
MAX_QUOTE = 10_000
_PART = 1 << 18


@dataclass(frozen=True, slots=True)
class DocumentDetail:
    """A document with what was made of it: `passages` and `quarantined` lie in its text."""

    document: Document
    passages: tuple[Passage, ...]
    quarantined: tuple[Quarantined, ...]


@dataclass(frozen=True, slots=True)
class Original:
    """A document's file as it came, read piece by piece: it need not fit into memory."""

    file_name: str
    size: int
    store: Store
    document_id: str

    def parts(self) -> Iterator[bytes]:
        """Raises NotFound when the document is deleted meanwhile."""
        for start in range(0, self.size, _PART):
            yield self.store.original_part(self.document_id, start, min(_PART, self.size - start))


class Service:
    """Safe to call from several threads."""

    def __init__(
        self,
        retriever: Retriever,
        indexer: Indexer,
        confidence: Confidence,
        min_confidence: float,
        right_of_way: RightOfWay | None = None,
        cached_answers: int = 0,
        *,
        largest: int = LARGEST,
    ) -> None:
        """`right_of_way` is what the indexer's encoder gives way to, `largest` how many bytes a file in an archive may
        have."""
        self._retriever, self._indexer = retriever, indexer
        self._confidence, self._min_confidence = confidence, min_confidence
        self._store = indexer.store
        self._kept = KeptRecords()
        self._answers = AnswerCache(cached_answers)
        self._quotes = QuoteChecker(indexer.store)
        self._right_of_way = right_of_way or RightOfWay()
        self._largest = largest
        database = indexer.store.database
        self.staging = Staging(database.path.parent / FOLDER)
        self.jobs = Jobs(JobTable(database), self.staging, self.take_in)

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
        with self._right_of_way.asking():
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
        with self._right_of_way.asking():
            language, search_query, found = self._searched(asked, max(top_k, DEPTH), filters, history, watch)
        asks = any(map(str.isalnum, asked))  # an emoji or a question mark alone has no answer
        confidence = self._confidence.of(found, search_query, language) if asks else 0.0
        hits = found[:top_k]
        answerable = bool(hits) and confidence >= self._min_confidence
        asked_for = quantities(search_query, language)
        citations = cite(hits, self._retriever.first_stage_weight, asked_for) if answerable else ()
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
        query = complete(questions, lambda completed, alone: self._retriever.is_about(completed, alone, filters))
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
        cited = {citation.hit.passage.document_id for citation in answer.citations}
        for each in cited - self._store.names(list(cited)).keys():  # deleted meanwhile
            self._kept.forget(each)

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
        """Takes in a file, or what is newly said of one that is there. Raises BadFile."""
        return self._indexer.add(file)

    def take_in(self, file: RawFile, is_expanded: bool = False) -> TakenIn:
        """What becomes of a file, or of each file inside a container. `is_expanded`: it is not looked into."""
        receipts: list[Receipt] = []
        failures: list[Failure] = []
        is_container = False
        for each in [file] if is_expanded else expand(file, self._largest):
            check_wanted()
            try:
                if not isinstance(each, RawFile):
                    raise each
                is_container |= each.name != file.name
                receipts.append(self.add(each))
            except BadFile as error:
                name = each.name if isinstance(each, RawFile) else file.name
                failures.append(Failure(name, error.code, str(error)))
        if not receipts and not failures:
            failures.append(Failure(file.name, BadFile.code, f"{file.name}: holds no files"))
        return TakenIn(tuple(receipts), tuple(failures), is_container)

    def original(self, document_id: str) -> "Original":
        """Raises NotFound."""
        return Original(*self._store.original(document_id), self._store, document_id)

    def interrupt(self) -> None:
        """Whatever is being taken in ends with Stopping; jobs go on at the next start."""
        self.jobs.stop()
        self._right_of_way.interrupt()

    def leave(self, document_id: str, path: str) -> Left:
        """The bytes of a document went from `path`: does it stand elsewhere? Raises NotFound."""
        return self._store.leave(document_id, path)

    def delete(self, document_id: str, with_versions: bool = False, audit: str | None = None) -> None:
        """Deletes a document, and its older versions if told to. Raises NotFound.

        `audit` names the command for the line that is then kept of each, without content.
        """
        for each in self._indexer.delete(document_id, with_versions, audit):
            self._kept.forget(each)
        self._answers.clear()

    def audit(self) -> tuple[Deletion, ...]:
        """The deletions of which a line was kept, oldest first."""
        return self._store.audit()

    def receipt(self, document_id: str) -> Receipt:
        """What was done with the file when it was taken in, as it stands now. Raises NotFound."""
        return read_receipt(self._store, document_id)

    def restore(self, document_id: str, start: int) -> Receipt:
        """Lets the quarantined or flagged stretch that begins at `start` be searched as any other. Raises NotFound."""
        return self._indexer.restore(document_id, start)

    def correct(self, document_id: str, changes: Corrections) -> Document:
        """Corrects a document's metadata: None takes a correction back. Raises NotFound and BadInput."""
        return self._indexer.correct(document_id, changes)

    def quarantine(self, document_id: str, span: Span, kind: QuarantineKind = "boilerplate") -> Receipt:
        """Keeps a stretch out of search. Raises NotFound and BadInput."""
        return self._indexer.quarantine(document_id, span, kind)

    def accept(self, document_id: str) -> Receipt:
        """Lets a document that waits for a decision be searched, but for what is quarantined. Raises as above."""
        return self._indexer.accept(document_id)

    def reindex(self, progress: Progress = no_progress) -> int:
        """Makes the passages of every document anew; how many documents there are."""
        return self._indexer.remake_all(progress)

    def documents(
        self, page: int, page_size: int, status: DocumentStatus | None = None, path: str | None = None
    ) -> tuple[Sequence[DocumentEntry], int]:
        """A page of the documents, the first being 1, and how many there are in all: of a status, or at a path."""
        return self._store.documents(page, page_size, status, path)

    def document(self, document_id: str) -> DocumentDetail:
        """Raises NotFound."""
        passages, quarantined = self._store.passages(document_id), self._store.quarantined(document_id)
        # last: when it is deleted meanwhile, this raises
        return DocumentDetail(self._store.document(document_id), passages, quarantined)

    def is_empty(self) -> bool:
        return not self._store.documents(page=1, page_size=1)[1]

    def close(self) -> None:
        self.interrupt()
        self.jobs.close()
        self._indexer.index.close()
        self._store.close()
        close_workers()

    def _are_verified(self, citations: Sequence[Citation]) -> bool:
        """False when a cited document is there no more. Raises StoreError when its text is not the one indexed."""
        of_document: dict[str, list[Citation]] = {}  # a long document is read once
        for citation in citations:
            of_document.setdefault(citation.hit.passage.document_id, []).append(citation)
        for document_id, cited in of_document.items():
            try:
                document = self._store.document(document_id)
            except NotFound:
                return False
            verify_citations(cited, document)
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

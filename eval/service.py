"""Our service as a system under evaluation: in process, by the same callables as its API."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from embeddings.encoder import Encoder
from embeddings.reranker import Reranker
from eval.sets import CorpusDocument
from eval.systems import Cited, Reply, Retrieved
from qa_service.app import open_service
from qa_service.config import read_settings
from qa_service.errors import BadFile
from qa_service.records import Citation, Hit, RawFile, Span
from qa_service.service import Service


class ServiceSystem:
    """The service over a data directory of its own, made anew for every corpus. `QA_*` settings apply.

    A document that the service refuses is left out of the index: what only it answers counts as not found.
    """

    name = "service"

    def __init__(self, encoder: Encoder, reranker: Reranker | None) -> None:
        self._encoder, self._reranker = encoder, reranker
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._service: Service | None = None
        self._refused: list[str] = []

    @property
    def index_version(self) -> str:
        return self.service.index_version

    @property
    def refused(self) -> Sequence[str]:
        return self._refused

    def index(self, documents: Sequence[CorpusDocument]) -> None:
        self.close()
        self._refused = []
        self._folder = tempfile.TemporaryDirectory(prefix="qa-eval-")
        settings = read_settings(data_dir=Path(self._folder.name), cached_answers=0)  # times are measured
        self._service = open_service(settings, self._encoder, self._reranker)
        for document in documents:
            try:
                self._service.add(RawFile(document.id, document.text.encode(), document.metadata))
            except BadFile:
                self._refused.append(document.id)
        self._service.settle()

    def search(self, question: str, top_k: int) -> Sequence[Retrieved]:
        return [retrieved(hit) for hit in self.service.search(question, top_k).hits]

    def ask(self, question: str) -> Reply:
        answer = self.service.ask(question)
        citations = tuple(_cited(citation) for citation in answer.citations)
        return Reply(answer.answerable, answer.confidence, citations, answer.text)

    def close(self) -> None:
        if self._service is not None:
            self._service.close()
            self._service = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    @property
    def service(self) -> Service:
        """The one that `index` opened."""
        if self._service is None:
            raise RuntimeError("index() comes first")
        return self._service


class OneSentenceSystem:
    """A yardstick for quotes: always one sentence, chosen by `choose` from the service's best hits."""

    def __init__(self, name: str, inner: ServiceSystem, choose: Callable[[Sequence[Hit]], tuple[Hit, Span]]) -> None:
        self._name, self._inner, self._choose = name, inner, choose

    @property
    def name(self) -> str:
        return self._name

    @property
    def index_version(self) -> str:
        return self._inner.index_version

    @property
    def refused(self) -> Sequence[str]:
        return self._inner.refused

    def index(self, documents: Sequence[CorpusDocument]) -> None:
        self._inner.index(documents)

    def search(self, question: str, top_k: int) -> Sequence[Retrieved]:
        return self._inner.search(question, top_k)

    def ask(self, question: str) -> Reply:
        hits = self._inner.service.search(question).hits
        if not hits:
            return Reply(False, 0.0, (), None)
        hit, sentence = self._choose(hits)
        return Reply(True, 1.0, (Cited(retrieved(hit), sentence.start, sentence.end),), hit.slice(sentence))

    def close(self) -> None:
        self._inner.close()


def first_sentence(hits: Sequence[Hit]) -> tuple[Hit, Span]:
    """Of the best passage."""
    return hits[0], hits[0].passage.sentences[0]


def best_sentence(hits: Sequence[Hit]) -> tuple[Hit, Span]:
    """By its score, whatever its passage."""
    best = max(hits, key=lambda hit: max(hit.sentence_scores))
    return best, best.sentence


def retrieved(hit: Hit) -> Retrieved:
    span = hit.passage.span
    return Retrieved(hit.file_name, span.start, span.end, hit.text, hit.score)


def _cited(citation: Citation) -> Cited:
    return Cited(retrieved(citation.hit), citation.quote_span.start, citation.quote_span.end)

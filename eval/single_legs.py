"""One leg alone over the service's own passages: plain vectors, or BM25. The service must lose to neither."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import bm25s
import numpy as np
import regex
from numpy.typing import NDArray

from embeddings.encoder import Encoder
from eval.sets import CorpusDocument
from eval.systems import Cited, Reply, Retrieved
from qa_service.errors import BadFile
from qa_service.ingest.chunk import make_passages
from qa_service.ingest.document import make_document
from qa_service.records import RawFile

_TOKEN = regex.compile(r"\p{Han}|[\p{L}\p{M}\p{N}]+")
_HAN = regex.compile(r"\p{Han}")


Scores = Callable[[str], NDArray[np.float32]]
"""The scores of all passages for a question, shape [passages]."""


class PassageSystem:
    """Passages as the service makes them; the first one is the answer. `scored` makes their scores of their texts."""

    index_version = "the service's passages"

    def __init__(self, name: str, scored: Callable[[Sequence[str]], Scores]) -> None:
        self._name, self._scored = name, scored
        self._passages: list[Retrieved] = []
        self._refused: list[str] = []

    @property
    def name(self) -> str:
        return self._name

    @property
    def refused(self) -> Sequence[str]:
        return self._refused

    def index(self, documents: Sequence[CorpusDocument]) -> None:
        self._passages, self._refused, texts = [], [], []
        for document in documents:
            try:
                made, quarantined = make_document(RawFile(document.id, document.text.encode(), document.metadata))
            except BadFile:
                self._refused.append(document.id)
                continue
            for passage in make_passages(made, quarantined):
                start, end = passage.span.start, passage.span.end
                self._passages.append(Retrieved(document.id, start, end, made.text[start:end], score=0))
                texts.append(passage.search_text)
        self._scores = self._scored(texts)

    def search(self, question: str, top_k: int) -> Sequence[Retrieved]:
        scores = self._scores(question)
        best = np.argsort(-scores, kind="stable")[:top_k]
        found = [(self._passages[i], float(scores[i])) for i in best]
        return [Retrieved(p.document_id, p.start, p.end, p.text, score) for p, score in found]

    def ask(self, question: str) -> Reply:
        (hit,) = self.search(question, 1)
        return Reply(True, hit.score, (Cited(hit, hit.start, hit.end),), hit.text)

    def close(self) -> None:
        """Nothing is held open."""


def dense(encoder: Encoder) -> PassageSystem:
    """Cosine, as the encoder gives it."""

    def scored(texts: Sequence[str]) -> Scores:
        vectors = encoder.encode_passages(texts)
        return lambda question: np.asarray(vectors @ encoder.encode_queries([question])[0])

    return PassageSystem("dense", scored)


def bm25() -> PassageSystem:
    """BM25 over whole words in one case, pairs of Han characters for words (library bm25s, its defaults)."""

    def scored(texts: Sequence[str]) -> Scores:
        retriever = bm25s.BM25()
        retriever.index([_tokens(text) for text in texts], show_progress=False)

        def scores(question: str) -> NDArray[np.float32]:
            known = [token for token in _tokens(question) if token in retriever.vocab_dict]
            return np.asarray(retriever.get_scores(known)) if known else np.zeros(len(texts), dtype=np.float32)

        return scores

    return PassageSystem("bm25", scored)


def _tokens(text: str) -> list[str]:
    found = _TOKEN.findall(text.casefold())
    pairs = [a + b for a, b in pairwise(found) if _HAN.match(a) and _HAN.match(b)]
    return [token for token in found if not _HAN.match(token)] + pairs

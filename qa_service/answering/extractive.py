"""Hits to an answer in the documents' own words: the sentences that answer best, each with its citation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.encoder import Vectors
from qa_service.answering.confidence import ConfidenceModel
from qa_service.ingest.search_form import make_sentence_form
from qa_service.records import Citation, Hit, Span

MAX_QUOTES = 3
MAX_CHARACTERS = 600
_MARGIN = 0.02
"""A further sentence is quoted if its score is this close to the best one's."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a hit and its score."""

    hit: Hit
    span: Span
    score: float

    @property
    def text(self) -> str:
        offset = self.hit.passage.span.start
        return self.hit.text[self.span.start - offset : self.span.end - offset]

    @property
    def search_form(self) -> str:
        """The sentence without the line breaks that run through it."""
        return make_sentence_form(self.text, Span(0, len(self.text)))


@dataclass(frozen=True, slots=True)
class Extract:
    """The text of an answer, its citations and how sure it is."""

    text: str
    citations: tuple[Citation, ...]
    confidence: float


def best_quote(query_vector: Vectors, hit: Hit, sentence_vectors: Vectors) -> Quote:
    """The sentence nearest to the question; `sentence_vectors` of shape [sentences, d]."""
    if not hit.passage.sentences:
        return Quote(hit, hit.passage.span, hit.score)
    scores = sentence_vectors @ query_vector
    best = int(np.argmax(scores))
    return Quote(hit, hit.passage.sentences[best], float(scores[best]))


def extract(quotes: Sequence[Quote], model: ConfidenceModel) -> Extract:
    """The answer made of one quote a hit, `quotes` in the order of the hits."""
    confidence = model.confidence([quote.hit.score for quote in quotes], [quote.score for quote in quotes])
    chosen = _choose(quotes)
    citations = tuple(Citation(i, quote.hit, quote.span) for i, quote in enumerate(chosen, start=1))
    text = "\n".join(f"{quote.search_form} [{i}]" for i, quote in enumerate(chosen, start=1))
    return Extract(text, citations, confidence)


def _choose(quotes: Sequence[Quote]) -> list[Quote]:
    """The best sentences, best first, at most three of them and 600 characters, none twice."""
    ranked = sorted(quotes, key=lambda quote: -quote.score)
    chosen: list[Quote] = []
    for quote in ranked:
        length = sum(len(other.text) for other in chosen) + len(quote.text)
        near = quote.score >= ranked[0].score - _MARGIN
        if not chosen or (near and length <= MAX_CHARACTERS and quote.text not in {other.text for other in chosen}):
            chosen.append(quote)
        if len(chosen) == MAX_QUOTES:
            break
    return chosen

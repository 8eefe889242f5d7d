"""Hits to an answer in the documents' own words: the sentences that answer best, each with its citation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.encoder import Vectors
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
        return self.hit.slice(self.span)


def best_quote(query_vector: Vectors, hit: Hit, sentence_vectors: Vectors) -> Quote:
    """The sentence nearest to the question; `sentence_vectors` of shape [sentences, d]."""
    if not hit.passage.sentences:
        return Quote(hit, hit.passage.span, hit.score)
    scores = sentence_vectors @ query_vector
    best = int(np.argmax(scores))
    return Quote(hit, hit.passage.sentences[best], float(scores[best]))


def cite(quotes: Sequence[Quote]) -> tuple[Citation, ...]:
    """The citations of an answer, best first, from one quote a hit."""
    return tuple(Citation(i, quote.hit, quote.span) for i, quote in enumerate(_choose(quotes), start=1))


def answer_text(citations: Sequence[Citation]) -> str:
    """One line a citation: its quote with its mark."""
    return "\n".join(f"{quoted_line(citation)} [{citation.index}]" for citation in citations)


def quoted_line(citation: Citation) -> str:
    """The quote on one line, without the line breaks that run through it."""
    return make_sentence_form(citation.quote, Span(0, len(citation.quote)))


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

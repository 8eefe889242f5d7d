"""Hits to an answer in the documents' own words: the sentences that answer best, each with its citation."""

from collections.abc import Sequence

from qa_service.ingest.search_form import make_sentence_form
from qa_service.records import Citation, Hit, Span

MAX_QUOTES = 3
MAX_CHARACTERS = 600
_MARGIN = 0.02
"""A further sentence is quoted if its score is this close to the best one's."""


def cite(hits: Sequence[Hit]) -> tuple[Citation, ...]:
    """The citations of an answer, best first: the best sentences, at most three and 600 characters, none twice."""
    ranked = sorted(hits, key=_sentence_score, reverse=True)
    chosen: list[Citation] = []
    for hit in ranked:
        citation = Citation(len(chosen) + 1, hit, hit.sentence)
        quotes = [other.quote for other in chosen]
        near = _sentence_score(hit) >= _sentence_score(ranked[0]) - _MARGIN
        fits = sum(map(len, [*quotes, citation.quote])) <= MAX_CHARACTERS
        if not chosen or (near and fits and citation.quote not in quotes):
            chosen.append(citation)
        if len(chosen) == MAX_QUOTES:
            break
    return tuple(chosen)


def answer_text(citations: Sequence[Citation]) -> str:
    """One line a citation: its quote with its mark."""
    return "\n".join(f"{quoted_line(citation)} [{citation.index}]" for citation in citations)


def quoted_line(citation: Citation) -> str:
    """The quote on one line, without the line breaks that run through it."""
    return make_sentence_form(citation.quote, Span(0, len(citation.quote)))


def _sentence_score(hit: Hit) -> float:
    return hit.scores["sentence"]

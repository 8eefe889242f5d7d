"""Which evidence a returned span finds, and the ranking that follows from it.

A quote is found by a span of its document that covers at least 60 % of it, wherever in the document the quote
stands. A document of document-level judgements is found by any span of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eval.sets import Question, SetError
from eval.systems import Retrieved

COVERAGE = 0.6


@dataclass(frozen=True, slots=True)
class Place:
    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What answers a question: documents, and quotes, each with all places where it stands."""

    documents: frozenset[str]
    quotes: tuple[tuple[Place, ...], ...]

    def __bool__(self) -> bool:
        return bool(self.documents or self.quotes)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Item ids in the order of the hits, and the ids among all items that are relevant."""

    ranked: tuple[str, ...]
    relevant: tuple[str, ...]


def wanted(question: Question, texts: Mapping[str, str]) -> Wanted:
    """The places of a question's evidence. Raises SetError for a quote that does not stand in its document."""
    quotes = []
    for evidence in question.evidence:
        places = tuple(_places(evidence.document, evidence.quote, texts[evidence.document]))
        if not places:
            raise SetError(f"question {question.id}: {evidence.quote!r} does not stand in {evidence.document}")
        quotes.append(places)
    return Wanted(frozenset(question.relevant), tuple(quotes))


def _places(document_id: str, quote: str, text: str) -> Iterable[Place]:
    start = text.find(quote) if quote else -1
    while start >= 0:
        yield Place(document_id, start, start + len(quote))
        start = text.find(quote, start + 1)


def covers(found: Place, quote: Place) -> bool:
    """Does the span cover at least 60 % of the quote?"""
    if found.document_id != quote.document_id:
        return False
    overlap = min(found.end, quote.end) - max(found.start, quote.start)
    return overlap >= COVERAGE * (quote.end - quote.start)


def quotes_found(place: Place, quotes: Sequence[tuple[Place, ...]]) -> frozenset[int]:
    """The numbers of the quotes that a span finds."""
    return frozenset(i for i, places in enumerate(quotes) if any(covers(place, quote) for quote in places))


def finds_evidence(place: Place, targets: Wanted) -> bool:
    """Does a span find evidence? Quotes decide where a question has both quotes and documents."""
    if targets.quotes:
        return bool(quotes_found(place, targets.quotes))
    return place.document_id in targets.documents


def ranking(hits: Sequence[Retrieved], targets: Wanted) -> Ranking:
    """The hits as a ranked list of judged items. Documents decide where a question has both.

    Document level: only the first hit of a document counts, its later hits leave the ranking, so that ranks are
    over documents. Quotes: every hit keeps its rank; the first that finds a quote stands for it, quotes first found
    by the same hit count as one, and a hit that finds nothing new is not relevant.
    """
    if targets.documents:
        ranked = tuple(dict.fromkeys(hit.document_id for hit in hits))
        return Ranking(ranked, tuple(sorted(targets.documents)))
    items: list[str] = []
    seen: set[int] = set()
    merged: set[int] = set()
    for rank, hit in enumerate(hits):
        new = sorted(quotes_found(place_of(hit), targets.quotes) - seen)
        seen.update(new)
        merged.update(new[1:])
        items.append(f"quote {new[0]}" if new else f"hit {rank}")
    relevant = (f"quote {i}" for i in range(len(targets.quotes)) if i not in merged)
    return Ranking(tuple(items), tuple(relevant))


def place_of(hit: Retrieved) -> Place:
    return Place(hit.document_id, hit.start, hit.end)


def found_within(hits: Sequence[Retrieved], targets: Wanted, characters: int) -> bool:
    """Is evidence found within the first `characters` of returned text?

    The hit that crosses the limit is cut there. At document level a cut hit counts when 60 % of it is left.
    """
    left = characters
    for hit in hits:
        if left <= 0:
            return False
        end = min(hit.end, hit.start + left)
        left -= hit.end - hit.start
        if targets.documents:
            whole = end - hit.start >= COVERAGE * (hit.end - hit.start)
            found = whole and hit.document_id in targets.documents
        else:
            found = bool(quotes_found(Place(hit.document_id, hit.start, end), targets.quotes))
        if found:
            return True
    return False

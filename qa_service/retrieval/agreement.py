"""Hits of different documents beside each other: which of them say the same, and which give other values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from embeddings.encoder import Vectors
from qa_service.ingest.quantities import Quantity, are_same, quantities
from qa_service.ingest.terms import make_terms
from qa_service.ingest.units import unit_beside
from qa_service.records import Difference, Hit, Span

_SAME = 0.6
"""Cosine without language from which two passages tell the same: 99 of 100 pairs did (eval/LOG.md)."""
_SAME_MATTER = 0.5
"""From which they speak of one matter, so that other values contradict each other."""
_ANSWERS = 0.0
"""Log-odds of the second stage from which a passage is taken to answer."""


def compared(hits: Sequence[Hit], vector: Callable[[Hit], Vectors]) -> tuple[Hit, ...]:
    """Each hit with those of other documents that say the same in another language, or give another value.

    `vector` gives a hit's vector of shape [d] without its language.
    """
    told = [_Told.of(hit, vector(hit)) for hit in hits]
    return tuple(
        replace(
            one.hit,
            corroborating=tuple(other.hit.place for other in told if one.is_corroborated_by(other)),
            differing=tuple(difference for other in told if (difference := one.difference(other))),
        )
        for one in told
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """A hit and what it tells: the value or the name that answers, and all values in it."""

    hit: Hit
    vector: Vectors
    value: Quantity | None
    units: frozenset[str]
    name: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, hit: Hit, vector: Vectors) -> "_Told":
        text = hit.passage.search_text
        value = _value(quantities(text, hit.passage.language), hit.answer) if hit.answer else None
        units = unit_beside(text, value.span, hit.passage.language) if value else frozenset[str]()
        return cls(hit, vector, value, units, _name(text, hit.answer), _numbers(hit.text))

    def is_corroborated_by(self, other: "_Told") -> bool:
        if _primary(self.hit) == _primary(other.hit) or not self._is_of_another_document(other):
            return False
        if self._cosine(other) < _SAME:
            return False
        if self.value and other.value:
            return self._counts_what(other) and are_same(self.value.value, other.value.value) is not False
        if self.name and other.name and not self.name & other.name:
            return False
        return not (self.numbers and other.numbers and not self.numbers & other.numbers)

    def difference(self, other: "_Told") -> Difference | None:
        if not self.value or not other.value or not self._is_of_another_document(other):
            return None
        if not self._counts_what(other):
            return None
        if are_same(self.value.value, other.value.value) is not False or self._cosine(other) < _SAME_MATTER:
            return None
        if min(self._log_odds, other._log_odds) < _ANSWERS:
            return None
        return Difference(self._said(), other._said(), other.hit.place)

    def _counts_what(self, other: "_Told") -> bool:
        """Are both values of one unit, or of none? Megawatts contradict no kilowatt hours, and kilometres no metres."""
        return bool(self.units & other.units) or not (self.units or other.units)

    @property
    def _log_odds(self) -> float:
        return self.hit.scores.get("rerank", _ANSWERS - 1)

    def _said(self) -> str:
        assert self.value is not None
        return self.hit.passage.search_text[self.value.span.start : self.value.span.end]

    def _is_of_another_document(self, other: "_Told") -> bool:
        return self.hit.passage.document_id != other.hit.passage.document_id

    def _cosine(self, other: "_Told") -> float:
        return float(self.vector @ other.vector)


def _value(found: Sequence[Quantity], answer: Span) -> Quantity | None:
    """The one in the answer."""
    return next((each for each in found if each.span.start < answer.end and answer.start < each.span.end), None)


def _name(text: str, answer: Span | None) -> frozenset[str]:
    """The words of an answer that is all in capitalised words; empty for any other."""
    words = text[answer.start : answer.end].split() if answer else []
    if not words or not all(word[0].isupper() for word in words):
        return frozenset()
    return frozenset(make_terms(" ".join(words)).words)


def _primary(hit: Hit) -> str:
    return hit.passage.language.partition("-")[0]


def _numbers(text: str) -> frozenset[str]:
    return frozenset(word for word in make_terms(text).words if word[0].isdigit())

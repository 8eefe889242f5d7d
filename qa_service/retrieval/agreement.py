"""Hits of different documents beside each other: which answer with the same value, and which with another."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from embeddings.encoder import Vectors
from qa_service.ingest.quantities import Date, Quantity, are_same, is_rounded, quantities
from qa_service.ingest.terms import make_terms
from qa_service.ingest.units import unit_beside
from qa_service.records import Difference, Hit, Span
from qa_service.retrieval.names import are_of_the_same, names_in, title_names
from qa_service.retrieval.polarity import Polarity, polarity
from qa_service.retrieval.subject import subject_of

_SAME = 0.6
"""Cosine without language from which two passages tell the same: 99 of 100 pairs did (eval/LOG.md)."""
SAME_MATTER = 0.5
"""From which they speak of one matter, so that other values contradict each other."""
_REST_OF_WORD = re.compile(r"[^\W\d_\u3400-\u9fff]*")
_RATIO = re.compile(r"\d+(?:[:：]\d+)+")
_LONGEST_UNIT = 24
_OF_A_YEAR = 3
"""A year alone is the answer where that is no more than so many times as long: "in the year 2021"."""
_ANSWERS = 0.0
"""Log-odds of the second stage from which a passage is taken to answer."""


def compared(hits: Sequence[Hit], vector: Callable[[Hit], Vectors], question: str = "") -> tuple[Hit, ...]:
    """Each hit with those of other documents that answer with the same in another language, or with another value.

    `vector` gives a hit's vector of shape [d] without its language. Passages of which only one speaks of what the
    `question` names contradict each other in nothing.
    """
    subject = subject_of(question)
    told = [_Told.of(hit, vector(hit)) for hit in hits]
    return tuple(
        replace(
            one.hit,
            corroborating=tuple(other.hit.place for other in told if one.is_corroborated_by(other)),
            differing=tuple(
                difference
                for other in told
                if (difference := one.difference(other)) and subject.is_the_same(one.hit, other.hit)
            ),
        )
        for one in told
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """A hit and what it tells: the value with its `units`, or the `name`, that answers; all `values` in it.

    `names` are those that its best sentence and its title speak of.
    """

    hit: Hit
    vector: Vectors
    value: Quantity | None
    units: frozenset[str]
    name: frozenset[str]
    names: frozenset[str]
    values: tuple[Quantity, ...]

    @classmethod
    def of(cls, hit: Hit, vector: Vectors) -> "_Told":
        text, language = hit.passage.search_text, hit.passage.language
        values = quantities(text, language)
        value = _value(values, hit.answer) if hit.answer else None
        units = unit_beside(text, value.span, language) if value else frozenset[str]()
        best = _best_sentence(hit)
        names = names_in(text[best.start : best.end], language) | title_names(hit.metadata.title, language)
        return cls(hit, vector, value, units, _name(text, hit.answer), names, values)

    def is_corroborated_by(self, other: "_Told") -> bool:
        """Only what answers with the same value or name, and says of it no opposite: near sentences may well do."""
        if _primary(self.hit) == _primary(other.hit) or not self._is_of_another_document(other):
            return False
        if self._cosine(other) < _SAME or not self._is_of_the_names_of(other):
            return False
        return any(
            not self._polarity(place).may_contradict(other._polarity(other_place))
            for place, other_place in self._common_places(other)
        )

    def _common_places(self, other: "_Told") -> Iterator[tuple[int, int]]:
        """Where the same value or name stands in both, that of one of them at least being its answer."""
        if self.value and other.value:
            same = are_same(self.value.value, other.value.value) is True and self._ratio() == other._ratio()
            if same and self._counts_what(other):
                yield self.value.span.start, other.value.span.start
            return
        yield from self._places_told_by(other)
        yield from ((place, other_place) for other_place, place in other._places_told_by(self))
        if self.hit.answer and other.hit.answer and self._is_named_as(other):
            yield self.hit.answer.start, other.hit.answer.start

    def _is_named_as(self, other: "_Told") -> bool:
        """Is one name the other, or a part of it? A surname in common makes two people no one."""
        shorter, longer = sorted((self.name, other.name), key=len)
        return bool(shorter) and shorter <= longer

    def _places_told_by(self, other: "_Told") -> Iterator[tuple[int, int]]:
        """Where the value that answers stands, here and in the other. A year stands in many texts, and says little."""
        own = self.value
        if own is None or (isinstance(own.value, Date) and own.value.month is None):
            return
        for each in other.values:
            if are_same(own.value, each.value) is True and other._is_in_best_sentence(each.span.start):
                yield own.span.start, each.span.start

    def _says(self, value: Quantity) -> bool:
        """Does the sentence that answers hold this value, too, beside its own?"""
        said = (each for each in self.values if self._is_in_best_sentence(each.span.start))
        return any(are_same(each.value, value.value) is True for each in said)

    def _is_in_best_sentence(self, place: int) -> bool:
        """In the one that is quoted: a mark says something of a quote."""
        best = _best_sentence(self.hit)
        return best.start <= place < best.end

    def _ratio(self) -> str:
        """The value with what a colon joins it to, as in a score of 3:1; empty for any other."""
        assert self.value is not None
        found, place = _RATIO.finditer(self.hit.passage.search_text), self.value.span.start
        return next((each.group() for each in found if each.start() <= place < each.end()), "")

    def _polarity(self, place: int) -> Polarity:
        passage = self.hit.passage
        around = next(
            (span for span in passage.search_sentences if place < span.end), Span(0, len(passage.search_text))
        )
        return polarity(passage.search_text[around.start : around.end], passage.language)

    def difference(self, other: "_Told") -> Difference | None:
        if not self.value or not other.value or not self._is_of_another_document(other):
            return None
        if not (self._counts_what(other) and self._is_of_the_time_of(other) and self._is_of_the_names_of(other)):
            return None
        if are_same(self.value.value, other.value.value) is not False or self._cosine(other) < SAME_MATTER:
            return None
        if is_rounded(self.value.value, other.value.value) or self._says(other.value) or other._says(self.value):
            return None
        if min(self._log_odds, other._log_odds) < _ANSWERS:
            return None
        return Difference(self._said(), other._said(), other.hit.place)

    def _counts_what(self, other: "_Told") -> bool:
        """Are both values of one unit, or of none? Megawatts contradict no kilowatt hours, and kilometres no metres."""
        if self.value and isinstance(self.value.value, Date):
            return True
        return bool(self.units & other.units) or not (self.units or other.units)

    def _is_of_the_names_of(self, other: "_Told") -> bool:
        """Two mines with 730 workers each confirm nothing."""
        return are_of_the_same(self.names, other.names)

    def _is_of_the_time_of(self, other: "_Told") -> bool:
        """Do both speak of one year and month, as far as they name any? Coal of 2023 contradicts none of 2024."""
        if self.value and isinstance(self.value.value, Date):
            return True
        years, months = _years_and_months(self.values)
        other_years, other_months = _years_and_months(other.values)
        if years and other_years and years.isdisjoint(other_years):
            return False
        return not months or not other_months or not months.isdisjoint(other_months)

    @property
    def _log_odds(self) -> float:
        return self.hit.scores.get("rerank", _ANSWERS - 1)

    def _said(self) -> str:
        """The value with the unit that follows it, to the end of the last word."""
        assert self.value is not None
        passage, span = self.hit.passage, self.value.span
        text, end = passage.search_text, span.end
        if self.units:
            ends = range(end + 1, end + _LONGEST_UNIT)
            named = (each for each in ends if unit_beside(text[:each], span, passage.language) == self.units)
            end = next(named, end)
        rest = _REST_OF_WORD.match(text, end)
        return text[span.start : rest.end() if rest else end]

    def _is_of_another_document(self, other: "_Told") -> bool:
        return self.hit.passage.document_id != other.hit.passage.document_id

    def _cosine(self, other: "_Told") -> float:
        return float(self.vector @ other.vector)


def _best_sentence(hit: Hit) -> Span:
    """In the search text."""
    return hit.passage.search_sentences[hit.sentence_scores.index(max(hit.sentence_scores))]


def _value(found: Sequence[Quantity], answer: Span) -> Quantity | None:
    """The one in the answer, of which a year alone is the most; of a number and its date the number, of several
    none.
    """
    inside = [each for each in found if each.span.start < answer.end and answer.start < each.span.end]
    numbers = [each for each in inside if not isinstance(each.value, Date)]
    value = next(iter(numbers or inside), None)
    if len(numbers) > 1 or value is None:
        return None
    if not isinstance(value.value, Date) or value.value.month is not None:
        return value
    length = value.span.end - value.span.start
    return value if answer.end - answer.start <= _OF_A_YEAR * length else None


def _years_and_months(values: Sequence[Quantity]) -> tuple[set[int], set[tuple[int, int]]]:
    """Those that the dates name, a month with its year."""
    dates = [each.value for each in values if isinstance(each.value, Date)]
    months = {(date.year, date.month) for date in dates if date.year and date.month}
    return {date.year for date in dates if date.year}, months


def _name(text: str, answer: Span | None) -> frozenset[str]:
    """The words of an answer that is all in capitalised words; empty for any other."""
    words = text[answer.start : answer.end].split() if answer else []
    if not words or not all(word[0].isupper() for word in words):
        return frozenset()
    return frozenset(make_terms(" ".join(words)).words)


def _primary(hit: Hit) -> str:
    return hit.passage.language.partition("-")[0]

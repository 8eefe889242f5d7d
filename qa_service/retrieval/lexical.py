"""What a question and a passage share in letters, Han characters and numbers.

Words match within a language, names and numbers across languages. Added to the dense score as it stands, that would
undo the neutral ranking: a question would again prefer its own language. So a passage counts by how much more of the
question it covers than the best passages of its own language do (eval/LOG.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from qa_service.ingest.terms import Terms, grams, is_han, make_terms, spellings
from qa_service.store.lexical import TermFrequencies

_BEST = 5
"""A passage is compared with the mean of this many best ones of its language."""
_MAX_WORDS = 12
_MAX_ROWS = 5_000
"""So many passages of all rare words together are looked at for a question."""


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """The pieces of a question, each with its weight, their `whole` weight, and its words as it spells them."""

    terms: Terms
    weights: Mapping[str, float]
    whole: float
    spellings: Mapping[str, str]

    @classmethod
    def of(cls, query: str, frequencies: TermFrequencies) -> "LexicalQuery":
        terms = make_terms(query)
        weights = {gram: frequencies.weight(gram) for gram in grams(terms)}
        counting = {gram: weight for gram, weight in weights.items() if weight}
        return cls(terms, counting, sum(counting.values()), spellings(query))

    def coverage(self, folded: str) -> float:
        """The share of the question's weight that stands in a folded text, 0.0 to 1.0."""
        if not self.whole:
            return 0.0
        return sum([weight for gram, weight in self.weights.items() if gram in folded]) / self.whole

    def matched(self, folded: str) -> tuple[str, ...]:
        """The words of the question, as it spells them, that stand in a folded text or begin a word there."""
        return tuple(self.spellings[word] for word in dict.fromkeys(self.terms.words) if _stands_in(word, folded))

    def rare_words(self, counts: Mapping[str, int], passages: int) -> list[str]:
        """The rarest words that stand in some passages: what makes a passage worth a look by itself."""
        limit = max(_BEST, passages // 50)
        known = [word for word in dict.fromkeys(self.terms.words) if 0 < counts.get(word, 0) <= limit]
        rarest = sorted(known, key=lambda word: counts[word])[:_MAX_WORDS]
        rows = accumulate(counts[word] for word in rarest)
        return [
            word
            for place, (word, all_rows) in enumerate(zip(rarest, rows, strict=True))
            if not place or all_rows <= _MAX_ROWS
        ]


def _stands_in(word: str, folded: str) -> bool:
    if is_han(word):
        return word in folded
    return f" {word} " in folded if word[0].isdigit() else f" {word}" in folded


def centred(coverages: Sequence[float], languages: Sequence[str]) -> list[float]:
    """Each coverage less the mean of the best ones in the same language."""
    usual = {language: _mean_of_best(_of(language, coverages, languages)) for language in set(languages)}
    return [coverage - usual[language] for coverage, language in zip(coverages, languages, strict=True)]


def _of(language: str, coverages: Sequence[float], languages: Sequence[str]) -> list[float]:
    return [coverage for coverage, own in zip(coverages, languages, strict=True) if own == language]


def _mean_of_best(coverages: Iterable[float]) -> float:
    best = sorted(coverages, reverse=True)[:_BEST]
    return sum(best) / len(best)

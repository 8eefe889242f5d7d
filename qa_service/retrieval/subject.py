"""What a question is about, as far as it names it: who tells of another plant contradicts nothing told of this one."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import regex

from qa_service.ingest.language import detect_language
from qa_service.ingest.terms import simplified
from qa_service.records import Hit
from qa_service.retrieval.names import has_name, names_in

_HAN = regex.compile(r"\p{Han}{2,}")
_COMMON = frozenset("年月日的是多少在有了和与與几幾何什么麼吗嗎哪谁誰为為")
"""Characters of dates, questions and grammar."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The `names` of a question, in Latin letters, and the pairs of Han characters in it that are no grammar."""

    names: frozenset[str]
    pairs: frozenset[str]

    def is_the_same(self, one: Hit, other: Hit) -> bool:
        """Do both hits speak of the same of it? Only scripts with capitals show names, and only Han shows Han."""
        if self.names and _has_capitals(one) and _has_capitals(other) and self._named_by(one) != self._named_by(other):
            return False
        return not (self.pairs and _is_chinese(one) and _is_chinese(other)) or self._paired(one) == self._paired(other)

    def _named_by(self, hit: Hit) -> frozenset[str]:
        names = names_in(_text(hit), hit.passage.language)
        return frozenset(name for name in self.names if has_name(names, name))

    def _paired(self, hit: Hit) -> frozenset[str]:
        return self.pairs & frozenset(_pairs(_text(hit)))


def subject_of(question: str) -> Subject:
    return Subject(names_in(question, detect_language(question)), frozenset(_pairs(question)))


def _text(hit: Hit) -> str:
    """As if inside a sentence: a name may begin a line, and no other word that does so is asked for."""
    return f", {hit.metadata.title}, {hit.passage.search_text}"


def _has_capitals(hit: Hit) -> bool:
    letters = [each for each in hit.passage.search_text if each.isalpha()]
    return 2 * sum(each.isupper() or each.islower() for each in letters) > len(letters)


def _is_chinese(hit: Hit) -> bool:
    return hit.passage.language.partition("-")[0] == "zh"


def _pairs(text: str) -> Iterator[str]:
    """Simplified."""
    for run in _HAN.findall(simplified(text)):
        yield from (pair for pair in map("".join, pairwise(run)) if not _COMMON & set(pair))

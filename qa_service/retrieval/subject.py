"""What a question is about, as far as it names it: who tells of another plant contradicts nothing told of this one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from qa_service.ingest.language import detect_language
from qa_service.ingest.scripts import Scripts
from qa_service.ingest.terms import simplified
from qa_service.records import Hit
from qa_service.retrieval.names import capitalised_in, has_name, names_in, title_names

_HAN = regex.compile(r"\p{Han}{2,}")
_COMMON = frozenset("年月日的是多少在有了和与與几幾何什么麼吗嗎哪谁誰为為")
"""Characters of dates, questions and grammar."""
_NOUNS_CAPITALISED = {"de", "lb"}


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


def share_named(hits: Sequence[Hit], question: str, language: str) -> float:
    """The share of the question's names that the document of the first hit holds, as far as the hits show it.

    One that only others hold counts half. 1 where the question has no names, and between scripts, where a name may be
    written in any way.
    """
    asked = frozenset() if language in _NOUNS_CAPITALISED else title_names(question, language)
    script = _script(question)
    if not asked or _script(hits[0].passage.search_text) != script:
        return 1.0
    same = [hit for hit in hits if _script(hit.passage.search_text) == script]
    named = {hit.passage_id: capitalised_in(_with_headings(hit), hit.passage.language) for hit in same}
    anywhere = frozenset().union(*named.values())
    of_first = hits[0].passage.document_id
    own = frozenset().union(*(named[hit.passage_id] for hit in same if hit.passage.document_id == of_first))
    return sum(has_name(own, name) + has_name(anywhere, name) for name in asked) / (2 * len(asked))


def _with_headings(hit: Hit) -> str:
    """With what stands above it: who speaks, and of what the document and the section are."""
    above = (hit.metadata.author, *(each for section in hit.sections for each in (section.title, section.speaker)))
    return ", ".join([*filter(None, above), _text(hit)])


def _script(text: str) -> str:
    return Scripts(text).main()


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

"""The names in a text, to tell whether two texts in whatever languages speak of the same people and places.

A name is a capitalised word inside a sentence, written in Latin letters, or a country as Unicode's CLDR names it.
Chinese and Arabic show no other names: nothing is said of what shows none.
"""

from collections.abc import Iterable
from functools import lru_cache

import regex
from rapidfuzz.distance import JaroWinkler

from qa_service.ingest.quantities import locale_of
from qa_service.ingest.terms import romanised
from qa_service.records import Span

_CAPITALISED = r"\p{Lu}(?:(?!\p{Han})[\p{L}\p{M}'’ʻʼ]){2,}"
_ANY_CAPITALISED = regex.compile(rf"(?<![\p{{L}}\p{{M}}\p{{N}}'’ʻʼ]){_CAPITALISED}")
_NAME = regex.compile(rf"(?<=[\p{{L}}\p{{M}}\p{{N}},;)»”\"]\s+|[-(«“\"]|\p{{Han}}){_CAPITALISED}")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'’ʻʼ]{3,}")
_ALIKE = 0.75
"""Jaro-Winkler similarity from which two words are one name: Pertz and Пертце 0.87, Sudala and Nordaile 0.62."""
_SHORTEST_COUNTRY = 4


def names_in(text: str, language: str) -> frozenset[str]:
    """In Latin letters, countries as their code."""
    return _names((text[span.start : span.end] for span in name_spans(text, language)), text, language)


def name_spans(text: str, language: str) -> list[Span]:
    """Where names stand that are written with a capital."""
    calendar = _calendar(language)
    return [Span(*each.span()) for each in _NAME.finditer(text) if each[0].casefold() not in calendar]


def capitalised_in(text: str, language: str) -> frozenset[str]:
    """The names and whatever else begins with a capital: what a text may name, also at the beginning of a sentence."""
    return _names(_ANY_CAPITALISED.findall(text), text, language)


def _names(words: Iterable[str], text: str, language: str) -> frozenset[str]:
    countries = _countries(language)
    found = {_country(word, countries) or romanised(word) for word in map(str.casefold, words)}
    if language.partition("-")[0] in {"zh", "ja"}:
        found |= {code for name, code in countries.items() if name in text}
    return frozenset(found)


def title_names(title: str, language: str) -> frozenset[str]:
    """None where all words are capitalised, as in English headlines."""
    words = _WORD.findall(title)
    capitalised = sum(word[0].isupper() for word in words)
    return names_in(title, language) if 2 * capitalised <= len(words) + 1 else frozenset()


def are_of_the_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Do more than half of the fewer names stand in the other, too? True where there are none to compare."""
    fewer, more = sorted((one, other), key=len)
    shared = sum(has_name(more, name) for name in fewer)
    return not fewer or 2 * shared > len(fewer)


def has_name(names: frozenset[str], name: str) -> bool:
    """Is the name among them, however it is written?"""
    return any(_alike(name, each) for each in names)


def _alike(one: str, other: str) -> bool:
    return one == other or (not (one.isupper() or other.isupper()) and JaroWinkler.similarity(one, other) >= _ALIKE)


def _country(word: str, countries: dict[str, str]) -> str:
    """The code of the country that the word names in some case; empty for any other word."""
    stems = (word[:length] for length in range(len(word), max(_SHORTEST_COUNTRY, len(word) - 4) - 1, -1))
    return next((countries[stem] for stem in stems if stem in countries), "")


@lru_cache(maxsize=64)
def _countries(language: str) -> dict[str, str]:
    """Codes by the names that are one word, and by what they are without what case may change."""
    named = {str(name).casefold(): code for code, name in locale_of(language).territories.items() if code.isalpha()}
    if language.partition("-")[0] in {"zh", "ja"}:
        return {name: code for name, code in named.items() if len(name) > 1}
    words = {name: code for name, code in named.items() if " " not in name and len(name) >= _SHORTEST_COUNTRY}
    stems = {name[:-1]: code for name, code in words.items() if len(name) > _SHORTEST_COUNTRY}
    return stems | words


@lru_cache(maxsize=64)
def _calendar(language: str) -> frozenset[str]:
    """Months and days of the week."""
    locale = locale_of(language)
    return frozenset(
        name.casefold()
        for names in (locale.months, locale.days)
        for each in names["format"].values()
        for name in each.values()
    )

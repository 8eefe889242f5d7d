"""What a number in a text counts: megawatts, tonnes or tenge, whatever language names them.

What a unit is called is Unicode's CLDR, by way of Babel; money is told apart by the common word for it ("dollar").
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from babel.units import format_unit

from qa_service.ingest.quantities import locale_of
from qa_service.records import Span

_UNITS = (
    *("length-millimeter", "length-centimeter", "length-meter", "length-kilometer", "length-mile", "length-foot"),
    *("area-square-meter", "area-square-kilometer", "area-hectare", "area-acre"),
    *("mass-gram", "mass-kilogram", "mass-ton", "mass-tonne", "mass-pound"),
    *("volume-liter", "volume-cubic-meter", "volume-cubic-kilometer", "volume-barrel", "volume-gallon"),
    *("power-watt", "power-kilowatt", "power-megawatt", "power-gigawatt", "power-horsepower"),
    *("energy-kilowatt-hour", "energy-joule", "energy-calorie", "electric-volt"),
    *("duration-second", "duration-minute", "duration-hour", "duration-day", "duration-week", "duration-month"),
    *("duration-year", "duration-decade", "duration-century"),
    *("speed-kilometer-per-hour", "speed-meter-per-second", "temperature-celsius", "temperature-fahrenheit"),
    *("digital-megabyte", "digital-gigabyte", "digital-terabyte"),
)
_SAME = {"mass-ton": "mass-tonne"}  # CLDR keeps the American ton apart; what newspapers write is a tonne
_FORMS = (1, 2, 5, 1.5)
"""Numbers that bring out all forms of a name: километр, километра, километров."""
_MONEY = {
    "dollar": "dollar доллар долар 美元 美金 دولار",
    "euro": "euro evro ýewro евро еуро 欧元 歐元 يورو",
    "yuan": "yuan ýuan renminbi юан жэньминьби 元 人民币 人民幣 يوان",
    "rouble": "ruble rouble rubl рубл 卢布 盧布 روبل",
    "tenge": "tenge teňňe теңге тенге танга 坚戈 堅戈",
    "som": "som so'm so‘m soʻm сом сум сўм 索姆 苏姆",
    "somoni": "somoni сомон 索莫尼",
    "manat": "manat манат 马纳特",
    "yen": "yen иен йен 日元 日圆",
}
_SIGNS = {"$": "dollar", "€": "euro", "¥": "yuan", "₽": "rouble", "₸": "tenge", "£": "pound sterling"}
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))
_SIGN_BEFORE = re.compile(rf"({_SIGN.pattern})\s?$")
_NUMBER = re.compile(r"[\d.,٫٬]+")
_DOTS = str.maketrans("·∙•", "⋅⋅⋅")  # кВт·ч is written with any of them
_HAN = re.compile(r"[\u3400-\u9fff]")
_LETTERS = re.compile(r"[^\W\d_]*")
_EVERYWHERE = ("en", "en_GB", "ru")
"""Languages whose names and symbols others write, too."""
_LONGEST = 32
_MOST_ENDING = 6
_SHORTEST_WORD = 4
"""Letters from which a name is a word, which may end otherwise than in CLDR; a shorter one is a symbol."""


def unit_beside(text: str, number: Span, language: str) -> frozenset[str]:
    """What the words beside a number may name, as CLDR calls it; empty where they name no unit.

    >>> sorted(unit_beside("a plant of 100 MW", Span(11, 14), "en"))
    ['power-megawatt']
    """
    after = text[number.end : number.end + _LONGEST].lstrip(" -\u00a0\u202f").translate(_DOTS)
    sign = _SIGN_BEFORE.search(text[: number.start][-2:]) or _SIGN.match(after)
    if sign:
        return frozenset({_SIGNS[sign.group().strip()]})
    names = _names(language)
    found = next((units for name, units in names.items() if _is_named(after, name)), None)
    if found is None:  # "US dollars", "Chinese yuan"
        second = after.partition(" ")[2]
        found = next((names[name] for name in names if names[name] & _MONEY.keys() and _is_named(second, name)), None)
    return found or frozenset()


def _is_named(text: str, name: str) -> bool:
    """Does the text begin with the name?"""
    if _HAN.match(name):
        return text.startswith(name)
    if len(name) < _SHORTEST_WORD:
        return text.startswith(name) and not text[len(name) :][:1].isalpha()
    stem = name[:-1] if len(name) > _SHORTEST_WORD else name
    if not text.casefold().startswith(stem.casefold()):
        return False
    ending = _LETTERS.match(text, len(stem))
    return ending is not None and len(ending.group()) <= _MOST_ENDING


@lru_cache(maxsize=64)
def _names(language: str) -> dict[str, frozenset[str]]:
    """The units by what they are called, the longest names first."""
    units: dict[str, set[str]] = {}
    for money, words in _MONEY.items():
        for word in words.split():
            units.setdefault(word, set()).add(money)
    locales = (str(locale_of(language)), *_EVERYWHERE)
    for unit in _UNITS:
        for name in (name for locale in locales for name in _called(unit, locale)):
            units.setdefault(name, set()).add(_SAME.get(unit, unit))
    return {name: frozenset(units[name]) for name in sorted(units, key=len, reverse=True)}


def _called(unit: str, locale: str) -> Iterator[str]:
    """Its names of more than one letter: м and г are too many things. Han says much in one."""
    for length in ("long", "short", "narrow"):
        for number in _FORMS:
            name = _NUMBER.sub("", format_unit(number, unit, length=length, locale=locale)).strip().translate(_DOTS)
            if name != unit and (len(name) > 1 or _HAN.match(name)):  # it is called by its key where nothing is known
                yield name

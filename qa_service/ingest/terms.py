"""The words of a text in one form, whatever the script or spelling, for the lexical search.

Words in Latin letters without diacritics, so that Қазақстан, Qazaqstan and qazaqstan are one word and names match
across scripts; Han characters simplified; numbers in ASCII digits without grouping.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import regex
from anyascii import anyascii
from opencc import OpenCC

VERSION = "2"

STEM = 6
"""Words count by their first letters: what follows is mostly inflection (Can et al. 2008 on Turkish: five to six)."""
_GRAM = 3

_TOKEN = regex.compile(
    r"\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3})+(?!\d)(?:[.,]\d+)?"  # grouped by thousands
    r"|\d+(?:[.,]\d+)*"
    r"|[\p{L}\p{M}]+(?:['’ʻʼ`‘][\p{L}\p{M}]+)*"
)
_GROUPED = regex.compile(r"(\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3})+)([.,]\d+)?")
_HAN = regex.compile(r"\p{Han}+")
_HAN_DIGITS = regex.compile(r"[〇零一二三四五六七八九]{2,}")
_HAN_TO_ASCII = str.maketrans("〇零一二三四五六七八九", "00123456789")
# Uzbek ў and Kazakh ң are o and n in their Latin alphabets, which anyascii does not know
_BEFORE = str.maketrans({"ў": "o", "ң": "n", "ӊ": "n", "'": "", "’": "", "ʻ": "", "ʼ": "", "`": "", "‘": ""})
# one letter for what the romanisations of one sound write differently
_SOUNDS = {
    **{"shch": "s", "sch": "s", "sh": "s", "ch": "c", "zh": "j", "kh": "h", "gh": "g", "ts": "c", "tz": "c"},
    **{"ph": "f", "ck": "k", "dj": "j", "q": "k", "w": "v", "x": "h", "y": "i"},
}
_SOUND = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_DOUBLED = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class Terms:
    """`words` are what the index finds a passage by; `folded` is the text that `grams` are looked up in."""

    words: tuple[str, ...]
    folded: str


def make_terms(text: str) -> Terms:
    """The words of a text in order, and its folded form: words between single spaces, Han as it stands."""
    parts = [part for token in _tokens(text) for part in _parts(token)]
    return Terms(tuple(word for part in parts for word in _words(part)), f" {' '.join(parts)} ")


def spellings(text: str) -> dict[str, str]:
    """Each word of `make_terms` as the text spells it, in lower case; pairs of Han characters stand for themselves."""
    found: dict[str, str] = {}
    for token in _tokens(text):
        words = [word for part in _parts(token) for word in _words(part)]
        found.update((word, token if len(words) == 1 else word) for word in words)
    return found


def is_han(word: str) -> bool:
    """Is it of Han characters, which stand without spaces?"""
    return bool(_HAN.match(word))


def grams(terms: Terms) -> frozenset[str]:
    """What a folded text holds in common with another by: Han pairs, numbers, letters by threes with word borders."""
    found: set[str] = set()
    for part in terms.folded.split():
        if part[0].isdigit():
            found.add(f" {part} ")
        elif _HAN.match(part):
            found.update(a + b for a, b in pairwise(part))
        else:
            bounded = f" {part} "
            found.update(bounded[i : i + _GRAM] for i in range(len(bounded) - _GRAM + 1))
    return frozenset(found)


def _tokens(text: str) -> list[str]:
    found: list[str] = _TOKEN.findall(_prepared(text))
    return found


def _parts(token: str) -> list[str]:
    """A number in one form, or a word cut into runs of Han, as they stand, and the rest in Latin letters."""
    if token[0].isdigit():
        return [_number(token)]
    found: list[str] = []
    last = 0
    for run in _HAN.finditer(token):
        found += [romanised(token[last : run.start()]), run.group()]
        last = run.end()
    return [part for part in [*found, romanised(token[last:])] if part]


def _words(part: str) -> list[str]:
    if _HAN.match(part):
        return [a + b for a, b in pairwise(part)] or [part]
    return [part if part[0].isdigit() else part[:STEM]]


@lru_cache(maxsize=100_000)
def romanised(word: str) -> str:
    """A word as it sounds, in Latin letters, so that a name is one in each script."""
    latin = anyascii(word.translate(_BEFORE)).lower()
    letters = "".join(character for character in latin if character.isalnum())
    return _DOUBLED.sub(r"\1", _SOUND.sub(lambda found: _SOUNDS[found.group()], letters))


def _number(token: str) -> str:
    """1,234.5 as 1234d5: one token, whatever the digits and separators are."""
    digits = "".join(str(unicodedata.digit(character, character)) for character in token)
    grouped = _GROUPED.fullmatch(digits)
    if grouped:
        whole, fraction = grouped.group(1), grouped.group(2) or ""
        return re.sub(r"\D", "", whole) + fraction.replace(",", "d").replace(".", "d")
    return digits.replace(",", "d").replace(".", "d")


def simplified(characters: str) -> str:
    """Each Han character simplified by itself, whatever stands beside it: as many characters as were given."""
    return str(_converter("t2s").convert("\n".join(characters)))[::2]


def traditional(characters: str) -> str:
    """Each Han character traditional by itself: as many as were given."""
    return str(_converter("s2t").convert("\n".join(characters)))[::2]


@lru_cache(maxsize=2)
def _converter(direction: str) -> OpenCC:
    return OpenCC(direction)


def _prepared(text: str) -> str:
    """In one case, width and form of Han; what Chinese writes digit by digit (二〇二四) stands there in digits too."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if _HAN.search(text):
        text = str(_converter("t2s").convert(text))
        text = _HAN_DIGITS.sub(lambda run: f"{run.group()} {run.group().translate(_HAN_TO_ASCII)} ", text)
    return text

"""A text as a quote is compared with it: without what may differ between a true quote and its source.

May differ: white space between words, and any beside Han, kana and punctuation; the form of punctuation outside
numbers; width; simplified and traditional Han; canonical composition; invisible characters. All else must be the same,
each letter, its case and each digit. Inside a number, and before it as its sign, punctuation stands as it is.

Computed over whole texts at once: a corpus of millions of characters takes seconds.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import regex

from qa_service.ingest.terms import simplified

Codes = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

INVISIBLE = regex.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f"
    r"\ufeff\U000e0100-\U000e01ef]+"
)
"""Zero width, bidi marks, soft hyphens, selectors of variants."""
UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\u30fc\uff70\u3001-\u303f]+")
"""Han, kana and their punctuation, written without spaces."""

_HAN = regex.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")
_WHITE_SPACE = regex.compile(r"[\s\x1c-\x1f]+")
_DIGITS, _LETTERS = regex.compile(r"\d+"), regex.compile(r"[\p{L}\p{M}]+")

# what stands for punctuation outside numbers: control characters, so that "." itself is always part of a number
_STOP, _COMMA, _COLON, _DASH, _ELLIPSIS, _APOSTROPHE, _MIDDLE_DOT, _TILDE = "\x02\x03\x04\x05\x06\x07\x08\x0e"
_FORMS = {
    **{_STOP: ".。．｡۔", _COMMA: ",，،﹐", _COLON: ":：︰﹕", _DASH: "-‐‑‒–—―−－﹣﹘─", _ELLIPSIS: "…⋯"},
    **{_APOSTROPHE: "'’‘‚‛＇`´ʼʻ‹›『』", _MIDDLE_DOT: "·・•‧･∙", _TILDE: "~～〜"},
    **{'"': '"“”„‟«»＂「」〝〞｢｣﹁﹂', ";": ";；؛﹔", "?": "?？؟﹖", "!": "!！﹗"},
    **{"(": "(（﹙", ")": ")）﹚", "[": "[［", "]": "]］"},
}
SEPARATORS = frozenset(f' "?!;()[]{_STOP}{_COMMA}{_COLON}{_ELLIPSIS}')
"""What of a comparable text belongs to no word or number."""
_IN_NUMBERS = (_STOP, _COMMA, _COLON, _DASH, _APOSTROPHE, _MIDDLE_DOT, _TILDE)
_WIDE_IN_NUMBERS = {"．": ".", "：": ":", "－": "-", "～": "~", "＇": "'"}
_NEVER_IN_NUMBERS = frozenset("。｡۔，")  # between two digits they part sentences; for the comma see `_with_numbers`
_DROPPED = 0xFFFFFFFF
_DIGIT, _LETTER, _UNSPACED, _PUNCTUATION = 1, 2, 4, 8
_SPACE = ord(" ")
_PRIVATE = 0xE000  # control characters of a text itself, which stand for nothing here
_WIDE_DIGITS = (0xFF10, 0xFF19)


@dataclass(frozen=True, slots=True)
class Comparable:
    """`text[i]` stands for the source's characters from `starts[i]` to `ends[i]`; both rise."""

    text: str
    starts: Offsets
    ends: Offsets

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]`, not empty, stands in the source."""
        return int(self.starts[start]), int(self.ends[end - 1])


def make_comparable(source: str) -> Comparable:
    """Without white space at its ends; empty when nothing visible is left."""
    table = _tables()
    raw, starts, ends = _composed(source)
    codes = table.codes[raw]
    visible = codes != _DROPPED
    raw, codes, starts, ends = raw[visible], codes[visible], starts[visible], ends[visible]
    codes = _with_numbers(raw, codes, table)
    stops = _runs(codes == ord(_STOP), at_least=3) | (codes == ord(_ELLIPSIS))
    codes[stops] = ord(_ELLIPSIS)
    kept = np.ones(len(codes), dtype=np.bool_)
    for run in (stops, codes == ord(_DASH), codes == _SPACE):
        first, last = _edges(run)
        ends[first] = ends[last]
        kept &= ~run | first
    codes, starts, ends = codes[kept], starts[kept], ends[kept]
    kept = ~_is_idle_space(codes, table)
    return Comparable(_to_text(codes[kept]), starts[kept], ends[kept])


@dataclass(frozen=True, slots=True)
class _Tables:
    """By code point: what stands for it, what stands for it in a number (0: the same), and flags of the former."""

    codes: Codes
    in_numbers: Codes
    flags: npt.NDArray[np.uint8]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    everything = "".join(map(chr, range(0x110000)))
    codes = np.arange(0x110000, dtype=np.uint32)
    codes[1:9] += _PRIVATE
    codes[0x0E] += _PRIVATE
    for start, end in _found(_HAN, everything):
        codes[start:end] = list(map(ord, simplified(everything[start:end])))
    for wide in everything[0xFF01:0xFFEF]:
        kind, _, plain = unicodedata.decomposition(wide).partition(" ")
        if kind in ("<wide>", "<narrow>"):
            codes[ord(wide)] = int(plain, 16)
    for replacement, pattern in ((_DROPPED, INVISIBLE), (_SPACE, _WHITE_SPACE)):
        for start, end in _found(pattern, everything):
            codes[start:end] = replacement
    for form, spellings in _FORMS.items():
        codes[list(map(ord, spellings))] = ord(form)
    return _Tables(codes, _in_numbers(), _flags(everything))


def _in_numbers() -> Codes:
    found = np.zeros(0x110000, dtype=np.uint32)
    for form in _IN_NUMBERS:
        for spelling in set(_FORMS[form]) - _NEVER_IN_NUMBERS:
            found[ord(spelling)] = ord(_WIDE_IN_NUMBERS.get(spelling, spelling))
    return found


def _flags(everything: str) -> npt.NDArray[np.uint8]:
    flags = np.zeros(0x110000, dtype=np.uint8)
    flags[list(map(ord, _FORMS))] = _PUNCTUATION
    for flag, pattern in ((_DIGIT, _DIGITS), (_LETTER, _LETTERS), (_UNSPACED, UNSPACED)):
        for start, end in _found(pattern, everything):
            flags[start:end] |= flag
    return flags


def _found(pattern: "regex.Pattern[str]", text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in pattern.finditer(text))


def _to_codes(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32, copy=False)


def _to_text(codes: Codes) -> str:
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


def _composed(source: str) -> tuple[Codes, Offsets, Offsets]:
    """The code points of the source in NFC, with where each begins and ends: one to one where it is NFC already."""
    if unicodedata.is_normalized("NFC", source) and "\uff9e" not in source and "\uff9f" not in source:
        starts = np.arange(len(source), dtype=np.int64)
        return _to_codes(source), starts, starts + 1
    parts: list[str] = []
    starts_of: list[int] = []
    ends_of: list[int] = []
    at = 0
    for start, end in [*_found(_composable(), source), (len(source), len(source))]:
        parts.append(source[at:start])
        starts_of += range(at, start)
        ends_of += range(at + 1, start + 1)
        composed = _compose(source[start:end])
        parts.append(composed)
        starts_of += [start] * len(composed)
        ends_of += [end] * len(composed)
        at = end
    return _to_codes("".join(parts)), np.array(starts_of, dtype=np.int64), np.array(ends_of, dtype=np.int64)


def _compose(cluster: str) -> str:
    voiced = cluster.replace("\uff9e", "\u3099").replace("\uff9f", "\u309a")
    if voiced != cluster:  # half-width kana with their sound marks
        voiced = unicodedata.normalize("NFKC", voiced[0]) + voiced[1:]
    return unicodedata.normalize("NFC", voiced)


@lru_cache(maxsize=1)
def _composable() -> "regex.Pattern[str]":
    """What NFC may change: a character with its marks, conjoining jamo, and some characters alone."""
    alone = "".join(filter(_changes_alone, map(chr, range(0x110000))))
    marks = r"\p{M}\u1160-\u11ff\uff9e\uff9f"
    return regex.compile(rf"[^{marks}][{marks}]+|[{regex.escape(alone)}]")


def _changes_alone(character: str) -> bool:
    return not unicodedata.is_normalized("NFC", character)


def _with_numbers(raw: Codes, codes: Codes, table: _Tables) -> Codes:
    """Punctuation between two digits, and a sign or decimal point before one, as it is in the source."""
    flags = table.flags[codes]
    digit, letter = (flags & _DIGIT).astype(np.bool_), (flags & _LETTER).astype(np.bool_)
    after_digit, before_digit = _shifted(digit, 1), _shifted(digit, -1)
    inside = after_digit & before_digit
    unspaced, punctuation = (flags & _UNSPACED).astype(np.bool_), (flags & _PUNCTUATION).astype(np.bool_)
    word = (letter & ~unspaced) | digit
    dash = codes == ord(_DASH)
    minus = dash & before_digit & ~_shifted(word | dash, 1)
    point = (codes == ord(_STOP)) & before_digit & ~_shifted(word | unspaced | punctuation, 1)
    numeric = table.in_numbers[raw]
    wide = (raw >= _WIDE_DIGITS[0]) & (raw <= _WIDE_DIGITS[1])
    numeric[(raw == ord("，")) & _shifted(wide, 1) & _shifted(wide, -1)] = ord(",")
    return np.where((inside | minus | point) & (numeric != 0), numeric, codes)


def _is_idle_space(codes: Codes, table: _Tables) -> Mask:
    """White space at the ends and beside what is written without: Han, kana, punctuation outside numbers."""
    space = codes == _SPACE
    idle = (table.flags[codes] & (_UNSPACED | _PUNCTUATION)).astype(np.bool_)
    found: Mask = space & (_shifted(idle, 1, outside=True) | _shifted(idle, -1, outside=True))
    return found


def _shifted(mask: Mask, by: int, outside: bool = False) -> Mask:
    """Does it hold of the character before (1) or after (-1)?"""
    shifted = np.full(len(mask), outside)
    if by > 0:
        shifted[1:] = mask[:-1]
    else:
        shifted[:-1] = mask[1:]
    return shifted


def _edges(mask: Mask) -> tuple[Mask, Mask]:
    """The first and the last of each run."""
    return mask & ~_shifted(mask, 1), mask & ~_shifted(mask, -1)


def _runs(mask: Mask, at_least: int) -> Mask:
    """What stands in a run that long."""
    first, last = (np.flatnonzero(edge) for edge in _edges(mask))
    long = last - first + 1 >= at_least
    found = np.zeros(len(mask), dtype=np.bool_)
    for start, end in zip(first[long].tolist(), last[long].tolist(), strict=True):
        found[start : end + 1] = True
    return found

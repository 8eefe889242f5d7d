"""The normalised copy of a text that search works on, aligned with its source to the character.

Hard line breaks inside a sentence are joined, white space is folded, invisible characters are dropped. Each
character of the copy knows where it stands in the source, so that a place in the copy is a place in the source.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from qa_service.records import Span

VERSION = "3"
PARAGRAPH = "\n"

_INVISIBLE = frozenset("\u200b\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE = re.compile(r"[^\r\n\v\f\x85\u2028\u2029]+")
_HIDDEN = "".join(sorted(_INVISIBLE))
_BLANK = r"\s\x00-\x1f\x7f-\x9f"
_VISIBLE = rf"[^{_BLANK}{_HIDDEN}]"
_FOLDED = re.compile(rf"(?! {_VISIBLE})[{_BLANK}][{_BLANK}{_HIDDEN}]*|[{_HIDDEN}]+")
"""What does not stay as it is: white space but for a single space between words, and what is invisible."""
GAP = re.compile(rf"[{_BLANK}{_HIDDEN}]{{200,}}")
"""So much of nothing parts two texts: a passage, and with it a quote, never runs over it."""
_STRIPPED = re.compile(rf"{_VISIBLE}(?:.*{_VISIBLE})?", re.DOTALL)
_SENTENCE_END = re.compile(r"[.!?…。！？｡؟۔।॥։።:：;；][\"'”’»）)」』】\]]*$")
_ABBREVIATION = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|St|Prof|Gen|Sen|Gov|Rep|vs|No|U\.S|г|ул|им|акад|проф)\.$")
_ITEM = re.compile(r"(?:[-•*·●▪◦+>]|#{1,6}|\(?\d{1,3}[.)]|[（(][a-zа-я一二三四五六七八九十][)）])\s|\|")
_CELLS = re.compile(r"\t|\s\|\s|\|$")
_WIDE = 3
_FIRST_WIDE = "\u1100"
_RUNNING_TEXT = re.compile(r"[，。；！？]")
_MIN_RUNNING_TEXT = 20
_WRAP_WIDTH = 120
_WRAPPED_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class SearchForm:
    """`text` in runs that stand in the source as they do here: run i begins at `starts[i]`, in the source at
    `offsets[i]`. Both rise strictly."""

    text: str
    starts: tuple[int, ...]
    offsets: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.starts) != len(self.offsets) or bool(self.text) != bool(self.starts):
            raise ValueError("a search form needs one offset for each of its runs, and a run where it has text")

    def stripped(self, start: int, end: int) -> Span | None:
        """`text[start:end]` without the white space at its ends; None where nothing is left."""
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        return Span(start, end) if start < end else None

    def source_span(self, part: Span) -> Span:
        """Where a part of `text` stands in the source."""
        return Span(self._offset(part.start), self._offset(part.end - 1) + 1)

    def _offset(self, position: int) -> int:
        run = bisect_right(self.starts, position) - 1
        return self.offsets[run] + position - self.starts[run]


def is_wide(character: str) -> bool:
    """East Asian wide: Han, kana, hangul and their punctuation, written without spaces between words."""
    return character >= _FIRST_WIDE and unicodedata.east_asian_width(character) in "WF"


def width(text: str) -> int:
    """The length of a text in units that hold about as much in every script: a wide character counts three."""
    if max(text, default="") < _FIRST_WIDE:
        return len(text)
    return len(text) + (_WIDE - 1) * sum(map(is_wide, text))


def make_search_form(text: str, span: Span) -> SearchForm:
    """The search form of `text[span.start:span.end]`; its offsets point into the whole text."""
    lines = list(_lines(text, span))
    parts: list[str] = []
    starts: list[int] = []
    offsets: list[int] = []
    length, expected = 0, -1
    for part, offset in _parts(text, lines):
        if offset != expected:
            starts.append(length)
            offsets.append(offset)
        parts.append(part)
        length, expected = length + len(part), offset + len(part)
    return SearchForm("".join(parts), tuple(starts), tuple(offsets))


def make_sentence_form(text: str, sentence: Span) -> str:
    """The search form of a span inside one paragraph of a larger form: every line break in it was joined there."""
    joined, *more = make_search_form(text, sentence).text.split(PARAGRAPH)
    for line in more:
        joined += _joint(joined, line) + line
    return joined


def _lines(text: str, span: Span) -> Iterator[Span]:
    """The lines that hold something visible, without white space and invisible characters at their ends."""
    for match in _LINE.finditer(text, span.start, span.end):
        if stripped := _STRIPPED.search(text, match.start(), match.end()):
            yield Span(stripped.start(), stripped.end())


def _parts(text: str, lines: list[Span]) -> Iterator[tuple[str, int]]:
    """What the search form is made of, each part with its offset: the lines, and what joins them."""
    end = 0
    for line, joint in zip(lines, _joints(text, lines), strict=True):
        if joint:
            yield joint, end
        yield from _folded(text, line)
        end = line.end


def _folded(text: str, line: Span) -> Iterator[tuple[str, int]]:
    """The visible parts of a line with their offsets; a run of white space becomes its first as one space."""
    at = line.start
    for match in _FOLDED.finditer(text, line.start, line.end):
        if at < match.start():
            yield text[at : match.start()], at
        if text[match.start()] not in _INVISIBLE:
            yield " ", match.start()
        at = match.end()
    yield text[at : line.end], at


def _joints(text: str, lines: list[Span]) -> list[str]:
    """What stands before each line in the search form: nothing or a space inside a sentence, else a paragraph end."""
    joints = [""] if lines else []
    longest = max((line.end - line.start for line in lines), default=0)
    for previous, following in pairwise(lines):
        before, after = text[previous.start : previous.end], text[following.start : following.end]
        blank_between = text.count("\n", previous.end, following.start) > 1
        if not continues(before, after, blank_between, longest):
            joints.append(PARAGRAPH)
        else:
            joints.append(_joint(before, after))
    return joints


def _joint(before: str, after: str) -> str:
    """What joins two lines of one sentence."""
    return "" if _is_unspaced(before[-1]) or _is_unspaced(after[0]) else " "


def _is_unspaced(character: str) -> bool:
    """Written without spaces between words: wide, but not Korean."""
    return is_wide(character) and not unicodedata.name(character, "").startswith("HANGUL")


def _begins_anew(before: str, after: str) -> bool:
    """An item of a list, a heading of Markdown and a row of a table do, whatever their width."""
    return bool(_ITEM.match(after) or (_CELLS.search(before) and _CELLS.search(after)))


def continues(before: str, after: str, blank_between: bool, longest: int) -> bool:
    """Does the sentence at the end of one line go on in the next?

    Wide scripts: the line is running text (it holds sentence punctuation) and ends without any: newspaper columns.
    Others: the next line goes on in lower case, or the text is wrapped to one width and this line fills it.
    """
    is_abbreviated = bool(_ABBREVIATION.search(before)) and not blank_between
    if _begins_anew(before, after) or (_SENTENCE_END.search(before) and not is_abbreviated):
        return False
    if is_abbreviated or before[-1] in "，、,":
        return True
    if _is_unspaced(before[-1]):
        return len(before) >= _MIN_RUNNING_TEXT and bool(_RUNNING_TEXT.search(before))
    if blank_between or after[0].islower():
        return after[0].islower()
    return longest <= _WRAP_WIDTH and len(before) >= _WRAPPED_SHARE * longest > _MIN_RUNNING_TEXT

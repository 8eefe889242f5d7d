"""Headings that are numbered: 1. and 1.1, I., 一、 and （一）, Chapter 2, Глава 3, 2-бөлім, 第四章."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import regex

from qa_service.ingest.lines import Line, is_heading_like
from qa_service.ingest.search_form import continues

_HAN_DIGITS = "〇零一二三四五六七八九"
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_MAX_TITLE = 120
_MAX_CLOSED = 60
"""A heading that ends in a full stop is shorter than this, number and all."""
_WORDS = (
    ("part", r"part|часть|бөлік|qism|қисм|book|книга"),
    ("chapter", r"chapter|глава|тарау|бап|боб|bob|bap|глав|appendix|annex|приложение"),
    ("section", r"section|раздел|бөлім|бөлүм|bo['‘ʻʼ’]lim|бўлим|фасл|bölüm|bölek"),
    ("article", r"article|статья|берене|modda|модда|madda|моддаи"),
)
_HAN_WORDS = {"部": "part", "编": "part", "編": "part", "篇": "part", "章": "chapter", "节": "section", "節": "section"}
_NUMBER = r"(?P<number>\d{1,3}|[ivxlc]{1,6})"
_PATTERNS = (
    *((name, regex.compile(rf"(?:{words})\s+(?:№\s*)?{_NUMBER}\b[.:]?\s*", regex.I)) for name, words in _WORDS),
    *((name, regex.compile(rf"{_NUMBER}\s*[-–]?\s*(?:{words})\b[.:]?\s*", regex.I)) for name, words in _WORDS),
    (
        "han word",
        regex.compile(rf"第\s*(?P<number>\d{{1,3}}|[{_HAN_DIGITS}十百]+)\s*(?P<word>[部编編篇章节節])[、:：\s]*"),
    ),
    ("roman", regex.compile(r"(?P<number>[IVXLC]{1,6})[.)]\s+")),
    ("han", regex.compile(rf"(?P<number>[{_HAN_DIGITS}十]{{1,3}})[、.．]\s*")),
    ("han in brackets", regex.compile(rf"[（(](?P<number>[{_HAN_DIGITS}十]{{1,3}})[）)]\s*")),
    ("in brackets", regex.compile(r"[（(](?P<number>\d{1,2})[）)]\s*")),
    ("decimal", regex.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,3})(?:[.)．、]\s*|\s+)(?=\D)")),
)
_KINDS_WITH_WORDS = {name for name, _ in _WORDS}


@dataclass(frozen=True, slots=True)
class Numbered:
    """A heading in line `index`; it takes `lines` lines. `kind` is how it is numbered, with its depth."""

    index: int
    kind: str
    number: tuple[int, ...]
    title: str
    lines: int = 1

    @property
    def has_word(self) -> bool:
        return self.kind in _KINDS_WITH_WORDS


def find_numbered(lines: Sequence[Line]) -> list[Numbered]:
    """The numbered headings: counted on from one, each with text or a deeper heading after it, as in no list."""
    found, body = list(_counted(lines)), [line.is_body for line in lines]
    while True:
        levels = levels_of(found)
        kept = [each for i, each in enumerate(found) if _heads(body, found, i, levels)]
        counts = Counter(each.kind for each in kept)
        kept = [each for each in kept if each.has_word or counts[each.kind] > 1 or each.kind.startswith("decimal.")]
        if len(kept) == len(found):
            return kept
        found = kept


def levels_of(found: Sequence[Numbered]) -> Mapping[str, int]:
    """How deep each kind is, 0 the outermost: kinds come in the order of their first heading, decimals by depth."""
    kinds = list(dict.fromkeys(each.kind for each in found))
    return {kind: level for level, kind in enumerate(sorted(kinds, key=lambda kind: _order(kind, kinds)))}


def _order(kind: str, kinds: Sequence[str]) -> tuple[int, int]:
    family, _, depth = kind.partition(".")
    first = next(i for i, each in enumerate(kinds) if each.partition(".")[0] == family)
    return first, int(depth or 0)


def _counted(lines: Sequence[Line]) -> Iterator[Numbered]:
    """Headings by their shape whose number is one, or one more than the last of their kind."""
    last: dict[tuple[str, tuple[int, ...]], int] = {}
    for index in range(len(lines)):
        heading = _read(lines, index)
        if heading is None:
            continue
        *parent, number = heading.number
        key = (heading.kind, tuple(parent))
        if number == 1 or number == last.get(key, 0) + 1:
            last[key] = number
            yield heading


def _read(lines: Sequence[Line], index: int) -> Numbered | None:
    line = lines[index]
    if line.width > _MAX_TITLE:
        return None
    for kind, pattern in _PATTERNS:
        match = pattern.match(line.text)
        number = match and _number(match["number"])
        if not match or not number:
            continue
        rest = line.text[match.end() :]
        name = _HAN_WORDS[match["word"]] if kind == "han word" else kind
        if name == "decimal" and len(number) > 1:
            name = f"decimal.{len(number)}"
        if not rest and name in _KINDS_WITH_WORDS:
            return _with_next(lines, index, name, number)
        if _is_title(line, rest) and not (index + 1 < len(lines) and _goes_on(line, lines[index + 1])):
            return Numbered(index, name, number, line.text)
        return None
    return None


def _with_next(lines: Sequence[Line], index: int, kind: str, number: tuple[int, ...]) -> Numbered:
    """`Chapter 1` alone on its line: the title may be the line below."""
    following = lines[index + 1] if index + 1 < len(lines) else None
    if following is not None and following.is_heading_like and not any(p.match(following.text) for _, p in _PATTERNS):
        return Numbered(index, kind, number, f"{lines[index].text} {following.text}", lines=2)
    return Numbered(index, kind, number, lines[index].text)


def _is_title(line: Line, rest: str) -> bool:
    if line.width <= _MAX_CLOSED and rest.endswith(".") and not rest.endswith(".."):
        rest = rest[:-1]
    return is_heading_like(rest)


def _goes_on(line: Line, following: Line) -> bool:
    return not following.after_blank and following.text[0].islower() and continues(line.text, following.text, False, 0)


def _heads(body: Sequence[bool], found: Sequence[Numbered], i: int, levels: Mapping[str, int]) -> bool:
    """Does running text, or a deeper heading, come before the next heading?"""
    heading = found[i]
    after = found[i + 1] if i + 1 < len(found) else None
    end = after.index if after else len(body)
    if after is not None and levels[after.kind] > levels[heading.kind] and end == heading.index + heading.lines:
        return True
    return any(body[heading.index + heading.lines : end])


def _number(text: str) -> tuple[int, ...] | None:
    if text[0].isdigit() and text[0].isascii():
        return tuple(map(int, text.split(".")))
    value = _roman(text.lower()) if text.isascii() else han_number(text)
    return (value,) if value else None


def _roman(text: str) -> int:
    values = [_ROMAN[character] for character in text]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def han_number(text: str) -> int:
    """十二, 二十三 and 二〇二五 as numbers; 0 for what is none, or hundreds."""
    digits = {character: max(0, i - 1) for i, character in enumerate(_HAN_DIGITS)}
    if not text or set(text) - {*_HAN_DIGITS, "十"}:
        return 0
    tens, ten, ones = text.rpartition("十")
    if ten:
        return 10 * (digits.get(tens, 1) if tens else 1) + digits.get(ones, 0)
    return int("".join(str(digits[character]) for character in text))

"""When a document is from, by what its text says: the date of its dateline, else the first date of its beginning.

The names of the months are Unicode's CLDR, by way of Babel. What could be two dates is neither: 03/04/2025 is 2025.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex

from qa_service.ingest.lines import Line, find_lines
from qa_service.ingest.numbered import han_number
from qa_service.ingest.quantities import month_stems, month_words

_HEAD, _TAIL = 800, 200
_FIRST_YEAR = 1600
_AHEAD = datetime.timedelta(days=31)
"""A newspaper is dated some days ahead; what is further is announced, not published."""
_LANGUAGES = ("en", "en-GB", "ru", "kk", "ky", "uz", "uz-Cyrl", "tg", "tk")
_LATIN = regex.compile(r"\p{Latin}")
_MAX_SHORT = 3
_ENDING = r"[^\W\d_]{0,6}"
_DAY_ENDING = r"(?:st|nd|rd|th|\.|-[^\W\d_]{1,4})?"
_YEAR = r"(?<!\d)(?P<year>\d{4})(?!\d)"
_BEFORE, _AFTER = r"(?<![\d./-])", r"(?![./-]?\d)"
_HAN_DIGIT = "[〇零○一二三四五六七八九]"
_NUMERIC = (
    regex.compile(rf"{_BEFORE}(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}}){_AFTER}"),
    regex.compile(r"(?P<year>\d{4})\s*[年년]\s*(?P<month>\d{1,2})\s*[月월](?:\s*(?P<day>\d{1,2})\s*[日号號일])?"),
    regex.compile(
        rf"(?P<year>{_HAN_DIGIT}{{4}})年(?P<month>[一二三四五六七八九十]{{1,3}})月(?:(?P<day>[一二三四五六七八九十]{{1,3}})[日号號])?"
    ),
    regex.compile(rf"{_BEFORE}(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}}){_AFTER}"),
)
_EITHER_WAY = regex.compile(
    rf"{_BEFORE}(?P<one>\d{{1,2}})(?P<mark>[/-])(?P<other>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}){_AFTER}"
)
_YEAR_AND_MONTH = regex.compile(rf"{_BEFORE}(?P<year>\d{{4}})-(?P<month>\d{{2}}){_AFTER}")
_LABEL = (
    r"(?:date|published|updated|posted|发布时间|發布時間|发布日期|日期|时间|時間|дата|опубликовано|обновлено|күні"
    r"|жарияланған|sana|сана|таърих|sene)?\s*[:：]?\s*"
)
_SENTENCE_END = regex.compile(r"[!?。！？]|\w{3}\.\s+\p{L}")
_AGENCY = regex.compile(
    r"\s*(?:г\.?|года?|ж\.?)?[\s,.]*(?:[(（/\[][^)）/\]]*[)）/\]])?[^\s—–-]{0,12}\s*(?:—|–|--?\s|电|電|讯|訊|\.\s+\p{Lu})"
)
_MAX_PLACE, _MAX_AGENCY = 60, 50
_CLOCK = r"(?:\d{1,2}:\d{2}(?::\d{2})?)?"
_REST = rf"[\s.,，。;()（）\[\]]*(?:г|года?|ж|жылы?|йил|yil|сол|соли|ý|讯|訊|电|電)?[\s.,，。;()（）\[\]]*{_CLOCK}\s*"


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    year: int
    month: int | None
    day: int | None

    @property
    def iso(self) -> str:
        parts = [f"{self.year:04}", *(f"{part:02}" for part in (self.month, self.day) if part is not None)]
        return "-".join(parts)


def find_date(text: str, language: str) -> str | None:
    """The date of a text in ISO form: a day, or where a line holds no more than that, a month or a year.

    What running text tells of is not when it was written: there only a dateline counts.
    """
    ranked = []
    for line in find_lines(text):
        in_head, in_tail = line.span.start < _HEAD, line.span.end > len(text) - _TAIL
        for found in _dates(line.text, language) if in_head or in_tail else ():
            rank = _rank(line, found, in_head and line.span.start + found.end <= _HEAD)
            if rank is not None:
                ranked.append((rank, found.day is None, line.span.start + found.start, found))
    return min(ranked, key=lambda each: each[:3])[3].iso if ranked else None


def _rank(line: Line, found: _Found, in_head: bool) -> int | None:
    """A date among the facts of the head comes before a dateline, that before a line of the end; None is no date."""
    if _is_alone(line.text, found):
        return 0 if in_head else 2
    if not in_head or (found.day is None and not _is_either_way(line.text, found)):
        return None
    if not line.is_body:
        return 0
    return 1 if _is_dateline(line.text, found) else None


def _is_dateline(line: str, found: _Found) -> bool:
    """`ASTANA, June 14, 2025 (Xinhua) -- The` and 新华社北京2025年6月14日电."""
    before, after = line[: found.start], line[found.end : found.end + _MAX_AGENCY]
    return len(before) <= _MAX_PLACE and not _SENTENCE_END.search(before) and bool(_AGENCY.match(after))


def _is_alone(line: str, found: _Found) -> bool:
    before, after = line[: found.start], line[found.end :]
    return bool(regex.fullmatch(_LABEL, before, regex.IGNORECASE) and regex.fullmatch(_REST, after, regex.IGNORECASE))


def _is_either_way(line: str, found: _Found) -> bool:
    """03/04/2025: a whole date, of which only the year is certain."""
    return found.month is None and _EITHER_WAY.fullmatch(line, found.start, found.end) is not None


def _dates(line: str, language: str) -> Iterator[_Found]:
    for pattern in (*_NUMERIC, *_patterns(language), _YEAR_AND_MONTH):
        for match in pattern.finditer(line):
            told = match.groupdict()
            day = told.get("day")
            found = _Found(
                *match.span(), _whole(told["year"]), _month(told["month"], language), _whole(day) if day else None
            )
            if _is_possible(found):
                yield found
    for match in _EITHER_WAY.finditer(line):
        yield from _read_either_way(match)
    if only := regex.fullmatch(rf"(?:{_LABEL})(?P<year>\d{{4}})(?:{_REST})", line, regex.IGNORECASE):
        found = _Found(*only.span("year"), int(only["year"]), None, None)
        if _is_possible(found) and _has_word(line):
            yield found


def _has_word(line: str) -> bool:
    """A number alone on its line may be a page."""
    return any(map(str.isalpha, line))


def _read_either_way(match: regex.Match[str]) -> Iterator[_Found]:
    """Day first or month first: the date where both readings give one, else what they have in common."""
    one, other, year = int(match["one"]), int(match["other"]), int(match["year"])
    readings = [_Found(*match.span(), year, month, day) for day, month in ((one, other), (other, one))]
    possible = {reading.iso: reading for reading in readings if _is_possible(reading)}
    if len(possible) == 1:
        yield from possible.values()
    elif possible:
        yield _Found(*match.span(), year, None, None)


def _is_possible(found: _Found) -> bool:
    if not _FIRST_YEAR <= found.year <= 9_000:
        return False
    try:
        first = datetime.date(
            found.year, 1 if found.month is None else found.month, 1 if found.day is None else found.day
        )
    except ValueError:
        return False
    return first <= datetime.date.today() + _AHEAD


def is_possible(date: str) -> bool:
    """Is a date in ISO form neither from before printing nor from far ahead?"""
    return _is_possible(_Found(0, 0, *([int(part) for part in date.split("-")] + [None, None])[:3]))  # type: ignore[arg-type]


@lru_cache(maxsize=64)
def _patterns(language: str) -> tuple[regex.Pattern[str], ...]:
    """Dates with the name of a month, in the ways that these languages write them."""
    words, stems = _months(language)
    month = rf"(?:(?P<month>{_one_of(words)})(?!\p{{L}})|(?P<month>{_one_of(stems)}){_ENDING})\.?"
    year_word = r"(?:\s*-?\s*[^\W\d_]{1,6}\.?)"
    day = rf"(?<![\d.-])(?P<day>\d{{1,2}}){_DAY_ENDING}[\s-]*"
    return tuple(
        regex.compile(pattern, regex.IGNORECASE)
        for pattern in (
            rf"{day}(?:(?:of|de|del)\s+)?{month},?\s+(?:(?:соли|de|del)\s+)?{_YEAR}",
            rf"{_YEAR}{year_word}{{0,2}},?\s+{day}{month}",
            rf"\b{month}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_YEAR}",
            rf"\b{month},?\s+(?:соли\s+)?{_YEAR}",
            rf"{_YEAR}{year_word}?,?\s+{month}",
        )
    )


def _one_of(names: Iterable[str]) -> str:
    return "|".join(sorted(map(regex.escape, names), key=len, reverse=True))


@lru_cache(maxsize=64)
def _months(language: str) -> tuple[dict[str, int], dict[str, int]]:
    """Whole words, and what inflected ones begin with: Cyrillic ones lose a letter; English inflects none."""
    words: dict[str, int] = {}
    stems: dict[str, int] = {}
    for each in dict.fromkeys((*_LANGUAGES, language)):
        own = month_words(each)
        words |= own
        if each.partition("-")[0] != "en":
            stems |= {stem: number for stem, number in month_stems(each).items() if not _LATIN.match(stem)}
            stems |= {word: number for word, number in own.items() if _LATIN.match(word) and len(word) > _MAX_SHORT}
    return words, stems


def _month(text: str, language: str) -> int:
    words, stems = _months(language)
    name = text.casefold()
    return words.get(name) or stems.get(name) or _whole(text)


def _whole(text: str) -> int:
    return int(text) if text.isdigit() else han_number(text.replace("○", "〇"))

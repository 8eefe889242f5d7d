"""Numbers and dates of a text as values, so that 94.8 billion, 94,8 млрд and 948亿 are one number.

What a million and a month are called, and which sign marks the decimals, is Unicode's CLDR, by way of Babel.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError

from qa_service.records import Span

_DIGITS = re.compile(r"\d+(?:[.,'’\u00a0\u202f ٫٬]\d+)*")
_SEPARATORS = re.compile(r"[.,'’\u00a0\u202f ٫٬]")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f ٬]\d{3})+")
_HAN_DATE = re.compile(
    r"(?P<year>\d{4})\s*年(?:\s*(?P<month>\d{1,2})\s*月(?:\s*(?P<day>\d{1,2})\s*[日号號])?)?"
    r"|(?P<only_month>\d{1,2})\s*月\s*(?P<only_day>\d{1,2})\s*[日号號]"
    r"|(?P<century>\d{1,2})\s*世[纪紀]\s*(?P<decade>\d0)\s*年代"
)
_ISO_DATE = re.compile(r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?!\d)")
_PERCENT = re.compile(r"\s?(?:[%٪％]|per\s?cent|процент|пайыз|пайиз|foiz|фоиз|дарсад|göterim)", re.IGNORECASE)
_PERCENT_BEFORE = re.compile(r"(?:百分之|%|yüzde\s)$", re.IGNORECASE)
_YEAR = re.compile(r"(?:1\d|20)\d\d")
_ENDING = r"[^\W\d_]{0,6}"
"""What case endings may follow a month's name or a "million"."""
_MIN_STEM = 3
_ROUNDED = 50
"""A number is rounded by no more than this part of it: who says 100 for 110 contradicts."""
_ALSO = {"uz": {"sentyabr": 9, "oktyabr": 10}}
"""Months as they are written beside what CLDR has."""
_HAN_SCALES = {"千": 10**3, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "万亿": 10**12, "萬億": 10**12}


@dataclass(frozen=True, slots=True)
class Date:
    """As far as it is told."""

    year: int | None
    month: int | None
    day: int | None


@dataclass(frozen=True, slots=True)
class Percent:
    value: Decimal


Value = Decimal | Percent | Date


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value and where it stands in its text."""

    span: Span
    value: Value


def quantities(text: str, language: str) -> tuple[Quantity, ...]:
    """The numbers and dates of a text, in order; a number that is part of a date is none by itself."""
    words = _words(language)
    found: list[Quantity] = []
    numbers = (_number(text, match, words) for match in _DIGITS.finditer(text))
    for each in (*_dates(text, words), *numbers):
        if not any(taken.span.start < each.span.end and each.span.start < taken.span.end for taken in found):
            found.append(each)
    return tuple(sorted(found, key=lambda quantity: quantity.span.start))


def are_same(one: Value, other: Value) -> bool | None:
    """None where they cannot be compared: a number and a date, or a year and a day without its year."""
    if isinstance(one, Date) and isinstance(other, Date):
        parts = [(one.year, other.year), (one.month, other.month), (one.day, other.day)]
        told = [(a, b) for a, b in parts if a is not None and b is not None]
        return all(a == b for a, b in told) if told else None
    if type(one) is not type(other):
        return None
    return one == other


def share_told(asked: Sequence[Quantity], text: str, language: str) -> float:
    """The share of these numbers and dates that a text holds; 1 where there are none."""
    told = [each.value for each in quantities(text, language)] if asked else []
    return sum(any(are_same(each.value, other) for other in told) for each in asked) / len(asked) if asked else 1.0


def is_rounded(one: Value, other: Value) -> bool:
    """Is one number the other, told less exactly: 95 for 94.8, 46 for 45.8? Neither 500 for 530 nor 100 for 110."""
    if isinstance(one, Date) or isinstance(other, Date) or type(one) is not type(other):
        return False
    numbers = [each.value if isinstance(each, Percent) else each for each in (one, other)]
    rounder, finer = sorted(numbers, key=_last_digit, reverse=True)
    unit = Decimal(1).scaleb(_last_digit(rounder))
    return _last_digit(rounder) > _last_digit(finer) and abs(rounder - finer) <= min(unit / 2, abs(finer) / _ROUNDED)


def _last_digit(number: Decimal) -> int:
    """The power of ten of the last digit that is told: 6 for 46 million, -1 for 94.8. Tens count as ones."""
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return 0 if exponent == 1 else exponent


@dataclass(frozen=True, slots=True)
class _Words:
    """What a language calls its months and its powers of ten, and what marks its decimals."""

    dates: re.Pattern[str]
    months: dict[str, int]
    scale: re.Pattern[str]
    scales: dict[str, int]
    decimal: str


@lru_cache(maxsize=64)
def _words(language: str) -> _Words:
    locale = locale_of(language)
    months = _months(locale)
    scales = dict(_HAN_SCALES)
    for plurals in locale.compact_decimal_formats.values():
        for patterns in plurals.values():
            for power, pattern in patterns.items():
                name = re.sub(r"[0'.\s]", "", str(pattern.pattern))
                if len(name) > 1 and str(pattern.pattern).count("0") == 1:
                    scales.setdefault(name.casefold(), int(power))
    month = "|".join(sorted(map(re.escape, months), key=len, reverse=True)) or r"(?!)"
    scale = "|".join(sorted(map(re.escape, scales), key=len, reverse=True))
    return _Words(
        dates=re.compile(
            rf"(?:(?P<year_before>\d{{4}})[\s-]+[^\W\d_]+\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th|-[^\W\d_]+|\.)?[\s-]+"
            rf"(?:of\s+)?(?P<month>{month}){_ENDING}(?:,?\s+(?P<year>\d{{4}}))?"
            rf"|\b(?P<month_first>{month}){_ENDING}\s+(?P<day_second>\d{{1,2}})(?!\d)(?:,?\s+(?P<year_last>\d{{4}}))?"
            rf"|\b(?P<month_only>{month}){_ENDING}\s+(?P<year_only>\d{{4}})",
            re.IGNORECASE,
        ),
        months=months,
        scale=re.compile(rf"[\s-]?(?P<name>{scale})", re.IGNORECASE),
        scales=scales,
        decimal=str(locale.number_symbols.get("latn", {}).get("decimal", ".")),
    )


def month_words(language: str) -> dict[str, int]:
    """The names and the abbreviations of the months, in lower case."""
    months = locale_of(language).months
    names = {
        name.casefold().rstrip("."): number
        for form in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in months[form][width].items()
        if name[0].isalpha() and len(name) >= _MIN_STEM
    }
    return names | _ALSO.get(language, {})


def month_stems(language: str) -> dict[str, int]:
    """What the names of the months begin with, in lower case, whatever inflection ends them with."""
    return _months(locale_of(language))


def _months(locale: Locale) -> dict[str, int]:
    names = {
        (name.casefold(), number)
        for form in ("format", "stand-alone")
        for number, name in locale.months[form]["wide"].items()
        if name[0].isalpha()
    } | set(_ALSO.get(locale.language, {}).items())
    stems = Counter(stem for stem, _ in {(_stem(name), number) for name, number in names})
    return {_stem(name) if stems[_stem(name)] == 1 else name: number for name, number in names}  # iyun and iyul


def locale_of(language: str) -> Locale:
    """As the language writes; as English does where nothing is known of it."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _stem(name: str) -> str:
    """Without the letter that inflection changes: январь, января, январе."""
    return name.casefold()[: max(_MIN_STEM, len(name) - 1)]


def _dates(text: str, words: _Words) -> Iterator[Quantity]:
    for match in (*_ISO_DATE.finditer(text), *_HAN_DATE.finditer(text), *words.dates.finditer(text)):
        told = {name: value for name, value in match.groupdict().items() if value}
        month = _first(told, "month", "month_first", "month_only", "only_month")
        if month is not None and not month.isdigit():
            month = str(words.months[month.casefold()])
        yield Quantity(
            Span(*match.span()),
            Date(
                _decade(told) or _whole(_first(told, "year", "year_before", "year_last", "year_only")),
                _whole(month),
                _whole(_first(told, "day", "day_second", "only_day")),
            ),
        )


def _first(told: dict[str, str], *names: str) -> str | None:
    return next((told[name] for name in names if name in told), None)


def _decade(told: dict[str, str]) -> int | None:
    """20世纪60年代 is 1960, as "the 1960s" is."""
    return 100 * (int(told["century"]) - 1) + int(told["decade"]) if "century" in told else None


def _whole(digits: str | None) -> int | None:
    return int(digits) if digits else None


def _number(text: str, match: re.Match[str], words: _Words) -> Quantity:
    value, end = _value(match.group(), words.decimal), match.end()
    percent = _PERCENT.match(text, end)
    if percent or _PERCENT_BEFORE.search(text[max(0, match.start() - 6) : match.start()]):
        return Quantity(Span(match.start(), percent.end() if percent else end), Percent(value))
    scale = words.scale.match(text, end)
    if scale:
        value *= words.scales[scale["name"].casefold()]
        return Quantity(Span(match.start(), scale.end()), value)
    if match.group().isdecimal() and _YEAR.fullmatch(str(value)):
        return Quantity(Span(*match.span()), Date(int(value), None, None))
    return Quantity(Span(*match.span()), value)


def _value(digits: str, decimal: str) -> Decimal:
    """1,234.5 and 1 234,5; what could be read both ways is read as the language writes it."""
    last = list(_SEPARATORS.finditer(digits))[-1:]
    grouped = _THOUSANDS.fullmatch(digits) is not None
    if not last or (grouped and last[0].group() != decimal):
        return Decimal(_SEPARATORS.sub("", digits))
    if grouped and len({mark.group() for mark in _SEPARATORS.finditer(digits)}) == 1 and digits.count(decimal) > 1:
        return Decimal(_SEPARATORS.sub("", digits))
    whole, fraction = digits[: last[0].start()], digits[last[0].end() :]
    return Decimal(f"{_SEPARATORS.sub('', whole)}.{fraction}")

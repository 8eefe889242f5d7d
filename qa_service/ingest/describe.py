"""What a document is: title, date and language read from its text; what its manifest says comes first."""

import datetime
import re
from collections.abc import Mapping

from qa_service.errors import BadFile
from qa_service.ingest.language import detect_language
from qa_service.records import Metadata

FIELDS = ("title", "source", "author", "date", "url", "language")

_HEAD = 800
_MAX_TITLE = 200
_MAX_VALUE = 2_000
_MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]
_DATES = (
    re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b"),
    re.compile(r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*日"),
    re.compile(rf"\b(?P<day>\d{{1,2}})\s+(?P<month>{'|'.join(_MONTHS)})\s+(?P<year>\d{{4}})\b", re.IGNORECASE),
    re.compile(rf"\b(?P<month>{'|'.join(_MONTHS)})\s+(?P<day>\d{{1,2}}),\s+(?P<year>\d{{4}})\b", re.IGNORECASE),
)
_ISO_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_DATE_PREFIX = re.compile(r"^date\s+\d{4}-\d{2}-\d{2}\s+", re.IGNORECASE)


def describe(file_name: str, kept_text: str, given: Mapping[str, str]) -> tuple[Metadata, dict[str, str]]:
    """Metadata and where each value came from: "given", "text", "detected" or "file name".

    `kept_text` is the text without what is quarantined. Raises BadFile for a given value that cannot be one.
    """
    values = {field: value for field in FIELDS if (value := _checked(file_name, field, given.get(field)))}
    origins = dict.fromkeys(values, "given")
    title, title_origin = _title(kept_text, file_name)
    for field, value, origin in (
        ("title", title, title_origin),
        ("date", _first_date(kept_text[:_HEAD]), "text"),
        ("language", detect_language(kept_text), "detected"),
    ):
        if field not in values and value:
            values[field], origins[field] = value, origin
    metadata = Metadata(
        title=values["title"],
        source=values.get("source"),
        author=values.get("author"),
        date=values.get("date"),
        url=values.get("url"),
        language=values["language"],
    )
    return metadata, origins


def _checked(file_name: str, field: str, value: str | None) -> str | None:
    if value is None or not value.strip():
        return None
    value = " ".join(value.split())
    if len(value) > _MAX_VALUE:
        raise BadFile(f"{file_name}: the given {field} is longer than {_MAX_VALUE:,} characters")
    if not is_text(value):
        raise BadFile(f"{file_name}: the given {field} holds a NUL or half a surrogate pair, which no text has")
    if field == "date" and not is_date(value):
        raise BadFile(f"{file_name}: the given date is not YYYY, YYYY-MM or YYYY-MM-DD: {value[:40]}")
    if field == "language" and not _LANGUAGE.fullmatch(value):
        raise BadFile(f"{file_name}: the given language is not a BCP 47 code such as en, zh-Hant or kk: {value[:40]}")
    if field == "url" and not value.startswith(("https://", "http://")):
        raise BadFile(f"{file_name}: the given url does not begin with https:// or http://: {value[:40]}")
    return value


def is_text(value: str) -> bool:
    """JSON and file names can hold half a surrogate pair and NUL, which no text has and no store takes."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def is_date(value: str) -> bool:
    if not _ISO_DATE.fullmatch(value):
        return False
    parts = [int(part) for part in value.split("-")]
    return _iso(*parts, *[1] * (3 - len(parts))) is not None


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return None


def _first_date(text: str) -> str | None:
    """The date that stands first in `text`, in ISO form."""
    matches = sorted((match for pattern in _DATES for match in pattern.finditer(text)), key=lambda match: match.start())
    for match in matches:
        month = match["month"]
        number = int(month) if month.isdigit() else _MONTHS.index(month.casefold()) + 1
        if date := _iso(int(match["year"]), number, int(match["day"])):
            return date
    return None


def _title(kept_text: str, file_name: str) -> tuple[str, str]:
    """The first line with a letter, without a date stuck to its front, cut at a word; else the file name."""
    for line in kept_text.splitlines():
        title = _DATE_PREFIX.sub("", " ".join(line.split()))
        if any(map(str.isalpha, title)):
            if len(title) > _MAX_TITLE:
                title = title[: _MAX_TITLE - 1].rsplit(" ", 1)[0] + "…"
            return title, "text"
    return file_name, "file name"

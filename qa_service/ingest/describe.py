"""What a document is: what is given of it, what its file says of itself, and what is read from its text."""

import datetime
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from qa_service.errors import BadFile
from qa_service.ingest.bylines import find_byline, is_statement
from qa_service.ingest.dates import find_date, is_possible
from qa_service.ingest.language import UNDETERMINED, detect_document_language, normal_tag, short_language
from qa_service.records import Metadata

FIELDS = ("title", "source", "author", "date", "url", "language")

_MAX_TITLE = 200
_OF_THE_FILE = (" properties", " info")
"""How origins end that speak of the file, not of what it holds."""
_MAX_VALUE = 2_000
_ISO_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_LINE = re.compile(r"\S[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]*")
_MARKED = re.compile(r"^#{1,6}\s+")
_CONTROLS = re.compile(r"[\x01-\x1f\x7f-\x9f]")
NOTHING: Mapping[str, str] = MappingProxyType({})
_TITLE_LABEL = re.compile(
    r"^(?:title|headline|заголовок|тақырып|сарлавҳа|sarlavha|标题|標題)\s*[:：]\s*(?=\S)", re.IGNORECASE
)
_AUTHOR_LABEL = re.compile(r"^(?:authors?|автор(?:ы)?|muallif|作者|记者|記者)\s*[:：]", re.IGNORECASE)
_DATE_PREFIX = re.compile(r"^date\s+\d{4}-\d{2}-\d{2}\s+", re.IGNORECASE)


def describe(
    file_name: str,
    kept_text: str,
    given: Mapping[str, str],
    given_origins: Mapping[str, str] = NOTHING,
    own: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    is_dated: bool = True,
) -> tuple[Metadata, dict[str, str]]:
    """Metadata and where each value came from: what is given comes first, then what the file says, then its text.

    `kept_text` is the text without what is quarantined; `given_origins` says by field where a given value stood, and
    "given" is what it does not say; `own` is what the file's format says, by field, each value with where. The dates in
    a text that is not `is_dated`, as a table, are not its own. Raises BadFile for a given value that cannot be one;
    what the file says of itself and cannot be is left out.
    """
    values: dict[str, tuple[str, str]] = {}
    for field in FIELDS:
        if value := check_value(file_name, field, given.get(field)):
            values[field] = value, given_origins.get(field, "given")
    said = {
        field: (usable, where) for field, (value, where) in own.items() if (usable := _usable(field, value, kept_text))
    }
    # when a file was made says less of its date than the text does
    made = said.pop("date", None) if said.get("date", ("", ""))[1].endswith(_OF_THE_FILE) else None
    for field, found in said.items():
        if field in FIELDS:
            values.setdefault(field, found)
    for field, value, origin in _read(file_name, kept_text, values):
        if field not in values and value and (field != "date" or is_dated):
            values[field] = value, origin
    if made is not None:
        values.setdefault("date", made)
    told = {field: value for field, (value, _) in values.items()}
    metadata = Metadata(
        title=told["title"],
        source=told.get("source"),
        author=told.get("author"),
        date=told.get("date"),
        url=told.get("url"),
        language=told["language"],
    )
    return metadata, {field: origin for field, (_, origin) in values.items()}


def _read(file_name: str, text: str, known: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, str | None, str]]:
    """What the text says: field, value, origin."""
    title, title_origin = _title(text, file_name)
    yield "title", title, title_origin
    language = known["language"][0] if "language" in known else detect_document_language(text)
    yield "language", language, "detected"
    yield "date", find_date(text, language), "text"
    byline = find_byline(text)
    yield "author", byline.author, "text"
    yield "source", byline.source, "text"
    yield "url", byline.url, "text"


def _usable(field: str, value: str, text: str) -> str | None:
    """What a file says of itself, where it can be that: programs write the day they ran, and their own language."""
    value = " ".join("".join(each for each in value if is_text(each)).split())[:_MAX_VALUE]
    if field == "date":
        day = value[:10] if is_date(value[:10]) else value
        date = day if is_date(day) else find_date(day, "en")
        return date if date is not None and is_possible(date) else None
    if field == "language":
        return _own_language(value, text)
    if field == "url":
        return value if _is_address(value) and " " not in value else None
    return value if any(map(str.isalnum, value)) else None


def _own_language(value: str, text: str) -> str | None:
    """A page's own tag, unless its text is plainly in another language: templates are seldom translated."""
    tag = normal_tag(value)
    detected = detect_document_language(text)
    if tag is None or detected == UNDETERMINED:
        return tag
    if tag == "zh" and detected.startswith("zh-"):
        return detected
    return tag if tag.partition("-")[0] == detected.partition("-")[0] else None


def check_value(name: str, field: str, value: str | None) -> str | None:
    """A value of the field on one line, None for a blank one. Raises BadFile, which names `name` and the field."""
    if value is None or not value.strip():
        return None
    value = " ".join(_CONTROLS.sub(" ", value).split())
    if len(value) > _MAX_VALUE:
        raise BadFile(f"{name}: the given {field} is longer than {_MAX_VALUE:,} characters")
    if not is_text(value):
        raise BadFile(f"{name}: the given {field} holds a NUL or half a surrogate pair, which no text has")
    if field == "date" and not is_date(value):
        raise BadFile(
            f"{name}: the given date is not one of the calendar, as YYYY, YYYY-MM or YYYY-MM-DD: {value[:40]}"
        )
    if field == "language" and not _LANGUAGE.fullmatch(value):
        raise BadFile(f"{name}: the given language is not a BCP 47 code such as en, zh-Hant or kk: {value[:40]}")
    if field == "url" and not _is_address(value):
        raise BadFile(f"{name}: the given url does not begin with https:// or http:// and a host: {value[:40]}")
    if field == "url" and " " in value:
        raise BadFile(f"{name}: the given url holds white space; write %20 for it: {value[:40]}")
    return _cased(value) if field == "language" else value


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:  # brackets that do not close
        return False


def _cased(tag: str) -> str:
    """A language tag as BCP 47 recommends it, with the short code of its language: zh-Hant-TW, kk for kaz."""
    language, *others = tag.lower().split("-")
    return "-".join(
        [short_language(language), *({2: str.upper, 4: str.title}.get(len(each), str)(each) for each in others)]
    )


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


def _title(kept_text: str, file_name: str) -> tuple[str, str]:
    """The first line that says more than an author, a source or a date, without a date or a label before it, cut at a
    word.

    Else the file name.
    """
    for line in _LINE.finditer(kept_text):
        title = _TITLE_LABEL.sub("", _MARKED.sub("", _DATE_PREFIX.sub("", " ".join(line[0].split()))))
        if any(map(str.isalpha, title)) and not is_statement(line[0]) and not _AUTHOR_LABEL.match(title):
            if len(title) > _MAX_TITLE:
                title = title[: _MAX_TITLE - 1].rsplit(" ", 1)[0] + "…"
            return title, "text"
    return file_name, "file name"

"""Metadata at the head of a Markdown file, between lines of three hyphens; the only home of PyYAML."""

import datetime
import re

import yaml

from qa_service.records import Encoding, Extracted, Span

_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?\r?\n)?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_MAX_LENGTH = 20_000
_NESTING = re.compile(r"[\[{]|^[ \t]*(?:- ){2}|\? ", re.MULTILINE)
_MAX_NESTING = 100
_KEY = re.compile(r"([A-Za-z_][\w-]*):(?:[ \t]+(.*))?")
_WHERE = "front matter"
FIELD_OF_KEY = {
    **{"title": "title", "headline": "title", "source": "source", "publisher": "source", "publication": "source"},
    **{"author": "author", "authors": "author", "byline": "author", "date": "date", "published": "date"},
    **{"pubdate": "date", "url": "url", "link": "url", "canonical": "url", "language": "language", "lang": "language"},
}


def read_markdown(text: str, encoding: Encoding) -> Extracted:
    """The verbatim text; its front matter, where it is YAML, is metadata and no part of what is searched."""
    found = _FRONT_MATTER.match(text[:_MAX_LENGTH])
    values = _values(found.group(1) or "") if found else None
    if not found or values is None:
        return Extracted("md", text, encoding)
    return Extracted("md", text, encoding, furniture=(Span(0, found.end()),), metadata=values)


def _values(source: str) -> dict[str, tuple[str, str]] | None:
    """None for what is no YAML mapping: three hyphens are a rule, too."""
    if len(_NESTING.findall(source)) > _MAX_NESTING:  # PyYAML's time grows with its square
        return None
    try:
        # A safe loader builds plain values only; aliases are refused for what they can be made to grow to.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(source, Loader=yaml.SafeLoader)):
            return None
        loaded = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):
        loaded = _by_lines(source)
    if not isinstance(loaded, dict):
        return None
    values: dict[str, tuple[str, str]] = {}
    for key, value in loaded.items():
        field = FIELD_OF_KEY.get(str(key).strip().casefold())
        shown = _shown(value)
        if field and shown and field not in values:
            values[field] = (shown, _WHERE)
    return values


def _by_lines(source: str) -> dict[str, str] | None:
    """What is no YAML for a colon in a title, say; None unless each line has its key, one of them known."""
    lines = [line for line in source.splitlines() if line.strip() and not line.startswith("#")]
    found = [_KEY.fullmatch(line) for line in lines]
    pairs = {match[1]: (match[2] or "").strip("\"' \t") for match in found if match}
    is_told = len(lines) == sum(map(bool, found)) and any(key.casefold() in FIELD_OF_KEY for key in pairs)
    return pairs if is_told else None


def _shown(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(filter(None, map(_shown, value)))
    if isinstance(value, str | int) and not isinstance(value, bool):
        return " ".join(str(value).split())
    return ""

"""What a web page says of itself, by field, each value with where it stands."""

import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from qa_service.ingest.extract.blocks import one_line, storable

Found = dict[str, tuple[str, str]]

_DATE = re.compile(r"((?:19|20)\d\d)-?(\d\d)-?(\d\d)(?:\D|$)")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_](?:[a-z]{2}|\d{3}))?", re.IGNORECASE)
_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d+\)(https?://\S+)\s*-->")
_META = {
    "title": ("og:title", "twitter:title", "dc.title", "citation_title"),
    "date": (
        *(
            "article:published_time",
            "og:article:published_time",
            "datepublished",
            "pubdate",
            "publishdate",
            "publish_date",
        ),
        *("publication_date", "date", "dc.date", "dcterms.created", "citation_publication_date", "parsely-pub-date"),
    ),
    "author": ("author", "article:author", "byl", "dc.creator", "citation_author", "parsely-author"),
    "source": ("og:site_name", "application-name", "dc.publisher", "publisher", "article:publisher"),
    "url": ("og:url",),
}
"""Names of meta elements, in the order of their weight."""
_ARTICLES = re.compile(r"(?:Article|Posting|Report|WebPage)$")
_MAX_NODES = 2_000


def page_metadata(tree: etree._Element, markup: str) -> Found:
    """By field of the metadata; fields that the page says nothing of are left out."""
    found: Found = {}
    metas = _metas(tree)
    linked = _linked_data(tree)
    for field in ("title", "source", "author", "date", "url", "language"):
        for value, where in _candidates(field, tree, metas, linked, markup):
            if shown := _checked(field, value):
                found[field] = (shown, where)
                break
    return found


def iso_date(value: str) -> str | None:
    """The day that a time stamp begins with."""
    match = _DATE.match(value.strip())
    try:
        return datetime.date(*map(int, match.groups())).isoformat() if match else None
    except ValueError:
        return None


def language_tag(value: str) -> str | None:
    """A language and its script as BCP 47 writes them; regions are left out, but for those that tell the script."""
    match = _LANGUAGE.fullmatch(value.strip())
    if not match:
        return None
    language, script = match.group(1).lower(), match.group(2)
    if language == "zh" and not script:
        script = {"tw": "Hant", "hk": "Hant", "mo": "Hant"}.get(value.strip()[-2:].lower())
    return f"{language}-{script.title()}" if script else language


def _checked(field: str, value: str) -> str | None:
    value = one_line(storable(value))
    if field == "date":
        return iso_date(value)
    if field == "language":
        return language_tag(value)
    if field == "url":
        return value if value.startswith(("https://", "http://")) else None
    if field == "author" and value.startswith(("https://", "http://")):
        return None
    return value[:1_000] or None


def _candidates(
    field: str, tree: etree._Element, metas: dict[str, str], linked: dict[str, str], markup: str
) -> Iterator[tuple[str, str]]:
    """Values with where they stand, the most telling first."""
    if field == "url":
        yield from ((link.get("href") or "", "html link") for link in tree.iterfind(".//link[@rel='canonical']"))
    yield from ((metas[name], "html meta") for name in _META.get(field, ()) if name in metas)
    if field in linked:
        yield linked[field], "html json-ld"
    if field == "title":
        headings = list(tree.iterfind(".//h1"))
        if len(headings) == 1:
            yield "".join(map(str, headings[0].itertext())), "html h1"
        yield from (("".join(map(str, title.itertext())), "html title") for title in tree.iterfind(".//head/title"))
    elif field == "date":
        yield from ((time.get("datetime") or "", "html time") for time in tree.iterfind(".//time[@datetime]"))
    elif field == "url" and (saved := _SAVED_FROM.search(markup[:2_000])):
        yield saved.group(1), "html comment"
    elif field == "language":
        lang = tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or tree.get("xml:lang")
        yield lang or "", "html lang"
        yield metas.get("content-language", ""), "html meta"


def _metas(tree: etree._Element) -> dict[str, str]:
    """The first content of each meta element, by its name, property or HTTP field."""
    found: dict[str, str] = {}
    for meta in tree.iterfind(".//meta[@content]"):
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            if name := meta.get(attribute):
                found.setdefault(name.strip().casefold(), meta.get("content") or "")
    return found


def _linked_data(tree: etree._Element) -> dict[str, str]:
    """What the first article in a page's JSON-LD says of itself."""
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        try:
            loaded = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        for node in _nodes(loaded):
            if _ARTICLES.search(str(node.get("@type"))) or "headline" in node:
                return _article(node)
    return {}


def _nodes(loaded: object) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-LD document, the outer ones first."""
    waiting, seen = [loaded], 0
    while waiting and seen < _MAX_NODES:
        seen += 1
        node = waiting.pop(0)
        if isinstance(node, dict):
            yield node
            waiting += [value for value in node.values() if isinstance(value, dict | list)]
        elif isinstance(node, list):
            waiting += node


def _article(node: dict[str, Any]) -> dict[str, str]:
    values = {
        "title": node.get("headline") or node.get("name"),
        "date": node.get("datePublished") or node.get("dateCreated"),
        "author": _name(node.get("author")),
        "source": _name(node.get("publisher")),
        "url": node.get("url"),
        "language": node.get("inLanguage"),
    }
    return {field: value for field, value in values.items() if isinstance(value, str)}


def _name(value: object) -> str | None:
    """Of a person or an organisation, of several with commas."""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_name, value))) or None
    if isinstance(value, dict):
        value = value.get("name")
    return value if isinstance(value, str) else None

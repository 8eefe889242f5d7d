"""OpenDocument texts: paragraphs, headings, tables as rows, notes at the end."""

from collections.abc import Iterator

from lxml import etree

from qa_service.errors import BadFile
from qa_service.ingest.extract.blocks import TextBuilder, one_line
from qa_service.ingest.extract.html_metadata import Found, iso_date, language_tag
from qa_service.ingest.extract.zipped_xml import Package, opened, release
from qa_service.records import Extracted, RawFile

_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:"
_TEXT, _TABLES, _OFFICE = (f"{{{_NAMESPACE}{part}:1.0}}" for part in ("text", "table", "office"))
_META = f"{{{_NAMESPACE}meta:1.0}}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_PARAGRAPH, _HEADING, _TABLE, _ROW = _TEXT + "p", _TEXT + "h", _TABLES + "table", _TABLES + "table-row"
_NOTE, _COMMENT, _DELETED = _TEXT + "note", _OFFICE + "annotation", _TEXT + "tracked-changes"
_CHARACTERS = {_TEXT + "tab": "\t", _TEXT + "line-break": "\n"}
_CELLS = (_TABLES + "table-cell", _TABLES + "covered-table-cell")
_MAX_SPACES = 1_000
_MAX_LEVEL = 10


def read_odt(file: RawFile) -> Extracted:
    """Raises BadFile."""
    builder = TextBuilder(file.name)
    notes: list[str] = []
    with opened(file) as package:
        if "META-INF/manifest.xml" in package.names and b"encryption-data" in package.read("META-INF/manifest.xml"):
            raise BadFile(f"{file.name}: encrypted; save it without a password")
        _append_content(builder, package, notes)
        metadata = _properties(package)
    for note in notes:
        builder.add(note)
    return builder.finish("odt", metadata=metadata)


def _append_content(builder: TextBuilder, package: Package, notes: list[str]) -> None:
    """Paragraphs, headings and rows in order; notes are put aside. What stands within one of them belongs to it."""
    tags = (_PARAGRAPH, _HEADING, _TABLE, _ROW, _DELETED)
    depth = 0
    last_was_row = False
    for event, element in package.events("content.xml", *tags):
        if event == "start":
            depth += 1
            continue
        depth -= 1
        if element.tag == _ROW and depth == 1:
            text = " | ".join(one_line(" ".join(_texts(cell, notes))) for cell in element.iterchildren(*_CELLS))
            builder.add(text.strip(" |"), breaks="\n" if last_was_row else "\n\n")
        elif element.tag in (_PARAGRAPH, _HEADING) and depth == 0:
            builder.add(_text(element, notes), _level(element))
        elif depth:
            continue
        last_was_row = element.tag == _ROW
        release(element)


def _level(element: etree._Element) -> int:
    if element.tag != _HEADING:
        return 0
    level = element.get(_TEXT + "outline-level") or "1"
    return min(int(level), _MAX_LEVEL) if level.isascii() and level.isdigit() else 1


def _texts(cell: etree._Element, notes: list[str]) -> Iterator[str]:
    """Of the paragraphs of a cell, those of tables within it too."""
    for paragraph in cell.iter(_PARAGRAPH, _HEADING):
        if next(paragraph.iterancestors(_PARAGRAPH, _NOTE, _COMMENT), None) is None:
            yield _text(paragraph, notes)


def _text(paragraph: etree._Element, notes: list[str]) -> str:
    pieces: list[str] = []
    aside: list[str] = []
    skipped = 0
    for event, element in etree.iterwalk(paragraph, events=("start", "end")):
        into = aside if skipped else pieces
        if element.tag in (_NOTE, _COMMENT):
            skipped += 1 if event == "start" else -1
            into = aside
        if event == "end":
            if element.tag in (_PARAGRAPH, _HEADING) and element is not paragraph:
                into.append(" ")
            if element is not paragraph:
                (aside if skipped else pieces).append(element.tail or "")
        elif element.tag == _TEXT + "s":
            count = element.get(_TEXT + "c") or "1"
            into.append(" " * min(int(count), _MAX_SPACES) if count.isascii() and count.isdigit() else " ")
        elif element.tag in _CHARACTERS:
            into.append(_CHARACTERS[str(element.tag)])
        elif element.tag not in (_DC + "date", _DC + "creator", _TEXT + "note-citation"):
            into.append(element.text or "")
    if note := one_line("".join(aside)):
        notes.append(note)
    return "".join(pieces)


def _properties(package: Package) -> Found:
    root = package.optional_tree("meta.xml")
    if root is None:
        return {}
    found: Found = {}
    for field, tags in (("title", (_DC + "title",)), ("author", (_META + "initial-creator", _DC + "creator"))):
        for tag in tags:
            value = next((one_line(each.text or "") for each in root.iter(tag)), "")
            if value and field not in found:
                found[field] = (value, "odt properties")
    if date := iso_date(next((each.text or "" for each in root.iter(_META + "creation-date")), "")):
        found["date"] = (date, "odt properties")
    if language := language_tag(next((each.text or "" for each in root.iter(_DC + "language")), "")):
        found["language"] = (language, "odt properties")
    return found

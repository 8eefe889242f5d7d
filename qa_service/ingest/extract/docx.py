"""Word documents: paragraphs, headings, tables as rows, notes at the end."""

from collections.abc import Iterator

from lxml import etree

from qa_service.ingest.extract.blocks import TextBuilder, lowered, one_line, raised
from qa_service.ingest.extract.office_properties import office_properties
from qa_service.ingest.extract.zipped_xml import Package, opened, release
from qa_service.records import Extracted, RawFile

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FORMULA_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_OF_SYMBOL = dict(zip(map(ord, "abgdezhqiklmnxoprstufcywDGLPSW"), "αβγδεζηθικλμνξοπρστυφχψωΔΓΛΠΣΩ", strict=True))
"""What the font Symbol shows for a letter."""
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_PARAGRAPH, _TABLE, _ROW, _CELL, _STYLE = _W + "p", _W + "tbl", _W + "tr", _W + "tc", _W + "style"
_UNREAD = {_FALLBACK, _W + "del", _W + "moveFrom", _W + "instrText", _W + "delText", _W + "pPr", _W + "rPr"}
_CHARACTERS = {_W + "tab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "\u2011", _W + "ptab": "\t"}
_NOTES = ("word/footnotes.xml", "word/endnotes.xml", "word/comments.xml")
_MAX_LEVEL = 9
_MAX_STYLE_DEPTH = 20


def read_docx(file: RawFile) -> Extracted:
    """Raises BadFile."""
    builder = TextBuilder(file.name)
    with opened(file) as package:
        levels = _heading_levels(package)
        _append_part(builder, package, "word/document.xml", levels)
        for name in _NOTES:
            if name in package.names:
                _append_part(builder, package, name, {})
        for name in sorted(package.names):
            if name.startswith(("word/header", "word/footer")) and name.endswith(".xml"):
                _append_part(builder, package, name, {}, is_furniture=True)
        metadata = office_properties(package, "docx")
    return builder.finish("docx", metadata=metadata)


def _append_part(
    builder: TextBuilder, package: Package, name: str, levels: dict[str, int], is_furniture: bool = False
) -> None:
    """The paragraphs and rows of a part. A paragraph within a table, or a text box, belongs to what holds it."""
    depth = 0
    last_was_row = False
    for event, element in package.events(name, _PARAGRAPH, _TABLE, _ROW):
        if event == "start":
            depth += 1
            continue
        depth -= 1
        if element.tag == _ROW and depth == 1:
            text, level = " | ".join(_cells(element)), 0
        elif element.tag == _PARAGRAPH and depth == 0:
            text, level = _text(element), _level(element, levels)
        else:
            if depth == 0:
                release(element)
            continue
        is_row = element.tag == _ROW
        builder.add(text, level, is_furniture, "\n" if is_row and last_was_row else "\n\n")
        last_was_row = is_row
        release(element)


def _cells(row: etree._Element) -> Iterator[str]:
    for cell in row.iterchildren(_CELL):
        outer = (each for each in cell.iter(_PARAGRAPH) if next(each.iterancestors(_PARAGRAPH), None) is None)
        yield one_line(" ".join(map(_text, outer)))


def _text(paragraph: etree._Element) -> str:
    """The text of the runs, that of text boxes after line breaks; what was deleted under revision is not there."""
    pieces: list[str] = []
    skipped = 0
    for event, element in etree.iterwalk(paragraph, events=("start", "end")):
        if element.tag in _UNREAD:
            skipped += 1 if event == "start" else -1
        elif skipped or event == "end":
            continue
        elif element.tag == _W + "t":
            pieces.append(_at_height(element))
        elif element.tag == _FORMULA_TEXT:
            pieces.append(element.text or "")
        elif element.tag == _W + "sym":
            pieces.append(_symbol(element))
        elif element.tag in _CHARACTERS:
            pieces.append(_CHARACTERS[str(element.tag)])
        elif element.tag == _PARAGRAPH and element is not paragraph:
            pieces.append("\n")
    return "".join(pieces)


def _symbol(element: etree._Element) -> str:
    """A sign named by its font and place; U+FFFD, which is counted, where that font is not known."""
    place = int(element.get(_W + "char") or "0", 16) & 0xFF
    known = _OF_SYMBOL.get(place) if (element.get(_W + "font") or "").casefold() == "symbol" else None
    return known or "\ufffd"


def _at_height(text: etree._Element) -> str:
    """Of a run: above, below or on the line."""
    run = text.getparent()
    height = run.find(f"{_W}rPr/{_W}vertAlign") if run is not None else None
    written = (
        {"superscript": raised, "subscript": lowered}.get(height.get(_W + "val") or "") if height is not None else None
    )
    return written(text.text or "") if written else text.text or ""


def _level(paragraph: etree._Element, levels: dict[str, int]) -> int:
    """Of a heading, by its own outline level or its style's; 0 for a paragraph."""
    outline = paragraph.find(f"{_W}pPr/{_W}outlineLvl")
    if outline is not None:
        return _outline_level(outline)
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    return levels.get(style.get(_W + "val") or "", 0) if style is not None else 0


def _outline_level(outline: etree._Element) -> int:
    value = outline.get(_W + "val") or ""
    return int(value) + 1 if value.isascii() and value.isdigit() and int(value) < _MAX_LEVEL else 0


def _heading_levels(package: Package) -> dict[str, int]:
    """By the id of a style. Word names the styles of headings in English inside, whatever it shows."""
    if "word/styles.xml" not in package.names:
        return {}
    own: dict[str, int] = {}
    based_on: dict[str, str] = {}
    for style in package.tree("word/styles.xml").iterchildren(_STYLE):
        style_id = style.get(_W + "styleId") or ""
        name, parent = style.find(_W + "name"), style.find(_W + "basedOn")
        outline = style.find(f"{_W}pPr/{_W}outlineLvl")
        named = (name.get(_W + "val") or "").casefold() if name is not None else ""
        if named == "title":
            own[style_id] = 1
        elif outline is not None:
            own[style_id] = _outline_level(outline)
        elif named.startswith("heading ") and named[8:].isdigit():
            own[style_id] = min(int(named[8:]), _MAX_LEVEL)
        if parent is not None:
            based_on[style_id] = parent.get(_W + "val") or ""
    return {style: _inherited(style, own, based_on) for style in {*own, *based_on}}


def _inherited(style: str, own: dict[str, int], based_on: dict[str, str]) -> int:
    for _ in range(_MAX_STYLE_DEPTH):
        if style in own:
            return own[style]
        style = based_on.get(style, "")
    return 0

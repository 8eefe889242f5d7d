"""Saved web pages: the whole visible text block by block, what of it is furniture, what the page says of itself.

`append_html` serves e-mails and e-books, whose chapters are pages too. Uses lxml.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree
from lxml import html as lxml_html

from qa_service.errors import BadFile
from qa_service.ingest.decode import decode
from qa_service.ingest.extract.blocks import TextBuilder, lowered, raised, storable
from qa_service.ingest.extract.html_metadata import page_metadata
from qa_service.ingest.extract.page_body import PageBody
from qa_service.records import Extracted, RawFile

_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})|<\?xml[^>]{0,100}encoding\s*=\s*[\"']([\w.:-]{2,40})",
    re.IGNORECASE,
)
_HEAD_BYTES = 4_096
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details"),
    *("dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr"),
    *("html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option"),
    *("p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th"),
    *("thead", "title", "tr", "ul", "video"),
}
_UNSEEN = {
    *("script", "style", "head", "template", "noembed", "noframes", "object", "svg"),
    *("iframe", "canvas", "audio", "datalist", "annotation", "annotation-xml"),
}
_LINES = {"li": "list", "tr": "table", "caption": "table", "dt": "terms", "dd": "terms", "option": "options"}
"""Blocks that follow each other line by line, without an empty line between."""
_INSIDE_ROWS = frozenset(
    {"table", "ul", "ol", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "form", "section", "article"}
)
"""A row that holds one of these is layout, not data."""
_HEIGHTS: Mapping[str, Callable[[str], str]] = {"sup": raised, "sub": lowered}
_LEVELS = {f"h{level}": level for level in range(1, 7)}
_FURNITURE_TAGS = frozenset({"nav", "footer", "aside", "header", "dialog", "button", "select", "menu"})
_FURNITURE_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alertdialog"}
)
_FURNITURE_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav(?:bar|igation)?|menu|breadcrumbs?|footer|sidebar|share|sharing|social"
    r"|related|recommend(?:ed|ations)?|newsletter|subscribe|subscription|promo|advert(?:isement)?s?|ads?|banner"
    r"|pagination|pager|toolbar|skip-?link|login|popup|modal|copyright|tags)(?:$|[\s_-])",
    re.IGNORECASE,
)
_ALWAYS_FURNITURE = re.compile(r"(?:^|[\s_-])(?:cookies?|consent|gdpr|skip-?link)(?:$|[\s_-])", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?。！？…।؟](?:[\s\"'”’»）)」』]|$)")
_LINK_SHARE = 0.6
_MIN_EVIDENCE = 2
_CELL = "\x1f"
_CELL_BORDER = re.compile(r"\s*\x1f\s*")
_SPACE = re.compile(r"[ \t\n\r\f\v]+")


def read_html(file: RawFile) -> Extracted:
    """A web page. Raises BadFile."""
    markup, encoding = decode(file, declared_charset(file.content))
    builder = TextBuilder(file.name)
    tree = parse_html(file.name, markup)
    append_html(builder, tree, PageBody(storable(markup)))
    return builder.finish("html", encoding, metadata=page_metadata(tree, markup))


def declared_charset(content: bytes) -> str | None:
    """What the head of a page says that its encoding is."""
    found = _CHARSET.search(content[:_HEAD_BYTES])
    return (found.group(1) or found.group(2)).decode("ascii") if found else None


def parse_html(file_name: str, markup: str) -> etree._Element:
    """Raises BadFile for a page without any element, or with more levels of them than the parser takes."""
    parser = lxml_html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        tree = etree.fromstring(storable(markup).encode(), parser)
    except etree.ParserError as error:
        raise BadFile(f"{file_name}: not a web page that can be read ({error})") from error
    last = parser.error_log.last_error
    if last is not None and last.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT:  # what follows was left out
        raise BadFile(f"{file_name}: elements are nested too deeply to be read ({last.message.partition(',')[0]})")
    if tree is None:
        raise BadFile(f"{file_name}: the page holds no words")
    return tree


@dataclass(slots=True)
class _Block:
    """Inline text on its way to become a block: `pieces` as they stand, of them `linked` characters in links."""

    tag: str
    evidence: int
    is_pre: bool
    level: int
    pieces: list[str] = field(default_factory=list)
    linked: int = 0

    def text(self) -> str:
        text = "".join(self.pieces)
        if not self.is_pre:
            text = "\n".join(filter(None, (_SPACE.sub(" ", line).strip() for line in text.split("\0"))))
        return _CELL_BORDER.sub(" | ", text).strip(" |") if _CELL in text else text


def append_html(builder: TextBuilder, tree: etree._Element, body: PageBody | None) -> None:
    """All visible text below an element. Without a `body` nothing is taken for furniture."""
    last = ""
    for block in _blocks(tree):
        text = block.text()
        visible = len("".join(text.split()))
        if not visible:
            continue
        is_furniture = body is not None and _is_furniture(block, text, visible, body)
        group = _LINES.get(block.tag)
        breaks = "\n" if group and group == _LINES.get(last) else "\n\n"
        builder.add(text, 0 if is_furniture else block.level, is_furniture, breaks)
        last = block.tag


def _is_furniture(block: _Block, text: str, visible: int, body: PageBody) -> bool:
    """Two kinds of evidence of: where it stands or what that is called (each once), links alone, not main content."""
    is_sentence = bool(_SENTENCE.search(text))
    evidence = block.evidence + (block.linked > _LINK_SHARE * visible and not is_sentence)
    if not evidence or (block.level == 1 and block.evidence < _MIN_EVIDENCE):
        return False
    return evidence + (not body.holds(text)) >= _MIN_EVIDENCE + (is_sentence and block.evidence < _MIN_EVIDENCE)


@dataclass(frozen=True, slots=True)
class _Place:
    """What the elements above a piece of text make of it."""

    tag: str = "body"
    evidence: int = 0
    is_pre: bool = False
    is_link: bool = False
    is_row: bool = False
    level: int = 0
    in_article: bool = False
    height: Callable[[str], str] = str
    """What a text above or below the line is written as."""


def _blocks(tree: etree._Element) -> Iterator[_Block]:
    """The stretches of inline text between the borders of block elements, in document order.

    Without recursion: a page may be nested as deep as its writer likes.
    """
    block = _Block("body", 0, False, 0)
    places = [_Place()]
    skipped = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if skipped or tag in _UNSEEN or not tag:
            skipped += 1 if event == "start" else -1
            if not skipped and event == "end":
                block.pieces.append(element.tail or "")
            continue
        if event == "start":
            place = _inside(places[-1], element, tag)
            places.append(place)
            if _is_border(tag, places[-2]):
                yield block
                block = _block(place)
            _append(block, tag, element.text or "", place)
        else:
            closed, place = places.pop(), places[-1]
            if _is_border(tag, place):
                yield block
                block = _block(place)
            elif tag in ("td", "th") and closed.is_row:
                block.pieces.append(_CELL)
            _append(block, "", element.tail or "", place)
    yield block


def _block(place: _Place) -> _Block:
    return _Block(place.tag, place.evidence, place.is_pre, place.level)


def _append(block: _Block, tag: str, text: str, place: _Place) -> None:
    if tag == "br":
        block.pieces.append(" " if place.is_row else "\n" if place.is_pre else "\0")
    elif tag in _BLOCKS and place.is_row:
        block.pieces.append(" ")
    block.pieces.append(place.height(text))
    if place.is_link:
        block.linked += len("".join(text.split()))


def _is_border(tag: str, above: _Place) -> bool:
    """Does an element begin or end a block? Inside a row of a table of data nothing does."""
    return tag in _BLOCKS and not above.is_row


def _inside(above: _Place, element: etree._Element, tag: str) -> _Place:
    own_tag = tag if tag in _BLOCKS and not above.is_row else above.tag
    return _Place(
        tag=own_tag,
        evidence=max(above.evidence, _evidence(above, element, tag)),
        is_pre=above.is_pre or tag in ("pre", "textarea"),
        is_link=above.is_link or tag == "a",
        is_row=above.is_row or (tag == "tr" and _is_data(element)),
        level=_LEVELS.get(tag, 0 if tag in _BLOCKS and not above.level else above.level),
        in_article=above.in_article or tag in ("article", "main"),
        height=_HEIGHTS.get(tag, above.height),
    )


def _is_data(row: etree._Element) -> bool:
    return len(row) > 1 and not any(True for _ in row.iter(*_INSIDE_ROWS))


def _evidence(above: _Place, element: etree._Element, tag: str) -> int:
    """How many things about an element say that it is furniture: 0 to 2."""
    if tag in ("body", "html", "main", "article"):
        return 0
    if element.get("hidden") is not None or _HIDDEN.search(element.get("style") or ""):
        return 2
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if _ALWAYS_FURNITURE.search(names) or tag == "nav" or (tag == "footer" and not above.in_article):
        return 2
    by_tag = tag in _FURNITURE_TAGS and not (tag == "header" and above.in_article)
    by_role = (element.get("role") or "").casefold() in _FURNITURE_ROLES
    return min(2, (by_tag or by_role) + bool(_FURNITURE_NAMES.search(names)) + (above.evidence and by_tag))

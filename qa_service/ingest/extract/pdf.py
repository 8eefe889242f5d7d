"""PDF: the text of each page, what its pages repeat at head and foot, its bookmarks as sections; home of pypdfium2.

PDFium, not pypdf: that one puts spaces into Kazakh words, reads radicals for Han characters, takes ten times as long.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from pypdfium2 import PdfDocument, PdfiumError

from qa_service.errors import BadFile
from qa_service.ingest.extract.blocks import TextBuilder, one_line, storable
from qa_service.ingest.extract.html_metadata import Found, iso_date
from qa_service.records import Extracted, RawFile, Span

_WHERE = "pdf info"
_EDGE_LINES = 2
_MIN_REPEATED = 3
_REPEATED_SHARE = 0.4
_MAX_FURNITURE_LINE = 120
_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)")
_PROGRAM_TITLE = re.compile(
    r"^(?:microsoft \w+ - .*|untitled|.*\.(?:docx?|indd|pdf|tmp|rtf|odt|qxd|xlsx?))$", re.IGNORECASE
)
_HYPHENS = {0xFFFE: "\u00ad", 0x02: "\u00ad"}
"""PDFium's mark for a word that was cut at the end of a line."""
_MAX_BOOKMARKS = 5_000
_MAX_LEVEL = 9


def read_pdf(file: RawFile) -> Extracted:
    """Raises BadFile, also for a scan: its pages are images."""
    try:
        document = PdfDocument(file.content)
    except PdfiumError as error:
        if "password" in str(error).casefold():
            raise BadFile(f"{file.name}: encrypted; save it without a password") from error
        raise BadFile(f"{file.name}: a damaged or cut short PDF ({one_line(str(error))})") from error
    try:
        texts = [_page_text(document, number) for number in range(len(document))]
        return _built(file, document, texts)
    finally:
        document.close()


def _page_text(document: PdfDocument, number: int) -> str:
    """Empty for a page that is damaged: the others are there."""
    try:
        page = document[number]
        text = page.get_textpage()
    except PdfiumError:
        return ""
    found = str(text.get_text_range())
    text.close()
    page.close()
    return storable(found.translate(_HYPHENS))


def _built(file: RawFile, document: PdfDocument, texts: Sequence[str]) -> Extracted:
    if not any(character.isalnum() for text in texts for character in text):
        raise BadFile(
            f"{file.name}: a PDF without text ({len(texts)} pages), such as a scan; make it searchable with OCR first"
        )
    repeated = _repeated_lines(texts)
    bookmarks = _bookmarks(document)
    builder = TextBuilder(file.name)
    pages: list[Span | None] = []
    for number, text in enumerate(texts):
        start: int | None = None
        for level, line, is_furniture in _lines(text, repeated, bookmarks.get(number, [])):
            span = builder.add(line, level, is_furniture, breaks="\n\n" if start is None else "\n")
            if span is not None and start is None:
                start = span.start
        pages.append(Span(start, builder.length) if start is not None else None)
    return builder.finish("pdf", pages=pages, metadata=_metadata(document))


def _lines(text: str, repeated: frozenset[str], bookmarks: list[tuple[int, str]]) -> Iterator[tuple[int, str, bool]]:
    """(level of a heading, line, is it furniture) of a page. A bookmark is a heading where its title is a line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    levels = {title: level for level, title in bookmarks}
    for i, line in enumerate(lines):
        at_edge = i < _EDGE_LINES or i >= len(lines) - _EDGE_LINES
        if at_edge and _shape(line) in repeated:
            yield 0, line, True
        else:
            yield levels.pop(one_line(line).casefold(), 0), line, False


def _repeated_lines(texts: Sequence[str]) -> frozenset[str]:
    """The shapes of lines that stand at the head or foot of many pages: running titles and page numbers."""
    counts: Counter[str] = Counter()
    for text in texts:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        edges = {*lines[:_EDGE_LINES], *lines[-_EDGE_LINES:]} if len(lines) > 2 * _EDGE_LINES else set(lines[-1:])
        counts.update({_shape(line) for line in edges if len(line) <= _MAX_FURNITURE_LINE})
    least = max(_MIN_REPEATED, _REPEATED_SHARE * len(texts))
    return frozenset(shape for shape, count in counts.items() if count >= least)


def _shape(line: str) -> str:
    """A line with every number alike."""
    return re.sub(r"\d+", "0", one_line(line).casefold())


def _bookmarks(document: PdfDocument) -> dict[int, list[tuple[int, str]]]:
    """(level, title) of the bookmarks by the number of their page."""
    found: dict[int, list[tuple[int, str]]] = {}
    for bookmark in islice(document.get_toc(max_depth=_MAX_LEVEL), _MAX_BOOKMARKS):
        destination = bookmark.get_dest()
        page = destination.get_index() if destination is not None else None
        if page is not None:
            found.setdefault(page, []).append((bookmark.level + 1, one_line(bookmark.get_title()).casefold()))
    return found


def _metadata(document: PdfDocument) -> Found:
    info = {key: one_line(storable(value)) for key, value in document.get_metadata_dict().items()}
    found: Found = {}
    if (title := info.get("Title", "")) and not _PROGRAM_TITLE.match(title):
        found["title"] = (title, _WHERE)
    if author := info.get("Author", ""):
        found["author"] = (author, _WHERE)
    if (day := _DATE.match(info.get("CreationDate", ""))) and (date := iso_date("-".join(day.groups()))):
        found["date"] = (date, _WHERE)
    return found

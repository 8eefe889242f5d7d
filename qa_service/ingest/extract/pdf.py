"""PDF: the text of each page, what its pages repeat at head and foot, its bookmarks as sections; the home of pypdf."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, PdfReadError, PyPdfError
from pypdf.generic import Destination

from qa_service.errors import BadFile
from qa_service.ingest.extract.blocks import TextBuilder, one_line, storable
from qa_service.ingest.extract.html_metadata import Found, iso_date, language_tag
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
_MAX_BOOKMARKS = 5_000
_MAX_LEVEL = 9


def read_pdf(file: RawFile) -> Extracted:
    """Raises BadFile, also for a scan: its pages are images."""
    try:
        reader = _opened(file)
        texts = [storable(page.extract_text() or "") for page in reader.pages]
        return _built(file, reader, texts)
    except BadFile:
        raise
    except DependencyError as error:
        raise BadFile(f"{file.name}: encrypted in a way that cannot be read; save it without protection") from error
    except (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OSError) as error:
        # pypdf meets a damaged file with any of these
        raise BadFile(f"{file.name}: a damaged PDF ({type(error).__name__}: {one_line(str(error))[:200]})") from error


def _opened(file: RawFile) -> PdfReader:
    try:
        reader = PdfReader(BytesIO(file.content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise BadFile(f"{file.name}: encrypted; save it without a password")
        len(reader.pages)
    except FileNotDecryptedError as error:
        raise BadFile(f"{file.name}: encrypted; save it without a password") from error
    except PdfReadError as error:
        raise BadFile(f"{file.name}: a damaged or cut short PDF ({one_line(str(error))[:200]})") from error
    return reader


def _built(file: RawFile, reader: PdfReader, texts: Sequence[str]) -> Extracted:
    if not any(character.isalnum() for text in texts for character in text):
        raise BadFile(
            f"{file.name}: a PDF of {len(texts)} pages without text, such as a scan; make it searchable with OCR first"
        )
    repeated = _repeated_lines(texts)
    bookmarks = _bookmarks(reader)
    builder = TextBuilder(file.name)
    pages: list[Span | None] = []
    for number, text in enumerate(texts):
        start: int | None = None
        for level, line, is_furniture in _lines(text, repeated, bookmarks.get(number, [])):
            span = builder.add(line, level, is_furniture, breaks="\n\n" if start is None else "\n")
            if span is not None and start is None:
                start = span.start
        pages.append(Span(start, builder.length) if start is not None else None)
    return builder.finish("pdf", pages=pages, metadata=_metadata(reader))


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


def _bookmarks(reader: PdfReader) -> dict[int, list[tuple[int, str]]]:
    """(level, title) of the bookmarks by the number of their page."""
    found: dict[int, list[tuple[int, str]]] = {}
    try:
        waiting: list[tuple[int, Any]] = [(1, each) for each in reversed(reader.outline)]
        for _ in range(_MAX_BOOKMARKS):
            if not waiting:
                break
            level, each = waiting.pop()
            if isinstance(each, list):
                waiting += [(min(level + 1, _MAX_LEVEL), inner) for inner in reversed(each)]
            elif isinstance(each, Destination) and (page := reader.get_destination_page_number(each)) is not None:
                found.setdefault(page, []).append((level, one_line(str(each.title)).casefold()))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return found  # damaged bookmarks are no reason to refuse the text
    return found


def _metadata(reader: PdfReader) -> Found:
    found: Found = {}
    try:
        info: Mapping[str, Any] = reader.metadata or {}
        title, author, created = (str(info.get(key) or "") for key in ("/Title", "/Author", "/CreationDate"))
        language = language_tag(str(reader.root_object.get("/Lang") or ""))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError):
        return found
    if one_line(title) and not _PROGRAM_TITLE.match(one_line(title)):
        found["title"] = (one_line(storable(title)), _WHERE)
    if one_line(author):
        found["author"] = (one_line(storable(author)), _WHERE)
    if (day := _DATE.match(created)) and (date := iso_date("-".join(day.groups()))):
        found["date"] = (date, _WHERE)
    if language:
        found["language"] = (language, _WHERE)
    return found

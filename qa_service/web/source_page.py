"""A document as a page of its own, the quote highlighted: no script, nothing fetched, everything escaped.

Highlighting happens here, by code points: a browser counts UTF-16 units. Opened at #quote, the browser scrolls there.
"""

import html
from collections.abc import Iterator, Sequence
from pathlib import Path

from qa_service.answering.export.text import STEERING, place_in_document
from qa_service.errors import BadInput
from qa_service.records import Quarantined, Section, Span
from qa_service.service import DocumentDetail
from qa_service.web.markup import escape, provenance

_STANDING = {
    "indexed": "",
    "waiting": '<p class="facts" lang="en">It waits for a decision: nothing of it is searched.</p>\n',
    "superseded": '<p class="facts" lang="en">An older version: a newer one is searched in its place.</p>\n',
}
_STYLE = Path(__file__).with_name("source.css").read_text(encoding="utf-8")


def render_source(detail: DocumentDetail, quote: Span | None) -> str:
    """The whole page. Raises BadInput when `quote` ends after the text."""
    document = detail.document
    kept_out = [entry for entry in detail.quarantined if entry.state == "quarantined"]
    if quote is not None and quote.end > len(document.text):
        raise BadInput(f"end: the document has {len(document.text):,} characters")
    language, title = html.escape(document.metadata.language), escape(document.metadata.title)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="robots" content="noindex">\n<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n'
        f'<header>\n<h1 dir="auto">{title}</h1>\n<p class="facts" lang="en">{provenance(document.metadata)}</p>\n'
        f"{_STANDING[document.status]}"
        f"{_render_sections(detail)}{_render_reasons(kept_out)}</header>\n"
        f'<main id="text" dir="auto">{_render_text(document.text, kept_out, quote)}</main>\n'
        "</body>\n</html>\n"
    )


def _render_text(text: str, quarantined: Sequence[Quarantined], quote: Span | None) -> str:
    """Without its tags and unescaped this is `text`. What is kept out of search is cut at the edges of the quote."""
    if quote is None:
        return _render_stretch(text, 0, len(text), quarantined)
    before = _render_stretch(text, 0, quote.start, quarantined)
    marked = _render_stretch(text, quote.start, quote.end, quarantined)
    after = _render_stretch(text, quote.end, len(text), quarantined)
    return f'{before}<mark id="quote">{marked}</mark>{after}'


def _render_stretch(text: str, start: int, end: int, quarantined: Sequence[Quarantined]) -> str:
    return "".join(
        _escape_verbatim(text[piece_start:piece_end])
        if reason is None
        else f'<span class="kept-out" title="{escape(f"Kept out of search: {reason}")}">'
        f"{_escape_verbatim(text[piece_start:piece_end])}</span>"
        for piece_start, piece_end, reason in _pieces(start, end, quarantined)
    )


def _pieces(start: int, end: int, quarantined: Sequence[Quarantined]) -> Iterator[tuple[int, int, str | None]]:
    """[start, end) in order, without a gap, each piece with the reason it is kept out for; of two the first counts."""
    at = start
    for each in sorted(quarantined, key=lambda each: each.span.start):
        left, right = max(at, each.span.start), min(end, each.span.end)
        if left < right:
            if at < left:
                yield at, left, None
            yield left, right, each.reason
            at = right
    if at < end:
        yield at, end, None


def _escape_verbatim(text: str) -> str:
    """A parser would make \\n of \\r: written as a reference it stays. Alone it still has to break the line.

    What steers the order of the letters is there without effect: what is hidden takes no part in it.
    """
    escaped = html.escape(text).replace("\r\n", "&#13;\n")
    return STEERING.sub(r"<span hidden>\g<0></span>", escaped.replace("\r", "&#13;<br>"))


def _render_sections(detail: DocumentDetail) -> str:
    """The headings, each a link to its place in the text."""
    sections = detail.document.sections
    if not sections:
        return ""
    items = "".join(
        f'<li dir="auto" class="level-{min(section.level, 3)}">'
        f'<a href="?start={section.span.start}&amp;end={_end_of_heading(detail.document.text, section)}#quote">'
        f"{escape(place_in_document(section.title, section.speaker))}</a></li>"
        for section in sections
    )
    count = "One section" if len(sections) == 1 else f"{len(sections):,} sections"
    return f'<details class="sections"><summary lang="en">{count}</summary><ul>{items}</ul></details>\n'


def _end_of_heading(text: str, section: Section) -> int:
    """A heading is a section's first line."""
    start = section.span.start
    lines = text[start : section.span.end].lstrip()
    blank = section.span.end - start - len(lines)
    return start + blank + max(1, len((lines.splitlines() or [""])[0]))


def _render_reasons(quarantined: Sequence[Quarantined]) -> str:
    if not quarantined:
        return ""
    count = len(quarantined)
    reasons = "".join(
        f"<li>{escape(each.reason)} ({each.span.end - each.span.start:,} characters)</li>" for each in quarantined
    )
    stretches = "One stretch (grey) is" if count == 1 else f"{count:,} stretches (grey) are"
    return f'<details lang="en"><summary>{stretches} kept out of search</summary><ul>{reasons}</ul></details>\n'

r"""An answer as Markdown with a footnote for each citation.

What comes from documents and people is escaped, so that it reads as it stands and makes no heading, link, picture,
HTML, table, formula or footnote. What every Markdown takes a backslash before gets one; the rest becomes a reference.
"""

import re
from collections.abc import Iterator

from qa_service.answering.export.text import STEERING, one_line, place_in_document, safe_url, told
from qa_service.answering.messages import messages_in
from qa_service.ingest.search_form import make_sentence_form
from qa_service.records import Record, RecordedCitation, Span

_BACKSLASHED = frozenset("\\`*_{}[]()#+-.!")
_SPECIAL = re.compile(
    r"""
    [\\`*_{}\[\]\#!<>&@~^|$]        # marks, wherever they stand
    | \.(?=[^\W\d]) | (?<=www)\.    # what some renderers take for an address and link by themselves
    | :(?=[^\s\d]) | /(?=/)
    | ^[-+=:] | ^\d{1,9}[.)]        # lists, rules and definitions, at the beginning of a line
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MARK = re.compile(r"\[([0-9]{1,3})\]")


def write_markdown(record: Record) -> str:
    blocks = [f"# {escape_markdown(one_line(record.question))}"]
    if record.answerable:
        blocks += _lines(record)
        blocks += [f"[^{citation.index}]: {_footnote(citation)}" for citation in record.citations]
    else:
        blocks.append(messages_in(record.language).not_answerable)
    return "\n\n".join(blocks) + "\n"


def escape_markdown(text: str) -> str:
    """A text of one line as Markdown that is rendered as this very text, at the beginning of a line too."""
    return _SPECIAL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    before, character = match[0][:-1], match[0][-1]
    return before + (f"\\{character}" if character in _BACKSLASHED else f"&#{ord(character)};")


def _lines(record: Record) -> Iterator[str]:
    """Quotes are drawn from their citations: "[2]" in the answer's text may be a document's own words."""
    lines = list(filter(None, map(one_line, (record.answer or "").splitlines())))
    if record.answer_kind == "extractive":
        quotes = [make_sentence_form(each.quote, Span(0, len(each.quote))) for each in record.citations]
        for citation, quote in zip(record.citations, quotes, strict=True):
            yield f"{escape_markdown(quote)}[^{citation.index}]"
        differ = messages_in(record.language).differ
        lines = [line for line in lines[-1:] if line.startswith(differ) and differ not in " ".join(quotes)]
    known = {str(citation.index) for citation in record.citations}
    for line in lines:
        parts = _MARK.split(line)  # text, number, text, number, ..., text
        yield "".join(
            (f"[^{part}]" if part in known else escape_markdown(f"[{part}]")) if i % 2 else escape_markdown(part)
            for i, part in enumerate(parts)
        )


def _footnote(citation: RecordedCitation) -> str:
    metadata = citation.metadata
    published = ", ".join(part for part in (metadata.source, metadata.date) if part)
    where = place_in_document(citation.section, citation.speaker)
    page = citation.page and f"p. {citation.page}"
    parts = (metadata.author, metadata.title, where, published, page)
    about = [escape_markdown(told(part)) for part in parts if part]
    if metadata.url:
        about.append(f"<{safe_url(metadata.url)}>")
    place = f"{told(citation.file_name)} [{citation.quote_span.start}:{citation.quote_span.end}]"
    quote = escape_markdown(one_line(citation.quote))
    if STEERING.search(quote):  # verbatim, but what follows keeps its own order
        quote = f"\u2068{quote}\u2069"
    return f"“{quote}” – {'. '.join(about)}. {escape_markdown(place)}"

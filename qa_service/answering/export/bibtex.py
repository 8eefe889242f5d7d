r"""The documents that an answer cites as BibTeX: @article where a newspaper can be named, else @misc.

Texts stay in their script. The macros for braces hold none themselves: BibTeX counts those behind a backslash, too.
"""

import re

from qa_service.answering.export.text import safe_url, told
from qa_service.answering.messages import messages_in
from qa_service.records import Record, RecordedCitation

_MACROS = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{each: f"\\{each}" for each in "%&$#_"},
    }
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_KEY_ID = 16


def write_bibtex(record: Record) -> str:
    """One entry a document, in the order of the citations; without any, a comment that says so."""
    if not record.citations:
        return f"% {messages_in(record.language).not_answerable}\n"
    by_document: dict[str, list[RecordedCitation]] = {}
    for citation in record.citations:
        by_document.setdefault(citation.document_id, []).append(citation)
    return "\n".join(_entry(citations, record.answered_at[:10]) for citations in by_document.values())


def escape_bibtex(text: str) -> str:
    return told(text).translate(_MACROS)


def bibtex_key(citation: RecordedCitation) -> str:
    """ASCII, and the same in every export: the source's, author's or title's first Latin word, year and id."""
    metadata = citation.metadata
    named = " ".join(part for part in (metadata.source, metadata.author, metadata.title) if part)
    word = re.search(r"[A-Za-z]+", named)
    name = word[0].lower() if word else "document"
    return f"{name}{(metadata.date or '')[:4]}-{citation.document_id[:_KEY_ID]}"


def _entry(citations: list[RecordedCitation], accessed: str) -> str:
    """The values are escaped; a second pair of braces keeps names whole and capitals as they are."""
    metadata = citations[0].metadata
    year, month, day = [*(metadata.date or "").split("-"), "", "", ""][:3]
    in_press = bool(metadata.source and day)
    values = {
        "author": metadata.author and f"{{{escape_bibtex(metadata.author)}}}",
        "title": f"{{{escape_bibtex(metadata.title)}}}",
        "journal" if in_press else "howpublished": metadata.source and escape_bibtex(metadata.source),
        "year": year,
        "month": month and _MONTHS[int(month) - 1],
        "day": day and str(int(day)),
        "pages": ", ".join(str(page) for page in sorted({each.page for each in citations if each.page is not None})),
        "url": metadata.url and safe_url(metadata.url),
        "urldate": metadata.url and accessed,
        "annote": " ".join(f"[{each.index}] {escape_bibtex(each.quote)}" for each in citations),
    }
    fields = [f"  {name} = {value if name == 'month' else f'{{{value}}}'}" for name, value in values.items() if value]
    return f"@{'article' if in_press else 'misc'}{{{bibtex_key(citations[0])},\n" + ",\n".join(fields) + "\n}\n"

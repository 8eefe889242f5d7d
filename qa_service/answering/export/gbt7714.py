"""The references of an answer by GB/T 7714-2015, numeric style: one a citation, under the answer's numbers.

[N] or [N/OL]   source and day are known: an article in a newspaper or of an agency
[EB/OL]         an address is known
[Z]             none of both
An unknown author is left out, as the numeric style allows.
"""

import re

from qa_service.answering.export.text import safe_url, told
from qa_service.answering.messages import messages_in
from qa_service.records import Metadata, Record

_MAX_AUTHORS = 3
_BETWEEN_AUTHORS = re.compile(r"\s*[;；、]\s*")
_AND_OTHERS = {"zh": "等", "ru": "и др"}
_DAY = len("2025-06-14")


def write_gbt7714(record: Record) -> str:
    if not record.citations:
        return f"{messages_in(record.language).not_answerable}\n"
    accessed = record.answered_at[:10]
    return "".join(f"[{each.index}] {reference(each.metadata, accessed, each.page)}\n" for each in record.citations)


def reference(metadata: Metadata, accessed: str, page: int | None = None) -> str:
    """One reference on one line. `accessed` is the day on which it was cited; only what is online shows it."""
    at = f": {page}" if page is not None else ""
    source, date, url = metadata.source and told(metadata.source), metadata.date, metadata.url
    author = f"{_authors(metadata.author, metadata.language)}. " if metadata.author else ""
    title = told(metadata.title)
    cited = f"{at}[{accessed}]. {safe_url(url)}." if url else f"{at}."
    if source and date and len(date) == _DAY:
        return f"{author}{title}[{'N/OL' if url else 'N'}]. {source}, {date}{cited}"
    published = ", ".join(part for part in (source, date) if part)
    if not url:
        return f"{author}{title}[Z]. {published}{cited}" if published else f"{author}{title}[Z]{cited}"
    if not source and date:
        published = f"({date})"
    return f"{author}{title}[EB/OL]. {published}{cited}"


def _authors(given: str, language: str) -> str:
    """At most three; a person is not taken apart, since nobody knows which part is the family's name."""
    authors = [told(author) for author in _BETWEEN_AUTHORS.split(given) if author.strip()]
    if len(authors) > _MAX_AUTHORS:
        others = _AND_OTHERS.get(language.partition("-")[0], "et al")
        authors = [*authors[:_MAX_AUTHORS], others]
    return ", ".join(authors).rstrip(".") or told(given)

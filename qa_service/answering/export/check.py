"""Does what a record cites still stand?"""

from qa_service.answering.export.record import record_sha256
from qa_service.errors import NotFound
from qa_service.records import CitationCheck, Document, Place, Record, RecordCheck, RecordedCitation, Span
from qa_service.store.store import Store


def check_record(store: Store, record: Record, sha256: str) -> RecordCheck:
    """Looks every quote up in the documents that are there now. `sha256` is the one that the record carries."""
    return RecordCheck(
        unaltered=record_sha256(record) == sha256,
        citations=tuple(_check_citation(store, citation) for citation in record.citations),
    )


def _check_citation(store: Store, citation: RecordedCitation) -> CitationCheck:
    document, span = _document(store, citation.document_id), citation.quote_span
    newer = store.newest_version(citation.document_id)
    if (
        document is not None
        and document.text_sha256 == citation.text_sha256
        and document.text[span.start : span.end] == citation.quote
    ):
        return CitationCheck(citation.index, "stands", _place(document, span), newer)
    holder_id = store.find_verbatim(citation.quote, citation.document_id, citation.file_name)
    holder = None if holder_id is None else _document(store, holder_id)
    if holder is not None:
        return CitationCheck(citation.index, "moved", _place(holder, _nearest(holder.text, citation)), newer)
    is_there = document is not None or store.has_file_name(citation.file_name)
    return CitationCheck(citation.index, "changed" if is_there else "gone", None)


def _document(store: Store, document_id: str) -> Document | None:
    try:
        return store.document(document_id)
    except NotFound:
        return None


def _nearest(text: str, citation: RecordedCitation) -> Span:
    """Of the places where the quote stands, the one nearest to where it stood."""
    start, length = citation.quote_span.start, len(citation.quote)
    found = [text.rfind(citation.quote, 0, start + length), text.find(citation.quote, start)]
    nearest = min((place for place in found if place >= 0), key=lambda place: abs(place - start))
    return Span(nearest, nearest + length)


def _place(document: Document, span: Span) -> Place:
    metadata = document.metadata
    return Place(
        document_id=document.id,
        file_name=document.file_name,
        title=metadata.title,
        source=metadata.source,
        date=metadata.date,
        language=metadata.language,
        span=span,
    )

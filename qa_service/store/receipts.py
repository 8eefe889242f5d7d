"""The receipt of a document that is in the store."""

from qa_service.records import Receipt, Span, Status
from qa_service.store.store import Store

_PREVIEW = 120  # characters


def read_receipt(store: Store, document_id: str, status: Status | None = None) -> Receipt:
    """`status` is what was just done; else what was done when the document was taken in. Raises NotFound."""
    quarantined, taking_in = store.quarantined(document_id), store.taking_in(document_id)
    document = store.document(document_id)
    return Receipt(
        document_id=document.id,
        file_name=document.file_name,
        status=status or _taken_in_as(document.status, taking_in.replaces),
        format=document.format,
        encoding=document.encoding,
        metadata=document.metadata,
        origins=document.origins,
        characters=len(document.text),
        sections=document.sections,
        pages=len(document.pages),
        passages=taking_in.passages,
        quarantined=quarantined,
        near_duplicates=taking_in.near_duplicates,
        replaces=taking_in.replaces,
        received_at=taking_in.received_at,
        took_ms=taking_in.took_ms,
        previews=tuple(_preview(document.text, each.span) for each in quarantined),
    )


def _preview(text: str, span: Span) -> str:
    """How a stretch begins, on one line."""
    words = " ".join(text[span.start : span.end][: 4 * _PREVIEW].split())
    return words if len(words) <= _PREVIEW else f"{words[:_PREVIEW].rstrip()}…"


def _taken_in_as(status: str, replaces: str | None) -> Status:
    if status == "waiting":
        return "waiting"
    return "replaced" if replaces else "added"

"""What people decided about a document, taken over to its new version."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa_service.records import Document, Quarantined, Span

CORRECTED = "corrected"
"""Where a value comes from that somebody corrected by hand."""


def carry_over(
    older: Document, decided: Sequence[Quarantined], newer: Document, found: Sequence[Quarantined]
) -> tuple[Document, tuple[Quarantined, ...]]:
    """The newer version with the corrections of the older, and what of it is under suspicion.

    `decided` are the entries of the older version, `found` those of the newer one. An operator's decision holds where
    the very same text stands in the newer version, and there no rule counts beside it.
    """
    kept = [entry for entry in found if entry.by == "operator"]
    for entry in decided:
        if entry.by == "operator":
            stretch = older.text[entry.span.start : entry.span.end]
            span = _nearest(newer.text, stretch, entry.span.start)
            if span is not None and not any(_overlap(span, other.span) for other in kept):
                kept.append(replace(entry, span=span))
    rest = [
        replace(entry, span=span)
        for entry in found
        if entry.by != "operator"
        for span in _outside(entry.span, [each.span for each in kept])
    ]
    return _with_corrections(older, newer), tuple(sorted([*kept, *rest], key=lambda entry: entry.span.start))


def _with_corrections(older: Document, newer: Document) -> Document:
    corrected = {
        field: getattr(older.metadata, field)
        for field, origin in older.origins.items()
        if origin == CORRECTED and newer.origins.get(field) != CORRECTED
    }
    return replace(
        newer,
        metadata=replace(newer.metadata, **corrected),
        origins={**newer.origins, **dict.fromkeys(corrected, CORRECTED)},
    )


def _nearest(text: str, part: str, start: int) -> Span | None:
    """Where `part` stands in `text`, as near to `start` as any."""
    found = [at for at in (text.rfind(part, 0, start + len(part)), text.find(part, start)) if at >= 0]
    return Span(at := min(found, key=lambda at: abs(at - start)), at + len(part)) if found else None


def _overlap(span: Span, other: Span) -> bool:
    return span.start < other.end and other.start < span.end


def _outside(span: Span, others: Sequence[Span]) -> Iterator[Span]:
    """What is left of a span without the others, in order."""
    at = span.start
    for other in sorted(others, key=lambda other: other.start):
        if _overlap(span, other):
            if at < other.start:
                yield Span(at, other.start)
            at = max(at, other.end)
    if at < span.end:
        yield Span(at, span.end)

"""What people decided about a document, taken over to its new version."""

from collections.abc import Sequence
from dataclasses import replace

from qa_service.ingest.decisions import combined
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
    own = [entry for entry in found if entry.by == "operator"]
    kept = combined(carried_decisions(older.text, decided, newer.text), own)
    entries = combined([entry for entry in found if entry.by != "operator"], kept)
    return _with_corrections(older, newer), tuple(entries)


def carried_decisions(old_text: str, old_entries: Sequence[Quarantined], new_text: str) -> list[Quarantined]:
    """An operator's decisions on a text, for the stretches that stand in the new one word for word.

    Of several equal stretches each keeps its own decision, in their order. Give the result to `combined` as what was
    decided.
    """
    carried: list[Quarantined] = []
    for entry in old_entries:
        if entry.by != "operator":
            continue
        stretch = old_text[entry.span.start : entry.span.end]
        place = _place(new_text, stretch, old_text.count(stretch, 0, entry.span.start))
        if place is not None:
            carried = combined([replace(entry, span=place)], carried)
    return carried


def _place(text: str, stretch: str, before: int) -> Span | None:
    """Where the stretch stands that has `before` like it before it, or the last one where there are fewer."""
    start = text.find(stretch)
    while before and start >= 0 and (following := text.find(stretch, start + len(stretch))) >= 0:
        start, before = following, before - 1
    return Span(start, start + len(stretch)) if start >= 0 else None


def _with_corrections(older: Document, newer: Document) -> Document:
    """A date holds only where the newer version, too, has the one that was wrong: it may well be of another day.

    The newer version may have been there before: its own corrections stay where the older one has none.
    """
    corrected, uncorrected = {}, {}
    for name, origin in older.origins.items():
        if origin == CORRECTED:
            found = newer.uncorrected.get(name, (getattr(newer.metadata, name), newer.origins.get(name)))
            if name != "date" or found[0] == older.uncorrected.get(name, (None, None))[0]:
                corrected[name], uncorrected[name] = getattr(older.metadata, name), found
    return replace(
        newer,
        metadata=replace(newer.metadata, **corrected),
        origins={**newer.origins, **dict.fromkeys(corrected, CORRECTED)},
        uncorrected={**newer.uncorrected, **uncorrected},
    )

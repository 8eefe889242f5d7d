"""What people decided about a document, taken over to its new version."""

from collections.abc import Sequence
from dataclasses import replace

from qa_service.ingest import decisions
from qa_service.ingest.decisions import combined
from qa_service.records import Document, Quarantined

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
    kept = combined(decisions.carry_over(older.text, decided, newer.text), own)
    entries = combined([entry for entry in found if entry.by != "operator"], kept)
    return _with_corrections(older, newer), tuple(entries)


def _with_corrections(older: Document, newer: Document) -> Document:
    """A date holds only where the newer version, too, has the one that was wrong: it may well be of another day."""
    corrected, uncorrected = {}, {}
    for name, origin in older.origins.items():
        if origin == CORRECTED and newer.origins.get(name) != CORRECTED:
            found = getattr(newer.metadata, name)
            if name != "date" or found == older.uncorrected.get(name, (None, None))[0]:
                corrected[name] = getattr(older.metadata, name)
                uncorrected[name] = (found, newer.origins.get(name))
    return replace(
        newer,
        metadata=replace(newer.metadata, **corrected),
        origins={**newer.origins, **dict.fromkeys(corrected, CORRECTED)},
        uncorrected={**newer.uncorrected, **uncorrected},
    )

"""What an operator decides on stretches of a document, and how that goes together with what the rules find.

Entries are in order and apart from each other, before and after; what an operator decided no rule changes again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from qa_service.records import Quarantined, QuarantineKind, Span

BY_THE_OPERATOR = "by the operator"


def combined(found: Sequence[Quarantined], decided: Sequence[Quarantined]) -> list[Quarantined]:
    """All of `decided`, and of what was found the stretches on which nothing was decided."""
    return _in_order([*decided, *(part for each in found for part in _without(each, decided))])


def restored(entries: Sequence[Quarantined], start: int) -> list[Quarantined] | None:
    """The stretch that begins at `start` is searched as any other from now on; None when none begins there."""
    if not any(entry.span.start == start and entry.state != "kept" for entry in entries):
        return None
    return [replace(entry, state="kept", by="operator") if entry.span.start == start else entry for entry in entries]


def kept_out(entries: Sequence[Quarantined], span: Span, kind: QuarantineKind) -> list[Quarantined]:
    """The stretch is kept out of search from now on, whatever was decided before on some of it."""
    return combined(entries, [Quarantined(span, kind, BY_THE_OPERATOR, "quarantined", "operator")])


def merged(text: str, entries: Sequence[Quarantined]) -> tuple[Quarantined, ...]:
    """Neighbours alike, with nothing but white space between, become one entry."""
    found: list[Quarantined] = []
    for entry in entries:
        last = found[-1] if found else None
        if (
            last is not None
            and replace(entry, span=last.span) == last
            and not text[last.span.end : entry.span.start].strip()
        ):
            found[-1] = replace(last, span=Span(last.span.start, entry.span.end))
        else:
            found.append(entry)
    return tuple(found)


def _without(entry: Quarantined, decided: Sequence[Quarantined]) -> Iterator[Quarantined]:
    """What is left of an entry beside what was decided."""
    at = entry.span.start
    for each in sorted(decided, key=lambda each: each.span.start):
        left, right = max(at, each.span.start), min(entry.span.end, each.span.end)
        if left < right:
            if at < left:
                yield replace(entry, span=Span(at, left))
            at = right
    if at < entry.span.end:
        yield replace(entry, span=Span(at, entry.span.end))


def _in_order(entries: Iterable[Quarantined]) -> list[Quarantined]:
    return sorted(entries, key=lambda entry: entry.span.start)

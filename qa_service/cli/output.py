"""What the commands print on standard output: one console, nothing in it that steers a terminal."""

import sys
from collections import Counter
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from qa_service.answering.export.formats import FormatName
from qa_service.answering.export.text import place_in_document
from qa_service.answering.messages import messages_in
from qa_service.cli.batch import Batch
from qa_service.cli.progress import print_error, printable
from qa_service.errors import BadInput
from qa_service.web.document_responses import AuditOut, DescriptionOut, ReceiptOut
from qa_service.web.record_file import RecordFile
from qa_service.web.responses import AnswerOut, HitOut, MetadataOut, RecordCheckOut, SearchOut, VerifyOut

_VERDICTS = {
    "exact": "Exact: it stands there word for word",
    "normalised": "Normalised: only the form of white space, punctuation or characters differs",
    "near": "Near: something differs",
    "absent": "Absent: it stands in no document",
}

_UNBOUNDED = 10_000

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
tables = Console(  # as wide as they are where no person looks
    highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else _UNBOUNDED
)


def print_batch(batch: Batch[ReceiptOut]) -> None:
    """A table of what was taken in, on standard output, and on standard error what was not, with the reasons."""
    if batch.taken:
        table = _table("file", "id", "status", "format", "encoding", "language", "passages", "quarantined", "ms")
        for receipt in batch.taken.values():
            table.add_row(
                *(_one_line(receipt.file_name), receipt.document_id, receipt.status, receipt.format),
                *(_encoding(receipt), receipt.language, str(receipt.passages), _states(receipt)),
                f"{receipt.took_ms:.0f}",
            )
        tables.print(table)
    if any(receipt.status == "waiting" for receipt in batch.taken.values()):
        out.print(
            "waiting: nothing of it is searched until you accept, restore or quarantine; what it would replace still is"
        )
    print_failures(batch)


def _states(receipt: ReceiptOut) -> str:
    """How many stretches are kept out of search, searched under suspicion, or let by an operator."""
    states = Counter(entry.state for entry in receipt.quarantined)
    counted = [f"{states[state]} {state}" for state in ("quarantined", "flagged", "kept") if states[state]]
    return ", ".join(counted) or "0"


def print_failures(batch: Batch[Any]) -> None:
    for failure in batch.failures:
        print_error(failure.error)


def print_decision(receipt: ReceiptOut) -> None:
    """One line on what an operator's decision made of a document."""
    name = _one_line(receipt.file_name)
    out.print(f"{receipt.status} {receipt.document_id} {name}: {receipt.passages} passages; {_states(receipt)}")


def print_outcome(file: str, outcome: ReceiptOut | BadInput) -> None:
    """One line, at once."""
    if isinstance(outcome, ReceiptOut):
        out.print(f"{outcome.status} {outcome.document_id} {_one_line(file)}: {outcome.passages} passages")
    else:
        print_error(outcome)


def print_receipt(receipt: ReceiptOut) -> None:
    """A line for each thing that is known of it."""
    for name, value in (
        *(("file", receipt.file_name), ("id", receipt.document_id), ("received", receipt.received_at)),
        *(("format", receipt.format), ("encoding", _encoding(receipt)), ("characters", f"{receipt.characters:,}")),
        *(("pages", str(receipt.pages or "")), ("sections", str(len(receipt.sections) or ""))),
        *(("passages", str(receipt.passages)), ("took", f"{receipt.took_ms:.0f} ms")),
        ("replaces", receipt.replaces or ""),
    ):
        if value:
            out.print(f"{name}: {_one_line(value)}")
    for field, origin in receipt.metadata_origins.items():
        out.print(f"{field}: {_one_line(str(getattr(receipt, field) or 'none'))} ({origin})")
    for entry in receipt.quarantined:
        place = f"[{entry.start_char_index}:{entry.end_char_index}]"
        out.print(f"{entry.state} {place} {entry.kind}: {_one_line(entry.reason)} ({entry.by})")
    for other in receipt.near_duplicates:
        out.print(f"near duplicate of {other.document_id} {_one_line(other.file_name)}: {other.share:.0%}")


def print_audit(audit: AuditOut) -> None:
    for each in audit.deletions:
        out.print(f"{each.deleted_at} {each.document_id} {each.sha256} {each.command}")


def _encoding(receipt: ReceiptOut) -> str:
    encoding = receipt.encoding
    if encoding is None:
        return ""
    return encoding.name if encoding.is_certain else f"{encoding.name}?"


def _one_line(text: str) -> str:
    return printable(text).replace("\n", " ")


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name != "file", justify="right" if name == "ms" else "left")
    return table


def print_description(described: DescriptionOut) -> None:
    out.print(f"{described.document_id} {printable(described.file_name)}".replace("\n", " "))
    for field in MetadataOut.model_fields:
        value, origin = getattr(described, field), described.metadata_origins.get(field)
        shown = printable(value or "none").replace("\n", " ")
        out.print(f"{field}: {shown} ({origin})" if origin else f"{field}: {shown}")


def print_answer(answer: AnswerOut) -> None:
    if not answer.answerable:
        out.print(messages_in(answer.language).not_answerable)
        out.print(f"confidence {answer.confidence:.2f}")
        return
    out.print(printable(answer.answer or ""))
    out.print()
    for citation in answer.citations:
        place = f"{citation.file_name} [{citation.quote_start_char_index}:{citation.quote_end_char_index}]"
        out.print(printable(f"[{citation.index}] {_about(citation)} - {place}"))
    out.print(f"confidence {answer.confidence:.2f}")


def print_export(answer: AnswerOut, name: FormatName) -> None:
    """A record as it stands, so that its hash holds: nothing in it steers a terminal."""
    text = answer.exports.text(name) if answer.exports else ""
    out.print(text if name == "record" else printable(text), end="")


def print_record_check(check: RecordCheckOut, record: RecordFile) -> None:
    out.print(f"record {'unaltered' if check.unaltered else 'ALTERED: its sha256 is not that of what it says'}")
    for checked, cited in zip(check.citations, record.citations, strict=True):
        place, where = checked.place, f"{cited.file_name} {cited.document_id}"
        if place is not None:
            where = f"{place.file_name} {place.document_id} [{place.start_char_index}:{place.end_char_index}]"
        newer = f"; newer version: {checked.newer_version}" if checked.newer_version else ""
        out.print(printable(f"[{cited.index}] {checked.verdict} - {where}{newer}").replace("\n", " "))


def print_ranking(ranking: SearchOut) -> None:
    if not ranking.hits:
        out.print("No passages.")
    for rank, hit in enumerate(ranking.hits, start=1):
        place = f"{hit.file_name} [{hit.start_char_index}:{hit.end_char_index}]"
        out.print(printable(f"{rank}. {hit.score:.3f} {_about(hit)} - {place}").replace("\n", " "))
        out.print(printable(" ".join(hit.text.split())))


def print_verification(verification: VerifyOut) -> None:
    """The verdict, the places, and in a near one what the document has: [-the quote's-] {+the document's+}."""
    places = f" ({verification.total:,} places)" if verification.total > 1 else ""
    out.print(f"{_VERDICTS[verification.verdict]}{places}.")
    for place in verification.places:
        notes = (", inside a word" if place.cuts_word else "") + (", kept out of search" if place.quarantined else "")
        notes += ", in an older version" if place.superseded else ""
        notes += ", in a document that waits for a decision" if place.waiting else ""
        where = f"{place.file_name} [{place.start_char_index}:{place.end_char_index}]"
        out.print(printable(f"{place.title} - {where}{notes}").replace("\n", " "))
        out.print(printable(" ".join((_diff(verification) or place.text).split())))
    if verification.total > len(verification.places):
        out.print(f"and {verification.total - len(verification.places):,} more")


def _diff(verification: VerifyOut) -> str:
    return "".join(
        change.document
        if change.op == "equal"
        else (f"[-{change.quote}-]" if change.quote else "") + (f"{{+{change.document}+}}" if change.document else "")
        for change in verification.diff
    )


def _about(hit: HitOut) -> str:
    page = hit.page and f"p. {hit.page}"
    where = place_in_document(hit.section, hit.speaker)
    return ", ".join(part for part in (hit.title, where, page, hit.source, hit.date, hit.language) if part)

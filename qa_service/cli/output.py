"""What the commands print on standard output: one console, nothing in it that steers a terminal."""

from collections import Counter

from rich.console import Console

from qa_service.answering.export.formats import FormatName
from qa_service.cli.progress import printable
from qa_service.web.document_responses import ReceiptOut
from qa_service.web.record_file import RecordFile
from qa_service.web.responses import AnswerOut, HitOut, RecordCheckOut, SearchOut, VerifyOut

_VERDICTS = {
    "exact": "Exact: it stands there word for word",
    "normalised": "Normalised: only the form of white space, punctuation or characters differs",
    "near": "Near: something differs",
    "absent": "Absent: it stands in no document",
}

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)


def print_receipts(receipts: list[ReceiptOut]) -> None:
    for receipt in receipts:
        states = Counter(entry.state for entry in receipt.quarantined)
        kept_out = "".join(
            f", {states[state]} stretches {state}" for state in ("quarantined", "flagged", "kept") if states[state]
        )
        kept_out += (
            ", nothing of it is searched until you accept, restore or quarantine" if receipt.status == "waiting" else ""
        )
        name = printable(receipt.file_name).replace("\n", " ")
        out.print(f"{receipt.status} {receipt.document_id} {name}: {receipt.passages} passages{kept_out}")


def print_answer(answer: AnswerOut) -> None:
    if not answer.answerable:
        out.print(f"Not in these documents (confidence {answer.confidence:.2f}).")
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
        out.print(printable(f"[{cited.index}] {checked.verdict} - {where}").replace("\n", " "))


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
    return ", ".join(part for part in (hit.title, hit.source, hit.date, hit.language) if part)

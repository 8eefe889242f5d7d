"""A checked quote as a turn of the thread: the verdict, what differs, and a link to each place."""

from collections.abc import Iterable

from qa_service.records import Change, QuotePlace, Verification
from qa_service.web.markup import escape, source_url
from qa_service.web.thread import render_question

_VERDICTS = {
    "exact": "The documents say so, word for word.",
    "normalised": "The documents say so; only the form of spaces, punctuation or characters differs.",
    "near": "Not in these words. The documents say:",
    "absent": "The documents don’t say so.",
}
_HEADING = 300
_EXCERPT = 220


def render_verification(verification: Verification) -> str:
    """The quote with its verdict, as a turn."""
    near = verification.verdict == "near"
    diff = f'<p class="diff" dir="auto">{_render_changes(verification.changes)}</p>' if near else ""
    cards = "".join(f"<li>{_render_place(place, not near)}</li>" for place in verification.places)
    rest = verification.total - len(verification.places)
    more = f'<p class="note" lang="en">and {rest:,} more</p>' if rest else ""
    verdict = f'<p class="note verdict" lang="en">{_VERDICTS[verification.verdict]}</p>'
    listed = f'<h3 class="label" lang="en">Places</h3><ul class="cards">{cards}</ul>{more}' if cards else ""
    return render_question(_shortened(verification.quote, _HEADING), verdict + diff + listed)


def _render_changes(changes: Iterable[Change]) -> str:
    return "".join(
        escape(_on_one_line(change.document))
        if change.op == "equal"
        else _render_part("del", change.quote) + _render_part("ins", change.document)
        for change in changes
    )


def _render_part(tag: str, text: str) -> str:
    return f"<{tag}>{escape(_on_one_line(text))}</{tag}>" if text else ""


def _render_place(place: QuotePlace, with_text: bool) -> str:
    notes = ["begins or ends inside a word"] if place.cuts_word else []
    notes += ["kept out of search"] if place.quarantined else []
    notes += ["in an older version"] if place.superseded else []
    notes += ["in a document that waits for a decision"] if place.waiting else []
    facts = "".join(f"<span>{escape(fact)}</span>" for fact in [place.file_name, *notes])
    text = escape(_shortened(place.text, _EXCERPT))
    excerpt = f'<span class="excerpt" dir="auto">{text}</span>' if with_text else ""
    return (
        f'<a class="source card" href="{escape(source_url(place.document_id, place.span))}"><span class="about">'
        f'<span class="title" dir="auto">{escape(place.title)}</span><span class="facts">{facts}</span>{excerpt}'
        "</span></a>"
    )


def _shortened(text: str, length: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= length else f"{words[:length].rstrip()}…"


def _on_one_line(text: str) -> str:
    """A line break would begin Markdown anew."""
    return " ".join(f"|{text}|".split())[1:-1]

"""Advertisements in whole sentences among those of an article: a line that sells, calls, and says whom to turn to.

What it sells is what search spam sells. A report on it names no address and calls nobody to do anything: it is left.
"""

import unicodedata
from collections.abc import Sequence

from qa_service.ingest.clean_blocks import Line
from qa_service.ingest.clean_spam import Suspicion
from qa_service.ingest.clean_words import ADDRESS, CHEAP_HOST, CONTACT, IMPERATIVES, INVISIBLE, OFFERS, TOPICS
from qa_service.records import QuarantineState

_LONGEST = 600
_STRONG, _WEAK = 4, 3
_MANY_WARES = 3


def with_promotions(lines: Sequence[Line], suspected: Sequence[Suspicion]) -> list[Suspicion]:
    """What is `suspected` with the lines that advertise, in order; of one line, what is surer of it counts."""
    found = {each.first: each for each in suspected}
    taken = {i for each in suspected if not _may_be_surer(each) for i in range(each.first, each.last + 1)}
    for i, line in enumerate(lines):
        verdict = _verdict(line.text) if i not in taken and len(line.text) <= _LONGEST else None
        if verdict and (i not in found or verdict[0] == "quarantined"):
            found[i] = Suspicion(i, i, *verdict)
    return [found[first] for first in sorted(found)]


def _may_be_surer(each: Suspicion) -> bool:
    return each.state == "flagged" and each.first == each.last


def _verdict(line: str) -> tuple[QuarantineState, str] | None:
    text = unicodedata.normalize("NFKC", line.translate(INVISIBLE)).casefold()
    wares = len(set(TOPICS.findall(text)))
    if not wares:
        return None
    calls, offers = len(set(IMPERATIVES.findall(text))), len(set(OFFERS.findall(text)))
    has_address = bool(CONTACT.search(text) or ADDRESS.search(text))
    reason = f"an advertisement: {wares} words of search spam, {calls + offers} calls and offers"
    # a report on a fraud repeats what it promised, and names the site
    turns_to_reader = calls or wares >= _MANY_WARES or CONTACT.search(text) or CHEAP_HOST.search(text)
    if has_address and turns_to_reader and calls + offers and wares + calls + offers >= _STRONG:
        return "quarantined", f"{reason}, an address"
    if (has_address or calls) and calls + offers > 1 and wares + calls + offers >= _WEAK:
        return "flagged", reason
    return None

"""Advertisements in whole sentences among those of an article, which sell, call, and say whom to turn to.

What it sells is what search spam sells. A report on it names no address and calls nobody to do anything: it is left.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby

from qa_service.ingest.clean_blocks import Line
from qa_service.ingest.clean_spam import Suspicion
from qa_service.ingest.clean_words import (
    ADDRESS,
    CHEAP_HOST,
    CONTACT,
    IMPERATIVES,
    INVISIBLE,
    OFFERS,
    REPORTS,
    SENTENCE_MARK,
    TOPICS,
    WARES,
)
from qa_service.records import QuarantineState, Span

_SENTENCE = re.compile(rf"\S.*?(?=(?:{SENTENCE_MARK.pattern}|\Z)).?", re.DOTALL)
_FEW_SENTENCES = 3
_LONGEST = 600
_STRONG, _WEAK = 4, 3
_MANY_WARES = 3
_FEWEST_CALLS = 2


def with_promotions(lines: Sequence[Line], suspected: Sequence[Suspicion]) -> list[Suspicion]:
    """What is `suspected` with the lines that advertise, or their sentences that do, in order; of one line, what is
    surer of it counts."""
    found = {each.first: [each] for each in suspected}
    taken = {i for each in suspected if not _may_be_surer(each) for i in range(each.first, each.last + 1)}
    for i, line in enumerate(lines):
        own = [] if i in taken else [Suspicion(i, i, *verdict, part) for part, verdict in _promotions(line)]
        if own and (i not in found or any(each.state == "quarantined" for each in own)):
            found[i] = own
    return [each for first in sorted(found) for each in found[first]]


def _promotions(line: Line) -> Iterator[tuple[Span, tuple[QuarantineState, str]]]:
    """Sentences that follow each other and advertise together, with what is said of them."""
    if not WARES.search(_folded(line.text)):
        return
    sentences = [Span(match.start(), match.end()) for match in _SENTENCE.finditer(line.text)]
    whole = [Span(0, len(line.text))] if len(sentences) <= _FEW_SENTENCES else []
    for group in whole or _groups(line.text, sentences):
        verdict = _verdict(_folded(line.text[group.start : group.end])) if group.end - group.start <= _LONGEST else None
        if verdict:
            yield Span(line.span.start + group.start, line.span.start + group.end), verdict


def _groups(text: str, sentences: Sequence[Span]) -> Iterator[Span]:
    """Neighbours that have anything of an advertisement."""

    def advertises(sentence: Span) -> bool:
        folded = _folded(text[sentence.start : sentence.end])
        return any(pattern.search(folded) for pattern in (WARES, IMPERATIVES, OFFERS, CONTACT, ADDRESS))

    for is_one, group in groupby(sentences, advertises):
        if is_one:
            first, *others = group
            yield Span(first.start, (others or [first])[-1].end)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(INVISIBLE)).casefold()


def _may_be_surer(each: Suspicion) -> bool:
    return each.state == "flagged" and each.first == each.last


def _verdict(text: str) -> tuple[QuarantineState, str] | None:
    """Of casefolded text."""
    sold = len(set(WARES.findall(text)))
    if not sold:
        return None
    wares = len(set(TOPICS.findall(text)))  # those that nobody else sells
    calls, offers = len(set(IMPERATIVES.findall(text))), len(set(OFFERS.findall(text)))
    has_address = bool(CONTACT.search(text) or ADDRESS.search(text))
    reason = f"an advertisement: {wares} words of search spam, {calls + offers} calls and offers"
    # a report on a fraud repeats what it promised, and names the site
    turns_to_reader = calls or wares >= _MANY_WARES or CONTACT.search(text) or CHEAP_HOST.search(text)
    if wares and has_address and turns_to_reader and calls + offers and wares + calls + offers >= _STRONG:
        return "quarantined", f"{reason}, an address"
    is_report = not has_address and REPORTS.search(text)
    if is_report or calls + offers < _FEWEST_CALLS:
        return None
    if wares and (has_address or calls) and wares + calls + offers >= _WEAK:
        return "flagged", reason
    if sold > 1 and sold + calls + offers >= _STRONG:
        return (
            "flagged",
            f"reads like an advertisement: {sold} words of what spam sells, {calls + offers} calls and offers",
        )
    return None

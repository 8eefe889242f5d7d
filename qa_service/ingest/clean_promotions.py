"""Advertisements in whole sentences among those of an article, which sell, call, and say whom to turn to.

What it sells is what search spam sells. A report on it names no address and calls nobody to do anything: it is left.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from qa_service.ingest.clean_blocks import LONG, Line
from qa_service.ingest.clean_spam import Suspicion, fragments_of
from qa_service.ingest.clean_words import (
    ADDRESS,
    CALLS,
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
from qa_service.ingest.search_form import width
from qa_service.records import QuarantineState, Span

_Part = tuple[Span, tuple[QuarantineState, str]]
"""A stretch and what is said of it."""
_SENTENCE = re.compile(rf"\S.*?(?=(?:{SENTENCE_MARK.pattern}|\Z)).?", re.DOTALL)
_FEW_SENTENCES = 3
_LONGEST = 600
_STRONG, _WEAK = 4, 3
_MANY_WARES = 3
_FEWEST_CALLS = 2
_IS_NO_KEYWORD = re.compile(rf"[:：=(){{}}\[\]'\"“”「」]|{SENTENCE_MARK.pattern}|[.。]$")
_LONGEST_KEYWORD = 50
"""Width: a clause of a sentence is longer."""
_FEWEST_KEYWORDS, _FEWEST_KINDS, _SELLING = 3, 2, 0.6


def with_promotions(lines: Sequence[Line], suspected: Sequence[Suspicion]) -> list[Suspicion]:
    """What is `suspected` with the lines that advertise, or their sentences that do, in order; of one line, what is
    surer of it counts."""
    found = {each.first: [each] for each in suspected}
    taken = {i for each in suspected if not _may_be_surer(each) for i in range(each.first, each.last + 1)}
    for i, line in enumerate(lines):
        own = [] if i in taken else [Suspicion(i, i, *verdict, part) for part, verdict in _promotions(line)]
        if own and (i not in found or any(each.state == "quarantined" for each in own)):
            found[i] = own
    taken |= {i for each in found.values() for one in each for i in range(one.first, one.last + 1)}
    found |= {each.first: [each] for each in _keywords(lines, taken)}
    return [each for first in sorted(found) for each in found[first]]


def _keywords(lines: Sequence[Line], taken: Collection[int]) -> Iterator[Suspicion]:
    """Short lines, one after the other, that are a list of keywords together."""

    def is_one(i: int) -> bool:
        if i in taken:
            return False
        text = _folded(lines[i].text)
        return len(text) < LONG and _sells(text) and not _IS_NO_KEYWORD.search(text)

    for is_list, group in groupby(range(len(lines)), is_one):
        if is_list:
            first, *others = group
            last = (others or [first])[-1]
            if verdict := _list_verdict([_folded(line.text) for line in lines[first : last + 1]]):
                yield Suspicion(first, last, *verdict)


def _promotions(line: Line) -> Iterator[_Part]:
    """The sentences that advertise, with what is said of them: each for itself and those that call beside it, else
    neighbours together."""
    if not WARES.search(_folded(line.text)):
        return
    sentences = [Span(match.start(), match.end()) for match in _SENTENCE.finditer(line.text)]
    whole = [Span(0, len(line.text))] if 1 < len(sentences) <= _FEW_SENTENCES else []
    for parts in (sentences, _groups(line.text, sentences), whole):
        found: list[_Part] = []
        for part in parts:
            short = part.end - part.start <= _LONGEST
            if short and (verdict := _verdict(_folded(line.text[part.start : part.end]))):
                found.append((_with_calls(line.text, sentences, part), verdict))
        for part, verdict in _apart(found):
            yield Span(line.span.start + part.start, line.span.start + part.end), verdict
        if found:
            return


def _apart(parts: Sequence[_Part]) -> Iterator[_Part]:
    """Those that overlap as one, by what is surer."""
    for i, (span, verdict) in enumerate(merged := list(parts)):
        following = merged[i + 1] if i + 1 < len(merged) else None
        if following is None or following[0].start >= span.end:
            yield span, verdict
        else:
            surer = verdict if verdict[0] == "quarantined" else following[1]
            merged[i + 1] = Span(min(span.start, following[0].start), max(span.end, following[0].end)), surer


def _with_calls(text: str, sentences: Sequence[Span], part: Span) -> Span:
    """With the sentences right before and after it that call, or ask."""
    start, end = part.start, part.end
    for each in reversed([each for each in sentences if each.end <= part.start]):
        if not _calls_out(text[each.start : each.end]):
            break
        start = each.start
    for each in [each for each in sentences if each.start >= part.end]:
        if not _calls_out(text[each.start : each.end]):
            break
        end = each.end
    return Span(start, end)


def _calls_out(sentence: str) -> bool:
    folded = _folded(sentence)
    calls = len(IMPERATIVES.findall(folded)) + len(OFFERS.findall(folded))
    return len(sentence) < LONG and (calls >= _FEWEST_CALLS or sentence.endswith(("!", "?", "！", "？")))


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


def _sells(text: str) -> bool:
    return any(pattern.search(text) for pattern in (WARES, CALLS, OFFERS))


def _list_verdict(fragments: Sequence[str]) -> tuple[QuarantineState, str] | None:
    """Of casefolded fragments that may be keywords."""
    if any(_IS_NO_KEYWORD.search(each) or width(each) > _LONGEST_KEYWORD for each in fragments):
        return None
    kinds = {word for each in fragments for word in WARES.findall(each)}
    selling = sum(map(_sells, fragments))
    if len(fragments) < _FEWEST_KEYWORDS or len(kinds) < _FEWEST_KINDS or selling < _SELLING * len(fragments):
        return None
    return "flagged", f"a list of what spam sells: {selling} of {len(fragments)} keywords"


def _verdict(text: str) -> tuple[QuarantineState, str] | None:
    """Of casefolded text."""
    return _advertising(text) or (None if REPORTS.search(text) else _list_verdict(fragments_of(text)))


def _advertising(text: str) -> tuple[QuarantineState, str] | None:
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

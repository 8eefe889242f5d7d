"""What stands in a document where a quote is not quite: the nearest place in a stretch, and what differs there."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter

import numpy as np
import regex
from rapidfuzz.distance import LCSseq, Levenshtein
from rapidfuzz.fuzz import partial_ratio_alignment

from qa_service.answering.comparable import UNSPACED, Comparable, make_comparable
from qa_service.answering.word_borders import cuts_word
from qa_service.records import Change, ChangeKind

SHORT = 200
"""A quote this short is looked for at every place of a stretch; in a longer one what it shares shows the place."""
_SHARED = 8
_MARGIN = 12
_LONGEST_WORD = 40
_TRIFLE = 3
_TOKEN = regex.compile(r"\d+(?:[^\w\s\x02-\x0e]\d+)*|.", regex.DOTALL)  # a number is equal as a whole or not at all


@dataclass(frozen=True, slots=True)
class Nearest:
    """`text[start:end]` of the stretch that was searched, and the changes that make it of the quote."""

    start: int
    end: int
    similarity: float
    changes: tuple[Change, ...]


def shared(quote: Comparable, stretch: Comparable) -> float:
    """Which share of the quote's runs of some characters stands in the stretch: cheap, to choose between stretches."""
    size = min(_SHARED, max(2, len(quote.text) // 4))
    runs = {quote.text[i : i + size] for i in range(len(quote.text) - size + 1)}
    there = {stretch.text[i : i + size] for i in range(len(stretch.text) - size + 1)}
    return len(runs & there) / max(1, len(runs))


def find_nearest(quote: str, stretch: str) -> Nearest | None:
    """Where the stretch is most like the quote; None when nothing can be compared."""
    asked, found = make_comparable(quote), make_comparable(stretch)
    if not asked.text or not found.text:
        return None
    start, end = (_locate if len(asked.text) <= SHORT else _locate_long)(asked.text, found.text)
    if start >= end:
        return None
    start, end = _whole_words(stretch, *found.source_span(start, end))
    return _compared(quote, asked, stretch, start, end)


def _locate(quote: str, text: str) -> tuple[int, int]:
    """The place of the least edit distance, about where the share of equal characters is the highest."""
    margin = _MARGIN + len(quote) // 4
    about = partial_ratio_alignment(quote, text) if len(quote) < len(text) else None
    first, last = (max(0, about.dest_start - margin), about.dest_end + margin) if about else (0, len(text))
    window = text[first:last]
    end = _best_end(quote, window)
    start = end - _best_end(quote[::-1], window[:end][::-1], at_once=True)
    return first + start, first + end


def _locate_long(quote: str, text: str) -> tuple[int, int]:
    """By the runs that both hold, at most of them shifted alike, and by the beginning and the end of the quote."""
    places = {quote[i : i + _SHARED]: i for i in range(len(quote) - _SHARED + 1)}
    runs = [(i, places[run]) for i in range(len(text)) if (run := text[i : i + _SHARED]) in places]
    if not runs:
        return 0, 0
    shifts = np.sort([there - here for there, here in runs])
    drift = _MARGIN + len(quote) // 8
    votes = np.searchsorted(shifts, shifts + drift, side="right") - np.arange(len(shifts))
    least = shifts[votes.argmax()]
    anchors = [(there, here) for there, here in runs if least <= there - here <= least + drift]
    first, last = min(anchors, key=itemgetter(1)), max(anchors, key=itemgetter(1))
    head_at, tail_at = first[0] - first[1], last[0] + len(quote) - last[1]  # about
    window = text[max(0, head_at - drift) : max(0, head_at) + SHORT + drift]
    start = max(0, head_at - drift) + len(window) - _best_end(quote[SHORT - 1 :: -1], window[::-1])
    from_tail = min(max(start, tail_at - SHORT - drift), len(text))
    return start, from_tail + _best_end(quote[-SHORT:], text[from_tail : tail_at + drift])


def _best_end(quote: str, text: str, at_once: bool = False) -> int:
    """Where in the text ends what has the least edit distance to the quote, the last such place (Sellers 1980).

    It may begin anywhere, or `at_once`.
    """
    wanted, column = np.array(list(quote)), np.arange(len(quote) + 1)
    steps = column.copy()
    best, distance = 0, len(quote)
    for i, character in enumerate(text, start=1):
        replaced = column[:-1] + (wanted != character)
        column = np.minimum(column + 1, np.concatenate(([i if at_once else 0], replaced)))
        column = np.minimum.accumulate(column - steps) + steps
        if column[-1] <= distance:
            best, distance = i, int(column[-1])
    return best


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    for _ in range(_LONGEST_WORD):
        if not (start > 0 and cuts_word(text, start, len(text))):
            break
        start -= 1
    for _ in range(_LONGEST_WORD):
        if not (end < len(text) and cuts_word(text, 0, end)):
            break
        end += 1
    return start, end


def _compared(quote: str, asked: Comparable, stretch: str, start: int, end: int) -> Nearest | None:
    """The changes cover the quote and `stretch[start:end]` without a gap, what does not count included.

    None where nothing in it counts.
    """
    text = stretch[start:end]
    found = make_comparable(text)
    if not found.text:
        return None
    ours, theirs = _TOKEN.findall(asked.text), _TOKEN.findall(found.text)
    our_bounds, their_bounds = _source_bounds(quote, asked, ours), _source_bounds(text, found, theirs)
    equal = 0
    changes: list[Change] = []
    for step in Levenshtein.opcodes(ours, theirs):
        here = quote[our_bounds[step.src_start] : our_bounds[step.src_end]]
        there = text[their_bounds[step.dest_start] : their_bounds[step.dest_end]]
        if step.tag == "equal":
            equal += sum(map(len, ours[step.src_start : step.src_end]))
            changes.append(Change("equal", here, there))
        else:
            equal += _like_numbers(
                "".join(ours[step.src_start : step.src_end]), "".join(theirs[step.dest_start : step.dest_end])
            )
            _append_different(changes, here, there)
    similarity = 2 * equal / (len(asked.text) + len(found.text))
    return Nearest(start, end, similarity, tuple(_joined(changes)))


def _like_numbers(one: str, other: str) -> int:
    """How many characters two numbers share: another number is no equal one, but nearer than another word."""
    return int(LCSseq.similarity(one, other)) if one[:1].isdigit() and other[:1].isdigit() else 0


def _source_bounds(source: str, form: Comparable, tokens: Sequence[str]) -> list[int]:
    """Where each token begins in the source, and the end: what is left out of the form goes with what precedes it."""
    places = list(accumulate(map(len, tokens), initial=0))
    bounds = [int(form.starts[place]) for place in places[:-1]]
    return [0, *bounds[1:], len(source)] if bounds else [0, len(source)]


def _append_different(changes: list[Change], quote: str, document: str) -> None:
    if changes and changes[-1].op != "equal":
        last = changes.pop()
        quote, document = last.quote + quote, last.document + document
    changes.append(Change(_kind(quote, document), quote, document))


def _joined(changes: Sequence[Change]) -> list[Change]:
    """Few letters that happen to be the same between two changes of one word belong to the change."""
    joined: list[Change] = []
    for i, change in enumerate(changes):
        inside = 0 < i < len(changes) - 1 and changes[i - 1].op != "equal" and changes[i + 1].op != "equal"
        if change.op != "equal" or (inside and _is_trifle(change.quote)):
            _append_different(joined, change.quote, change.document)
        else:
            joined.append(change)
    return joined


def _is_trifle(text: str) -> bool:
    return len(text) < _TRIFLE and text.isalpha() and not UNSPACED.search(text)


def _kind(quote: str, document: str) -> ChangeKind:
    if quote and document:
        return "replace"
    return "delete" if quote else "insert"

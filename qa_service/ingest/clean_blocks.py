"""The lines of a text as blocks: what stands between prose and uses its words again."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa_service.ingest.clean_words import FUNCTION_WORDS, INVISIBLE, SENTENCE_MARK
from qa_service.ingest.scripts import HAN, HIRAGANA, NONE, Scripts
from qa_service.records import Span

_VISIBLE = re.compile(rf"[^\s{''.join(map(chr, INVISIBLE))}]+")
_WORD = re.compile(r"[^\W\d_\u3040-\u30ff\u3400-\u9fff]{2,}|[\u3040-\u30ff\u3400-\u9fff]+")
SHORTEST, LONG = 20, 80
"""In characters: what is too short to tell prose by, and what may be a block of its own."""
_BEGINNING = 200
_CORE = 0.4
_MOST_LINES = 2_000
"""More are looked at in parts: a book of verse is one block."""
_GAP = 3
"""So many lines inside a block may have nothing of its words."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that holds something visible, without the white space at its ends."""

    span: Span
    text: str


def runs_without_prose(lines: Sequence[Line], scripts: Scripts) -> Iterator[range]:
    """Consecutive lines in one script that are no prose."""
    first = 0
    own = NONE
    for i, line in enumerate(lines):
        if _is_prose(line.text):
            if first < i:
                yield range(first, i)
            first, own = i + 1, NONE
            continue
        script = _script(line, scripts)
        following = _script(lines[i + 1], scripts) if i + 1 < len(lines) else script
        if NONE not in {own, script} and own != script == following:  # one alone may be a name or an address
            yield range(first, i)
            first, own = i, script
        elif own == NONE:
            own = script
    if first < len(lines):
        yield range(first, len(lines))


def _script(line: Line, scripts: Scripts) -> str:
    """Japanese is one script, whether kana stands in a line or not."""
    script = scripts.main(line.span.start, line.span.end)
    return HAN if script == HIRAGANA else script


def _is_prose(line: str) -> bool:
    """As far as its beginning tells."""
    if len(line) < SHORTEST:
        return False
    beginning = line[:_BEGINNING]
    function_words = len(FUNCTION_WORDS.findall(beginning))
    if function_words > 1 and function_words >= 0.03 * len(beginning):
        return True
    return function_words > 0 and SENTENCE_MARK.search(beginning) is not None


def blocks_of(lines: Sequence[Line], run: range) -> Iterator[range]:
    """Lines of a run whose words come again in it, what stands between them included; and each long line for itself."""
    counts: Counter[str] = Counter()
    if len(run) > 1:  # in a line alone no word comes again
        counts.update(word for i in run for word in words_of(lines[i].text))
    begun: list[int] = []
    for i in run:
        words = words_of(lines[i].text) if counts else frozenset()  # found twice, not held: a run may be a book
        if words and sum(counts[word] > 1 for word in words) >= _CORE * len(words):
            if begun and (i - begun[-1] > _GAP + 1 or len(begun) == _MOST_LINES):
                yield range(begun[0], begun[-1] + 1)
                begun = []
            begun.append(i)
        elif len(lines[i].text) >= LONG:
            if begun:
                yield range(begun[0], begun[-1] + 1)
                begun = []
            yield range(i, i + 1)
    if begun:
        yield range(begun[0], begun[-1] + 1)


def visible_length(text: str) -> int:
    """How many characters are no white space."""
    return sum(match.end() - match.start() for match in _VISIBLE.finditer(text))


def words_of(text: str) -> frozenset[str]:
    """Words of two letters and more, and pairs of Han and kana."""
    found: set[str] = set()
    for word in _WORD.findall(text.translate(INVISIBLE).casefold()):
        if "\u3040" <= word[0] < "\ua000":
            found.update(a + b for a, b in pairwise(word))
        else:
            found.add(word)
    return frozenset(found)


def covered(fragment: str, shared: set[str]) -> float:
    """The share of the letters of its words that stand in shared ones: pairs of Han overlap, so each letter counts."""
    letters = covered = 0
    for word in _WORD.findall(fragment):
        letters += len(word)
        if "\u3040" <= word[0] < "\ua000":
            pairs = [a + b in shared for a, b in pairwise(word)]
            covered += sum(a or b for a, b in zip([False, *pairs], [*pairs, False], strict=True))
        elif word in shared:
            covered += len(word)
    return covered / letters if letters else 0.0

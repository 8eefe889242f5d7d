"""Injected search spam: blocks of fragments that say the same words again and again.

A block is a line, or lines without a sentence that share their words. Several kinds of evidence must come together, and
what it sells must be part of it before a block is kept out of search; its form alone has it ranked down.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from qa_service.ingest.clean_blocks import (
    LONG,
    SHORTEST,
    Line,
    blocks_of,
    covered,
    runs_without_prose,
    visible_length,
    words_of,
)
from qa_service.ingest.clean_words import (
    CALLS,
    CONTACT,
    FUNCTION_WORDS,
    HIDDEN,
    INVISIBLE,
    KEYWORDS,
    SENTENCE_MARK,
    TOPICS,
)
from qa_service.ingest.scripts import HAN, HIRAGANA, LATIN, Scripts
from qa_service.records import QuarantineState, Span

_BREAK = re.compile(r"\s*(?:[|｜丨¦/／·•●★☆■□▶►◆◇※_–—【】#*＊~+＋>»«♥❤✅✔→←\n\t]|\s-\s| {2,})[\s【】|]*")
_WEAK_BREAK = re.compile(r"\s*[,，、;；:：]\s*|(?<=[\u3040-\u30ff\u3400-\u9fff])\s+(?=[\u3040-\u30ff\u3400-\u9fff])")
_URL = re.compile(r"https?://\S+")
_PLAIN = "few function words"
_REPETITION, _OTHER_SCRIPT, _STRANGE = "the same words again", "another script", "words strange to the document"
_MANY = 8
_MIN_LETTERS = 0.6
"""Tables and code hold more signs and digits."""
_MIN_FORM = 4
_REPEATED = 0.6
_UNFAMILIAR = 0.2
_QUARANTINED, _FLAGGED = 6, 4
_NEAR = 20_000
"""So much of the text before and after a block is asked for its words."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Lines `first` to `last`, inclusive, or a `part` of the text in one of them."""

    first: int
    last: int
    state: QuarantineState
    reason: str
    part: Span | None = None


def find_spam(text: str, lines: Sequence[Line]) -> list[Suspicion]:
    """In order and apart from each other."""
    scripts = Scripts(text)
    if HIDDEN.search(text):  # they would cut words in two
        lines = [replace(line, text=line.text.translate(INVISIBLE)) for line in lines]
    found: list[Suspicion] = []
    for run in runs_without_prose(lines, scripts):
        for block in blocks_of(lines, run):
            if found and block[0] <= found[-1].last:  # taken with the block before
                continue
            if suspicion := _suspicion(text, scripts, lines, block):
                found.append(_with_lines_that_sell(suspicion, lines, run, found))
    return found


def _suspicion(text: str, scripts: Scripts, lines: Sequence[Line], block: range) -> Suspicion | None:
    """Of a block, without the lines at its ends that are the document's own."""
    verdict = _Block(text, scripts, _span(lines, block)).suspicion()
    if verdict is None:
        return None
    own = _without_lines_of_the_document(text, lines, block)
    if own != block:
        verdict = _Block(text, scripts, _span(lines, own)).suspicion() if own else None
    return Suspicion(own[0], own[-1], *verdict) if verdict else None


def _with_lines_that_sell(each: Suspicion, lines: Sequence[Line], run: range, before: Sequence[Suspicion]) -> Suspicion:
    """The lines of the run beside a block that sell the same in other words, but none that are suspected already."""
    first, last = each.first, each.last
    lowest = max(run[0], before[-1].last + 1 if before else 0)
    while first > lowest and _sells(lines[first - 1].text):
        first -= 1
    while last < run[-1] and _sells(lines[last + 1].text):
        last += 1
    return replace(each, first=first, last=last)


def _sells(line: str) -> bool:
    return len(line) < LONG and (bool(CONTACT.search(line)) or len(TOPICS.findall(line.casefold())) > 1)


def _span(lines: Sequence[Line], block: range) -> Span:
    return Span(lines[block[0]].span.start, lines[block[-1]].span.end)


def _without_lines_of_the_document(text: str, lines: Sequence[Line], block: range) -> range:
    span = _span(lines, block)
    rest = _surroundings(text, span)
    words = {i: words_of(lines[i].text) for i in block}
    counts = Counter(word for each in words.values() for word in each)

    def is_the_documents(i: int) -> bool:
        line, own = lines[i].text, words[i]
        if CONTACT.search(line) or TOPICS.search(line.casefold()):
            return False
        elsewhere, shared = sum(word in rest for word in own), sum(counts[word] > 1 for word in own)
        return elsewhere > 0.4 * len(own) or shared < 0.3 * len(own)

    first, last = block[0], block[-1]
    while first < last and is_the_documents(first):
        first += 1
    while last > first and is_the_documents(last):
        last -= 1
    return range(first, last + 1)


def _surroundings(text: str, span: Span) -> str:
    """What stands before and after."""
    before, after = text[max(0, span.start - _NEAR) : span.start], text[span.end : span.end + _NEAR]
    return f"{before}\n{after}".casefold()


def fragments_of(text: str) -> list[str]:
    """What stands between the signs that part keywords; between commas where there are few of those."""
    fragments = [each for each in _BREAK.split(text) if each and not each.isspace()]
    if len(fragments) <= _MANY:
        fragments = [each for part in fragments for each in _WEAK_BREAK.split(part) if each.strip()]
    return fragments


@dataclass(frozen=True)
class _Block:
    document: str
    scripts: Scripts
    span: Span

    @cached_property
    def raw(self) -> str:
        return self.document[self.span.start : self.span.end]

    @cached_property
    def text(self) -> str:
        return unicodedata.normalize("NFKC", self.raw.translate(INVISIBLE)).casefold()

    @cached_property
    def fragments(self) -> list[str]:
        return fragments_of(self.text)

    @cached_property
    def repetition(self) -> float:
        """How much of a fragment's letters stand in words that other fragments have too, in the mean."""
        counts = Counter(word for fragment in self.fragments for word in words_of(fragment))
        shares = [
            covered(fragment, {word for word in words if counts[word] > 1})
            for fragment in self.fragments
            if (words := words_of(fragment))
        ]
        return sum(shares) / len(shares) if len(shares) > 2 else 0.0

    @cached_property
    def familiarity(self) -> float:
        """How many of its words the document has elsewhere; 1 where there is too little else to tell."""
        rest = _surroundings(self.document, self.span)
        words = words_of(self.text)
        if len(rest) < max(300, len(self.raw) // 2) or not words:
            return 1.0
        return sum(word in rest for word in words) / len(words)

    def suspicion(self) -> tuple[QuarantineState, str] | None:
        """Its state and the reason, or nothing. What is cheap to see is looked at first."""
        start, end = self.span.start, self.span.end
        visible = visible_length(self.text)
        if visible < SHORTEST or self.scripts.letters(start, end) < _MIN_LETTERS * visible:
            return None
        words = self._words_of_spam()
        form = self._form()
        if _PLAIN not in form or (not words and len(form) < _MIN_FORM):
            return None
        form |= self._strangeness()
        score, content = sum(form.values()) + sum(words.values()), sum(words.values())
        state: QuarantineState
        is_sure = content >= 2 and score >= _QUARANTINED and not KEYWORDS.match(self.text)
        if is_sure or self._is_foreign(form):
            state = "quarantined"
        elif (content and score >= _FLAGGED) or _is_strange(form):
            state = "flagged"
        else:
            return None
        return state, "search spam: " + ", ".join([*form, *words])

    def _words_of_spam(self) -> dict[str, int]:
        """What it sells, how it calls, whom to write to, what it hides: each with its weight."""
        text = _URL.sub(" ", self.text)  # a path may name anything
        topics, calls = TOPICS.findall(text), CALLS.findall(text)
        if not topics and not calls and not HIDDEN.search(self.raw):
            return {}
        if self._is_prose_for_the_most_part():
            return {}
        count, kinds = len(self.fragments), len(set(topics))
        found = {}
        if len(topics) >= count / 3:
            found[f"{kinds} words of search spam"] = min(kinds, 3)
        if len(set(calls)) >= 3 and len(calls) >= count / 4:
            found[f"{len(set(calls))} calls"] = 1
        if len(HIDDEN.findall(self.raw)) >= 3:
            found["hidden characters in words"] = 2
        if found and CONTACT.search(self.text):
            found["a contact"] = 1
        return found

    def _is_prose_for_the_most_part(self) -> bool:
        """Several sentences, of which few sell anything: those are judged for themselves."""
        sentences = [each for each in SENTENCE_MARK.split(self.text) if each.strip()]
        selling = sum(bool(TOPICS.search(each) or CALLS.search(each)) for each in sentences)
        return len(sentences) > 1 and selling <= len(sentences) / 2

    def _form(self) -> dict[str, int]:
        count, length = len(self.fragments), len(self.text)
        hiragana = self.scripts.count(HIRAGANA, self.span.start, self.span.end)
        few = hiragana < 0.35 * length and len(FUNCTION_WORDS.findall(self.text)) < 0.02 * length
        evidence = {
            f"{count} fragments": count >= _MANY,
            "no sentence": len(SENTENCE_MARK.findall(self.text)) <= count / _MANY,
            _PLAIN: few,
            _REPETITION: self.repetition >= _REPEATED,
        }
        return {name: 1 for name, holds in evidence.items() if holds}

    def _strangeness(self) -> dict[str, int]:
        start, end = self.span.start, self.span.end
        own, main = self.scripts.main(start, end), self.scripts.main()
        at_an_edge = not self.document[:start].strip() or not self.document[end:].strip()
        evidence = {
            _OTHER_SCRIPT: self._is_in_another(own, main),
            _STRANGE: self.familiarity <= _UNFAMILIAR,
            "at an edge": at_an_edge,
        }
        return {name: 1 for name, holds in evidence.items() if holds}

    def _is_foreign(self, form: dict[str, int]) -> bool:
        """All of the form without a single sentence, in a script and in words that the document has not."""
        signs = {_OTHER_SCRIPT, _REPETITION, _STRANGE} <= form.keys()
        return signs and sum(form.values()) >= _MIN_FORM + 2 and not SENTENCE_MARK.search(self.text)

    def _is_in_another(self, own: str, main: str) -> bool:
        """Latin letters are at home in any text, Han and kana in each other's."""
        if own in {main, LATIN} or {own, main} == {HAN, HIRAGANA}:
            return False
        start, end = self.span.start, self.span.end
        return self.scripts.count(main, start, end) < 0.2 * self.scripts.letters(start, end)


def _is_strange(form: dict[str, int]) -> bool:
    """By its form alone: all of it, and nothing that the document speaks of."""
    return sum(form.values()) >= _MIN_FORM + 1 and (_STRANGE in form or _OTHER_SCRIPT in form)

"""Advertisements known by what their sentences mean, in any language and in words that no list has.

A small network over the vectors of sentences, which the search needs anyway; it was taught on made advertisements and
on harmless texts (`python -m eval.fit_advertisements`). What it finds is flagged, never kept out of search: a bank or a
cinema that speaks for itself may sound the same. Each rule belongs to one encoder.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from qa_service.errors import StoreError
from qa_service.ingest.clean_blocks import visible_length
from qa_service.ingest.clean_spam import fragments_of
from qa_service.ingest.clean_words import CONTACT, SENTENCE_MARK
from qa_service.ingest.decisions import merged
from qa_service.ingest.search_form import width
from qa_service.records import Passage, Quarantined, Span

SHIPPED = Path(__file__).parent / "advertisements"
REASON = "reads like an advertisement, whatever its words"
_SHORTEST = 8
"""Visible characters: a menu's word says too little."""
_NEARLY = 5.0
"""Below the limit by less, a sentence advertises in company: one that is a list or says whom to turn to, three short
lines in the mean. Of harmless short lines it was never above -7 (eval/LOG.md)."""
_TOGETHER = 8.0
"""The same for what stands closer together: a sentence beside one that advertises, two in sum, a list in the mean. Of
harmless pairs it was never above -10, of lists never above -9; of single sentences it is one in a hundred and forty."""
_HARDLY = 14.0
"""A short sentence that is left of a paragraph says little by itself: a question, a greeting."""
_SHORT, _IN_A_ROW, _OF_A_LIST = 60, 3, 5

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class AdvertisementRule:
    """A network of one hidden layer: it makes `max(0, v @ hidden + hidden_bias) @ out` of unit vectors v, shape [n, d].

    `hidden` has the shape [d, h], `hidden_bias` and `out` [h]. A sentence advertises where that is above `limit`.
    `encoder` is the sha256 of the weights of the model that gives the vectors.
    """

    encoder: str
    hidden: Floats
    hidden_bias: Floats
    out: Floats
    limit: float
    record: Mapping[str, Any]
    """How it came about: the texts, the figures, the date."""

    def find(self, text: str, passages: Iterable[tuple[Passage, Floats]]) -> list[Quarantined]:
        """The sentences that advertise, neighbours as one; with each passage the vectors [sentences, d] are given."""
        sentences: list[Span] = []
        margins: list[float] = []
        for passage, vectors in passages:
            sentences += passage.sentences
            margins += (self.scores(vectors) - self.limit).tolist()
        found = {i for each in (_alone, _pairs, _short_lines, _lists) for i in each(text, sentences, margins)}
        for each in (_with_company, _last_of_paragraphs):
            found.update(tuple(each(text, sentences, margins, found)))
        return list(merged(text, [Quarantined(sentences[i], "spam", REASON, "flagged") for i in sorted(found)]))

    def scores(self, vectors: Floats) -> Floats:
        inner = np.maximum(vectors.astype(np.float32) @ self.hidden + self.hidden_bias, 0)
        scores: Floats = inner @ self.out
        return scores

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                hidden=self.hidden.astype(np.float16),
                hidden_bias=self.hidden_bias,
                out=self.out,
                limit=self.limit,
                encoder=self.encoder,
                record=json.dumps(self.record, ensure_ascii=False),
            )

    @classmethod
    def load(cls, path: Path) -> "AdvertisementRule":
        """Raises StoreError for a file that is no such rule."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                return cls(
                    encoder=str(kept["encoder"]),
                    hidden=kept["hidden"].astype(np.float32),
                    hidden_bias=kept["hidden_bias"],
                    out=kept["out"],
                    limit=float(kept["limit"]),
                    record=json.loads(str(kept["record"])),
                )
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise StoreError(f"{path}: no rule on advertisements ({error}); fit it again") from error


def shipped_rule(encoder: str) -> AdvertisementRule | None:
    """The rule that comes with the package for the model with these weights, None for other models."""
    path = SHIPPED / f"{encoder[:16]}.npz"
    return AdvertisementRule.load(path) if path.is_file() else None


def _alone(text: str, sentences: Sequence[Span], margins: Sequence[float]) -> Iterator[int]:
    """The sentences that advertise for themselves, and those that nearly do and are a list, or say whom to turn to."""
    for i, (span, margin) in enumerate(zip(sentences, margins, strict=True)):
        sentence = text[span.start : span.end]
        if (margin > 0 and visible_length(sentence) >= _SHORTEST) or (margin > -_NEARLY and _is_spam_by_form(sentence)):
            yield i


def _is_spam_by_form(sentence: str) -> bool:
    is_list = not SENTENCE_MARK.search(sentence) and len(fragments_of(sentence)) >= _OF_A_LIST
    return is_list or bool(CONTACT.search(sentence))


def _pairs(text: str, sentences: Sequence[Span], margins: Sequence[float]) -> Iterator[int]:
    """Two sentences of a paragraph that are nearer than that, in the mean."""
    for row in _rows(margins, 2, _TOGETHER):
        if _breaks(text, *(sentences[each] for each in row)) <= 1:
            yield from row


def _short_lines(text: str, sentences: Sequence[Span], margins: Sequence[float]) -> Iterator[int]:
    """Those in a row of short lines that nearly do, in the mean: keywords."""
    for row in _rows(margins, _IN_A_ROW, _NEARLY * _IN_A_ROW):
        spans = [sentences[each] for each in row]
        if all(_is_short(text, span) for span in spans) and all(_breaks(text, *pair) for pair in pairwise(spans)):
            yield from row


def _lists(text: str, sentences: Sequence[Span], margins: Sequence[float]) -> Iterator[int]:
    """All lines of a list that nearly advertises in the mean: short lines without the mark of a sentence."""
    is_item = [_is_short(text, span) and not SENTENCE_MARK.search(text[span.start : span.end]) for span in sentences]
    for row in _parted(text, sentences, lambda i, breaks: breaks == 1 and all(is_item[i - 1 : i + 1])):
        missing = -sum(min(margins[i], 0.0) for i in row)
        if len(row) >= _OF_A_LIST and missing < _TOGETHER * len(row):
            yield from row


def _is_short(text: str, span: Span) -> bool:
    return width(text[span.start : span.end]) <= _SHORT


def _rows(margins: Sequence[float], length: int, missing: float) -> Iterator[range]:
    """So many sentences one after the other that miss the limit by less than `missing` together."""
    for i in range(len(margins) - length + 1):
        if sum(min(margin, 0.0) for margin in margins[i : i + length]) > -missing:
            yield range(i, i + length)


def _with_company(text: str, sentences: Sequence[Span], margins: Sequence[float], found: Set[int]) -> Iterator[int]:
    """The sentences beside those found that nearly advertise, and those beside them."""
    every = range(len(sentences))
    for order in (every, every[::-1]):
        is_company = False
        for before, i in pairwise(order):
            is_beside = _breaks(text, sentences[min(before, i)], sentences[max(before, i)]) <= 1
            is_company = (is_company or before in found) and is_beside and margins[i] > -_TOGETHER
            if is_company:
                yield i


def _last_of_paragraphs(
    text: str, sentences: Sequence[Span], margins: Sequence[float], found: Set[int]
) -> Iterator[int]:
    """The short sentence that is left where all the others of a paragraph advertise."""
    for paragraph in _parted(text, sentences, lambda _, breaks: not breaks):
        others = [i for i in paragraph if i not in found]
        if (
            len(others) == 1 < len(paragraph)
            and _is_short(text, sentences[others[0]])
            and margins[others[0]] > -_HARDLY
        ):
            yield others[0]


def _parted(text: str, sentences: Sequence[Span], goes_on: Callable[[int, int], bool]) -> Iterator[range]:
    """The sentences in rows; `goes_on` says of each, and of the ends of lines before it, if it belongs to the last."""
    ends = [_breaks(text, *pair) for pair in pairwise(sentences)]
    borders = [0, *(i for i, breaks in enumerate(ends, 1) if not goes_on(i, breaks)), len(sentences)]
    return (range(first, end) for first, end in pairwise(borders))


def _breaks(text: str, left: Span, right: Span) -> int:
    """The ends of lines between two sentences."""
    return text.count("\n", left.end, right.start)

"""Texts to token ids without torch or transformers.

A tokenizer's own truncation and padding are state that its callers share; here both are done on what it gives, so that
several threads may use it at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.pieces import Place, Splitter

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PairIds:
    """`places` are the characters of the passage that the ids from `first` on stand for, [start, end)."""

    ids: list[int]
    first: int
    places: list[Place]


class TokenIds:
    """Gives the ids that transformers gives."""

    def __init__(self, splitter: Splitter, padding: int) -> None:
        self.padding = padding
        self._splitter = splitter

    def of(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        """The ids of each text, at most `max_tokens` with the special ones."""
        frame = self._splitter.frame
        room = max_tokens - len(frame.before) - len(frame.behind)
        return [frame.before + ids[:room] + frame.behind for ids in self._splitter.ids(texts)]

    def of_pairs(self, query: str, passages: Sequence[str], max_tokens: int) -> list[PairIds]:
        """The query beside each passage; the longer of the two is cut first, as transformers' "longest_first" does."""
        frame = self._splitter.frame
        room = max_tokens - len(frame.before) - len(frame.between) - len(frame.behind_pair)
        (asked,) = self._splitter.ids([query])
        pairs = []
        for ids, places in self._splitter.ids_with_places(passages):
            kept, kept_of_passage = longest_first(len(asked), len(ids), room)
            head = frame.before + asked[:kept] + frame.between
            pairs.append(PairIds(head + ids[:kept_of_passage] + frame.behind_pair, len(head), places[:kept_of_passage]))
        return pairs


def longest_first(first: int, second: int, room: int) -> tuple[int, int]:
    """How many of `first` and `second` tokens stay so that both fit."""
    shorter, longer = min(first, second), max(first, second)
    if shorter + longer > room:
        longer = max(shorter, room - shorter)
        if shorter + longer > room:
            shorter, longer = room // 2, room // 2 + room % 2
    return (longer, shorter) if first > second else (shorter, longer)


def padded(rows: Sequence[Sequence[int]], padding: int, multiple: int = 1) -> tuple[Ids, Ids]:
    """Ids and attention mask of shape [rows, tokens of the longest], the tokens rounded up to a multiple."""
    ids = np.full((len(rows), -(-max(map(len, rows)) // multiple) * multiple), padding, dtype=np.int64)
    mask = np.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return ids, mask

"""Texts to token ids without torch or transformers. The only home of tokenizers.

The tokenizer's own truncation and padding are state that its callers share; here it has neither, so that several
threads may use it at once, and both are done on what it gives.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from embeddings.errors import ModelError
from embeddings.model_folder import load_object

Ids = NDArray[np.int64]


class TokenIds:
    """The tokenizer.json of a model folder; gives what transformers gives for it."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelError when the folder has none or one that cannot be read."""
        path = folder / "tokenizer.json"
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(f"{path}: no tokenizer that can be read ({error}); get the model again") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._special = self._tokenizer.num_special_tokens_to_add(is_pair=False)
        self._special_in_pair = self._tokenizer.num_special_tokens_to_add(is_pair=True)
        self.padding = int(load_object(folder / "config.json").get("pad_token_id") or 0)

    def of(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        """The ids of each text, at most `max_tokens` with the special ones."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        rows = []
        for encoding in encodings:
            encoding.truncate(max_tokens - self._special)
            rows.append(self._tokenizer.post_process(encoding).ids)
        return rows

    def of_pairs(self, query: str, passages: Sequence[str], max_tokens: int) -> list[Encoding]:
        """The query beside each passage; the longer of the two is cut first, as transformers' "longest_first" does."""
        room = max_tokens - self._special_in_pair
        alone = self._tokenizer.encode(query, add_special_tokens=False)
        pairs = []
        for encoding in self._tokenizer.encode_batch(list(passages), add_special_tokens=False):
            kept, kept_of_passage = longest_first(len(alone.ids), len(encoding.ids), room)
            asked = alone
            if kept < len(alone.ids):
                asked = self._tokenizer.encode(query, add_special_tokens=False)  # truncate() changes it
                asked.truncate(kept)
            encoding.truncate(kept_of_passage)
            pairs.append(self._tokenizer.post_process(asked, encoding))
        return pairs


def longest_first(first: int, second: int, room: int) -> tuple[int, int]:
    """How many of `first` and `second` tokens stay so that both fit."""
    shorter, longer = min(first, second), max(first, second)
    if shorter + longer > room:
        longer = max(shorter, room - shorter)
        if shorter + longer > room:
            shorter, longer = room // 2, room // 2 + room % 2
    return (longer, shorter) if first > second else (shorter, longer)


def passage_places(pair: Encoding) -> list[tuple[int, tuple[int, int]]]:
    """The tokens of a pair that lie in its passage, each with its characters there."""
    return [
        (position, offsets)
        for position, (sequence, offsets) in enumerate(zip(pair.sequence_ids, pair.offsets, strict=True))
        if sequence == 1
    ]


def padded(rows: Sequence[Sequence[int]], padding: int, multiple: int = 1) -> tuple[Ids, Ids]:
    """Ids and attention mask of shape [rows, tokens of the longest], the tokens rounded up to a multiple."""
    ids = np.full((len(rows), -(-max(map(len, rows)) // multiple) * multiple), padding, dtype=np.int64)
    mask = np.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return ids, mask


def batches(lengths: Sequence[int], max_tokens: int) -> Iterator[list[int]]:
    """Which rows go together: of about one length, and at most `max_tokens` with the padding, or one row alone."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batch: list[int] = []
    for i in order:
        if batch and lengths[i] * (len(batch) + 1) > max_tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch

"""Texts to the pieces of a model's vocabulary. The only home of tokenizers and sentencepiece.

The same pieces in two ways: `Tokenizer` reads any tokenizer.json, and holds 280 MB for a vocabulary of 250,000 pieces;
`Unigram` holds 60 MB and is three times as fast, for the vocabularies that it knows how to read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import sentencepiece
import tokenizers

from embeddings.errors import ModelError

SPACE = "▁"
UNIGRAM_PIECES, UNIGRAM_RULES = "pieces.model", "pieces.json"
"""The vocabulary in sentencepiece's format; the rest of the tokenizer.json, its pieces single characters."""

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Frame:
    """The special ids around texts: before, and behind or between the two of a pair."""

    before: list[int]
    behind: list[int]
    between: list[int]
    behind_pair: list[int]


class Splitter(Protocol):
    """Splits without special ids, padding or truncation. May be used from several threads."""

    frame: Frame

    def ids(self, texts: Sequence[str]) -> list[list[int]]: ...

    def ids_with_places(self, texts: Sequence[str]) -> list[tuple[list[int], list[Place]]]:
        """Also the characters of the text that each id stands for, [start, end)."""
        ...


def open_splitter(folder: Path, networks: Path) -> Splitter:
    """The vocabulary of the model in `folder`, small where it stands beside the `networks` exported from it.

    Raises ModelError when it cannot be read.
    """
    small = (networks / UNIGRAM_PIECES).is_file()
    return Unigram(networks) if small else Tokenizer(folder)


class Tokenizer:
    """The tokenizer.json of a model folder."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelError when the folder has none or one that cannot be read."""
        self._tokenizer = _read(folder / "tokenizer.json")
        self.frame = _frame(self._tokenizer)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [each.ids for each in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def ids_with_places(self, texts: Sequence[str]) -> list[tuple[list[int], list[Place]]]:
        found = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [(each.ids, each.offsets) for each in found]


class Unigram:
    """What pieces_export.py made of a tokenizer.json.

    A text that spells a special token, as `</s>`, is split like any other text; it cannot part a pair.
    """

    def __init__(self, folder: Path) -> None:
        """Raises ModelError when the files cannot be read."""
        self._characters = _read(folder / UNIGRAM_RULES, "remove its folder")
        self.frame = _frame(self._characters)
        path = folder / UNIGRAM_PIECES
        try:
            self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(path), num_threads=1)
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(f"{path}: no vocabulary that can be read ({error}); remove its folder") from error

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        ids: list[list[int]] = self._pieces.encode([self._normalised(text) for text in texts], return_type=int)
        return ids

    def ids_with_places(self, texts: Sequence[str]) -> list[tuple[list[int], list[Place]]]:
        found = []
        for text in texts:
            pieces = self._pieces.encode(self._normalised(text), return_type="offset_mapping")
            places = self._characters.encode(text, add_special_tokens=False).offsets  # of each normalised character
            found.append((pieces["ids"], [(places[a][0], places[b - 1][1]) for a, b in pieces["offsets"]]))
        return found

    def _normalised(self, text: str) -> str:
        assert self._characters.normalizer is not None
        normal: str = self._characters.normalizer.normalize_str(text).replace(" ", SPACE)
        return normal if not normal or normal.startswith(SPACE) else SPACE + normal


def _read(path: Path, advice: str = "get the model again") -> tokenizers.Tokenizer:
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise ModelError(f"{path}: no tokenizer that can be read ({error}); {advice}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _frame(tokenizer: tokenizers.Tokenizer) -> Frame:
    single, pair = (tokenizer.encode(*text) for text in (("a",), ("a", "a")))
    length = len(tokenizer.encode("a", add_special_tokens=False).ids)
    first, second = single.sequence_ids.index(0), pair.sequence_ids.index(1)
    return Frame(
        before=single.ids[:first],
        behind=single.ids[first + length :],
        between=pair.ids[first + length : second],  # a pair begins as a text alone does
        behind_pair=pair.ids[second + length :],
    )

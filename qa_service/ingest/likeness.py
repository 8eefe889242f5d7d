"""Do two texts say much the same? Found by a few hashes of each, judged on the texts themselves.

A text is cut into overlapping shingles (Broder, 1997) of three words, five characters of Chinese or Japanese, or
fifteen letters of Thai, Lao, Khmer or Burmese, without white space, punctuation, case and form. The smallest hashes of
its shingles are its fingerprints: texts that share shingles share those, whatever else stands around them.
"""

import hashlib
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import regex
from numpy.typing import NDArray

_WIDE = r"\p{Han}\p{Hiragana}\p{Katakana}"
_LETTERS = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_TOKEN = regex.compile(rf"[{_WIDE}{_LETTERS}]\p{{M}}*|[\w--[{_WIDE}{_LETTERS}_]]+", regex.VERSION1)
_UNSPACED = regex.compile(rf"([{_WIDE}])|[{_LETTERS}]")
_LINE = regex.compile(r"[^\n]+")
_INVISIBLE = regex.compile(r"\p{Cf}+")
_FIRST_UNSPACED = "\u0e00"  # of Thai: a word of most scripts needs no look at the patterns
_WORD, _WIDE_CHARACTER, _LETTER, _SHINGLE = 5, 3, 1, 15  # how much of a shingle each fills

NEAR = 0.4
"""Two texts that share so much are called near duplicates (eval/near_duplicates.py)."""

_HASH_BITS = 63  # what a signed integer of SQLite holds
_SAMPLED = 1 / 32
_FEWEST, _MOST = 64, 4_096


@dataclass(frozen=True, slots=True, eq=False)
class Shingled:
    """The tokens of a text, and the shingles that begin at the first of them, the second and so on: the hash of each,
    shape [shingles], and how many tokens it has."""

    tokens: tuple[str, ...]
    hashes: NDArray[np.int64]
    lengths: Sequence[int]

    @classmethod
    def of(cls, text: str) -> "Shingled":
        tokens = find_tokens(text)
        hashes, lengths = array("q"), array("B")
        for shingle in _shingles(tokens):
            hashes.append(_hash(shingle))
            lengths.append(len(shingle))
        return cls(tuple(tokens), np.array(hashes, dtype=np.int64), lengths)

    @property
    def size(self) -> int:
        """In letters and digits."""
        return sum(map(len, self.tokens))


def fingerprints(text: Shingled) -> tuple[int, ...]:
    """The smallest hashes of the shingles, rising: a 32nd of them, at least 64 where there are as many."""
    hashes = np.unique(text.hashes)
    below = int(np.searchsorted(hashes, int(_SAMPLED * 2**_HASH_BITS), side="right"))
    return tuple(hashes[: min(max(below, _FEWEST), _MOST)].tolist())


def shared_share(text: Shingled, other: Shingled) -> float:
    """How much of the smaller text stands in the other one too, 0 to 1, in letters and digits of common shingles."""
    smaller, larger = sorted((text, other), key=lambda each: (each.size, each.tokens))
    shared = bytearray(len(smaller.tokens))
    for start in np.flatnonzero(np.isin(smaller.hashes, larger.hashes)).tolist():
        length = smaller.lengths[start]
        shared[start : start + length] = b"\1" * length
    common = sum(len(token) for token, is_shared in zip(smaller.tokens, shared, strict=True) if is_shared)
    return common / max(smaller.size, 1)


def find_tokens(text: str) -> list[str]:
    """Words, or characters of scripts that don't space them, in one form."""
    known: dict[str, str] = {}  # each word once: a book repeats its words
    tokens: list[str] = []
    for line in _LINE.finditer(text):  # all of them at once are a text more, or a list of millions
        found = _TOKEN.finditer(_INVISIBLE.sub("", unicodedata.normalize("NFKC", line[0]).casefold()))
        tokens += [known.setdefault(token, token) for token in (match[0] for match in found)]
    return tokens


def _shingles(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """One for each token from which on there are enough."""
    ends = array("q", accumulate(map(_weight, tokens)))  # a book has millions
    end, before = 0, 0
    for start in range(len(tokens)):
        while end < len(tokens) and ends[end] - before < _SHINGLE:
            end += 1
        if end == len(tokens):
            return
        yield tuple(tokens[start : end + 1])
        before = ends[start]


def _weight(token: str) -> int:
    unspaced = _UNSPACED.match(token) if token[0] >= _FIRST_UNSPACED else None
    if unspaced is None:
        return _WORD
    return _WIDE_CHARACTER if unspaced[1] else _LETTER


def _hash(shingle: tuple[str, ...]) -> int:
    digest = hashlib.blake2b("\n".join(shingle).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - _HASH_BITS)

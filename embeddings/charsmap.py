"""A map of characters as a normaliser for `tokenizers`, exact and in one pass over the text.

`Precompiled` takes SentencePiece's compiled form: a double-array trie (darts-clone) over UTF-8, then the
NUL-terminated replacements. It looks at whole graphemes of up to five bytes first and replaces them by the entry of
their *first* character, so that a mark behind a mapped character would be lost; a control character put between the
two, which the map itself deletes, keeps them apart.
"""

import base64
import struct
from collections.abc import Iterable, Mapping
from typing import Any

from embeddings.errors import ModelError

SEPARATOR = "\x01"
# Marks, joiners and the half-width kana marks: what continues a grapheme.
CONTINUES = r"[\p{M}\x{200c}\x{200d}\x{ff9e}\x{ff9f}]"

_LEAF = 1 << 31
_HAS_LEAF = 1 << 8


def normaliser(characters: Mapping[int, str]) -> dict[str, Any]:
    """The `normalizer` of a tokenizer.json: every code point replaced as `characters` says, all else kept.

    Raises ModelError if the map does not delete the separator that this rests on.
    """
    if characters.get(ord(SEPARATOR)) != "":
        raise ModelError(f"the character map does not delete {SEPARATOR!r}, so it cannot be applied exactly")
    mapped = _class_of(code_point for code_point in characters if code_point >= 0x80)
    separate = {"Regex": f"(?<={mapped})(?={CONTINUES})"}
    return {
        "type": "Sequence",
        "normalizers": [
            {"type": "Replace", "pattern": separate, "content": SEPARATOR},
            {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(compile_map(characters)).decode()},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        ],
    }


def compile_map(characters: Mapping[int, str]) -> bytes:
    """SentencePiece's `precompiled_charsmap` of single characters."""
    replacements = bytearray()
    places: dict[str, int] = {}
    keys: dict[bytes, int] = {}
    for code_point, replacement in characters.items():
        if replacement not in places:
            places[replacement] = len(replacements)
            replacements += replacement.encode() + b"\0"
        keys[chr(code_point).encode()] = places[replacement]
    units = _double_array(keys)
    return struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + bytes(replacements)


def _class_of(code_points: Iterable[int]) -> str:
    ranges: list[list[int]] = []
    for code_point in sorted(code_points):
        if ranges and ranges[-1][1] == code_point - 1:
            ranges[-1][1] = code_point
        else:
            ranges.append([code_point, code_point])
    return "[" + "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in ranges) + "]"


def _double_array(keys: Mapping[bytes, int]) -> list[int]:
    """The units of darts-clone: the child by byte c of a node stands at `base ^ c`, a key's value at `base ^ 0`.

    A unit holds its label in bits 0-7, whether a value follows in bit 8, and `own place ^ base` from bit 10 on.
    """
    units = {0: 0}
    bases: set[int] = set()
    first = 1
    waiting = [(_tree(keys), 0)]
    while waiting:
        children, place = waiting.pop()
        base = first
        while base in bases or any(base ^ label in units for label in children):
            base += 1
        bases.add(base)
        first = max(first, base - 256)  # what is far behind is nearly full: not worth another look
        units[place] |= (place ^ base) << 10 | (_HAS_LEAF if 0 in children else 0)
        for label, child in children.items():
            if isinstance(child, int):
                units[base] = child | _LEAF
            else:
                units[base ^ label] = label
                waiting.append((child, base ^ label))
    # Readers look at `base ^ c` for any byte c, without a check of the length.
    return [units.get(place, 0) for place in range((max(bases) | 0xFF) + 1)]


def _tree(keys: Mapping[bytes, int]) -> dict[int, Any]:
    tree: dict[int, Any] = {}
    for key, value in keys.items():
        node = tree
        for byte in key:
            node = node.setdefault(byte, {})
        node[0] = value
    return tree

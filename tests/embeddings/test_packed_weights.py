import math
import random

import numpy as np
import pytest

from embeddings.errors import ModelError
from embeddings.packed_weights import parse
from tests.embeddings.packed_file import CHARACTERS, PIECES, TINY, packed_file


def test_a_sound_file_gives_its_parts() -> None:
    packed = parse(packed_file(), TINY)
    assert packed.pieces == PIECES
    assert packed.scores == [-float(i) for i in range(len(PIECES))]
    assert packed.characters == CHARACTERS
    assert list(packed.offsets) == list(TINY.tensors())


def test_a_block_is_a_scale_times_nibbles_less_eight() -> None:
    packed = parse(packed_file(), TINY)
    (rows,) = packed.rows("l0.q.w")
    pattern = np.array([*range(-8, 8), *range(7, -9, -1)], dtype=np.float32)
    assert rows.shape == (32, 32)
    np.testing.assert_array_equal(rows, np.outer(np.arange(1, 33), pattern))


def test_rows_come_in_slabs_and_complete() -> None:
    packed = parse(packed_file(), TINY)
    slabs = list(packed.rows("emb.word", slab=5))
    assert [len(slab) for slab in slabs] == [5, 5, 2]
    (whole,) = packed.rows("emb.word")
    np.testing.assert_array_equal(np.concatenate(slabs), whole)


def test_a_file_cut_anywhere_is_refused() -> None:
    content = packed_file()
    places = [*range(2000), *random.Random(0).sample(range(len(content)), 500), len(content) - 1]
    for place in places:
        with pytest.raises(ModelError, match="reinstall"):
            parse(content[:place], TINY)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"magic": b"GGUF"}, "begins with"),
        ({"version": 2}, "version is 2"),
        ({"hidden": 33}, "hidden is 33"),
        ({"layers": 2}, "layers is 2"),
        ({"heads": -1}, "heads is -1"),
        ({"feed_forward": 0}, "feed_forward is 0"),
        ({"vocabulary": 2**31 - 1}, "vocabulary"),
        ({"positions": 9}, "positions is 9"),
        ({"token_types": 1}, "token_types is 1"),
        ({"block": 16}, "block size 16"),
        ({"pieces": 4}, "special ids"),
        ({"special_ids": (1, 2, 0, 3)}, "special ids"),
        ({"pieces": 2**31 - 1}, "special ids"),
        ({"mapped_characters": 3}, "character map has 3"),
        ({"tail": b"\0"}, "its tensors end"),
        ({"renamed": {"emb.ln.w": "emb.ln.x"}}, "emb.ln.x"),
        ({"scores": [math.nan] * len(PIECES)}, "scores"),
        ({"characters": [(1, ())] * len(CHARACTERS)}, "code point 0x1"),
        ({"characters": [(i, (0xD800,)) for i in range(1, 1 + len(CHARACTERS))]}, "code point 0x1"),
        ({"characters": [(i + 0x110000, ()) for i in range(len(CHARACTERS))]}, "code point 0x110000"),
    ],
)
def test_whatever_is_not_as_expected_is_named(wrong: dict, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        parse(packed_file(**wrong), TINY)


@pytest.mark.parametrize(
    ("piece", "message"), [(b"a", "twice"), (b"", "do not follow one another"), (b"\xff", "not UTF-8")]
)
def test_a_wrong_piece_is_refused(piece: bytes, message: str) -> None:
    pieces = [text.encode() for text in PIECES]
    pieces[PIECES.index("的")] = piece
    with pytest.raises(ModelError, match=message):
        parse(packed_file(piece_bytes=pieces), TINY)


def test_any_flipped_byte_in_the_directory_is_refused() -> None:
    content = packed_file()
    start = content.index(b"emb.word") - 6
    end = content.index(b"l0.oln.b") + len("l0.oln.b") + 21
    for place in range(start, end):
        damaged = bytearray(content)
        damaged[place] ^= 0x41
        with pytest.raises(ModelError):
            parse(bytes(damaged), TINY)


def test_weights_that_are_no_numbers_are_refused() -> None:
    content = bytearray(packed_file())
    offset = parse(bytes(content), TINY).offsets["emb.ln.w"]
    content[offset : offset + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(ModelError, match=r"emb\.ln\.w"):
        list(parse(bytes(content), TINY).rows("emb.ln.w"))

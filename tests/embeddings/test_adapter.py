from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from embeddings import bundled
from embeddings.adapter import Adapter, Halves
from embeddings.errors import ModelError
from embeddings.packed_weights import parse
from tests.embeddings.packed_file import TINY, packed_file

WEIGHTS = "ab" * 32
QUERY = "encoder.layer.0.attention.self.query.weight"


def halves(rows: int, columns: int, seed: int = 0) -> Halves:
    return np.random.default_rng(seed).normal(scale=0.3, size=(rows, columns)).astype(np.float16)


def adapter(rows: int = TINY.hidden, columns: int = TINY.hidden) -> Adapter:
    changes = {QUERY: (halves(rows, 4), halves(4, columns, seed=1))}
    return Adapter({"name": "tiny", "weights_sha256": WEIGHTS}, changes)


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    adapter().save(tmp_path / "a.npz")
    loaded = Adapter.load(tmp_path / "a.npz", WEIGHTS)
    assert loaded.name == "tiny"
    assert len(loaded.sha256) == 64
    assert list(loaded.changes) == [QUERY]
    for saved, found in zip(adapter().changes[QUERY], loaded.changes[QUERY], strict=True):
        np.testing.assert_array_equal(saved, found)


def test_the_adapter_of_other_weights_is_refused(tmp_path: Path) -> None:
    adapter().save(tmp_path / "a.npz")
    with pytest.raises(ModelError, match="of other weights"):
        Adapter.load(tmp_path / "a.npz", "cd" * 32)


@pytest.mark.parametrize("kept", [0, 40, 400])
def test_a_damaged_file_is_refused(tmp_path: Path, kept: int) -> None:
    adapter().save(tmp_path / "a.npz")
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content[:kept])
    with pytest.raises(ModelError, match="no adapter"):
        Adapter.load(tmp_path / "a.npz", WEIGHTS)


@pytest.mark.parametrize(
    ("up", "down"),
    [
        (halves(4, 2), halves(3, 4)),
        (halves(4, 2).astype(np.float32), halves(2, 4)),
        (halves(4, 2) * np.float16(100), halves(2, 4)),
        (halves(4, 2) * np.float16(np.nan), halves(2, 4)),
    ],
    ids=["ranks differ", "no float16", "too large to be exact", "no number"],
)
def test_a_change_that_makes_no_sense_is_refused(tmp_path: Path, up: Halves, down: Halves) -> None:
    with pytest.raises(ValueError, match="query"):
        Adapter({"name": "tiny", "weights_sha256": WEIGHTS}, {QUERY: (up, down)}).save(tmp_path / "a.npz")


def test_the_change_is_added_to_its_weight_and_to_no_other(tmp_path: Path) -> None:
    packed = parse(packed_file(), TINY)
    bundled._write_tensors(tmp_path / "plain", packed, None, lambda *_: None)
    bundled._write_tensors(tmp_path / "adapted", packed, adapter(), lambda *_: None)
    plain, adapted = load_file(tmp_path / "plain"), load_file(tmp_path / "adapted")
    up, down = adapter().changes[QUERY]
    expected = plain[QUERY] + up.astype(np.float32) @ down.astype(np.float32)
    np.testing.assert_allclose(adapted[QUERY], expected, atol=1e-6)
    assert np.abs(adapted[QUERY] - plain[QUERY]).max() > 0.1
    for name in plain.keys() - {QUERY}:
        np.testing.assert_array_equal(adapted[name], plain[name])


def test_the_sum_is_the_same_to_the_bit_in_whatever_order_and_part(tmp_path: Path) -> None:
    rows = np.random.default_rng(2).normal(size=(TINY.hidden, TINY.hidden)).astype(np.float32)
    whole = adapter().apply(QUERY, 0, rows)
    parts = [adapter().apply(QUERY, first, rows[first : first + 5]) for first in range(0, TINY.hidden, 5)]
    np.testing.assert_array_equal(np.vstack(parts), whole)
    up, down = (half.astype(np.float64) for half in adapter().changes[QUERY])
    other_order = sum(np.outer(up[:, i], down[i]) for i in reversed(range(4)))
    np.testing.assert_array_equal((rows + other_order).astype(np.float32), whole)


def test_an_adapter_of_another_shape_is_refused(tmp_path: Path) -> None:
    packed = parse(packed_file(), TINY)
    with pytest.raises(ModelError, match="does not fit"):
        bundled._write_tensors(tmp_path / "w", packed, adapter(columns=TINY.hidden + 1), lambda *_: None)

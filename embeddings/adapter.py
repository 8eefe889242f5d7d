"""Adapters (LoRA, arXiv:2106.09685): low-rank changes of layers, added to the weights once, so that they cost no time.

The encoder's, trained by `python -m eval.train_adapter`, brings languages together. The token embeddings stay as they
are: the reranker shares them. The reranker's holds what `python -m eval.distill_reranker` taught it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.archive import open_archive
from embeddings.errors import ModelError

SHIPPED = Path(__file__).parent / "adapters"
_RECORD = "record"
_WHAT = "adapter"
_UP, _DOWN = ".up", ".down"
_EXACT_BELOW = 16.0
"""Below it, sums of products of two float16 are exact in float64 (multiples of 2^-48 below 2^5), in whatever order.

So each machine gets the same weights to the bit, and with them the same hash, whatever library multiplies.
"""

Halves = NDArray[np.float16]


@dataclass(frozen=True)
class Adapter:
    """`changes` are (up, down) of shapes [rows, rank] and [rank, columns] by the name of the weight they change."""

    record: Mapping[str, Any]
    changes: Mapping[str, tuple[Halves, Halves]]
    sha256: str = ""
    """Of the file that it was loaded from."""

    @property
    def name(self) -> str:
        return str(self.record["name"])

    def save(self, path: Path) -> None:
        """Raises ValueError for numbers that would not give the same weights everywhere."""
        for name, (up, down) in self.changes.items():
            _check_change(name, up, down)
        arrays: dict[str, NDArray[Any]] = {_RECORD: np.array(json.dumps(dict(self.record)))}
        for name, (up, down) in self.changes.items():
            arrays[name + _UP], arrays[name + _DOWN] = up, down
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path, weights_sha256: str) -> "Adapter":
        """Raises ModelError for a file that is no adapter, or that of other weights."""
        with open_archive(path, _WHAT) as arrays:
            record = _read_record(arrays, path, weights_sha256)
            names = [name.removesuffix(_UP) for name in arrays.files if name.endswith(_UP)]
            changes = {name: (arrays[name + _UP], arrays[name + _DOWN]) for name in names}
            for name, (up, down) in changes.items():
                _check_change(name, up, down)
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return cls(record, changes, sha256)

    def apply(self, name: str, first: int, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The rows of the weight `name` from `first` on, changed; as they are where there is nothing to change.

        Raises ModelError when the change has another shape than the rows.
        """
        if name not in self.changes:
            return rows
        up, down = (half.astype(np.float64) for half in self.changes[name])
        part = up[first : first + len(rows)]
        if rows.shape != (len(part), down.shape[1]):
            raise ModelError(f"the adapter {self.name} does not fit {name}; install the project again")
        changed: NDArray[np.float32] = (rows + part @ down).astype(np.float32)
        return changed


def _read_record(arrays: Mapping[str, Any], path: Path, weights_sha256: str) -> Mapping[str, Any]:
    record: Mapping[str, Any] = json.loads(str(arrays[_RECORD]))
    if record["weights_sha256"] != weights_sha256:
        raise ModelError(f"{path}: the adapter of other weights ({record['weights_sha256']}, not {weights_sha256})")
    return record


def _check_change(name: str, up: Halves, down: Halves) -> None:
    if up.dtype != np.float16 or down.dtype != np.float16 or up.ndim != 2 or down.ndim != 2:
        raise ValueError(f"{name} has no two matrices of float16")
    if up.shape[1] != down.shape[0]:
        raise ValueError(f"the matrices of {name} have ranks {up.shape[1]} and {down.shape[0]}")
    largest = float((np.abs(up.astype(np.float64)) @ np.abs(down.astype(np.float64))).max(initial=0))
    if not largest < _EXACT_BELOW:  # also for what is no number
        raise ValueError(f"{name} is changed by {largest}, too much to be the same on each machine")


def shipped_adapter(weights_sha256: str) -> Adapter | None:
    """The adapter that ships for these weights, None where there is none. Raises ModelError when damaged."""
    path = adapter_file(weights_sha256)
    return Adapter.load(path, weights_sha256) if path.is_file() else None


def shipped_adapter_record(weights_sha256: str) -> Mapping[str, Any] | None:
    """How it came about, without it. Raises ModelError."""
    path = adapter_file(weights_sha256)
    if not path.is_file():
        return None
    with open_archive(path, _WHAT) as arrays:
        return _read_record(arrays, path, weights_sha256)


def adapter_file(weights_sha256: str) -> Path:
    """Where the adapter of these weights ships, if there is one."""
    return SHIPPED / f"{weights_sha256[:16]}.npz"

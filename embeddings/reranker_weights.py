"""What ships of a reranker: its layers in 8 bits, trained by `python -m eval.train_reranker`, and their adapter.

The adapter is what `python -m eval.distill_reranker` taught them later. Needs no runtime.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.adapter import Adapter, adapter_file, shipped_adapter, shipped_adapter_record
from embeddings.archive import open_archive
from embeddings.durable import file_sha256
from embeddings.errors import ModelError
from embeddings.spec import ModelSpec

SHIPPED = Path(__file__).parent / "rerankers"
MAX_TOKENS = 224
"""Of a question and a passage together."""
_SCALE = ".scale"
_RECORD = "record"
_WHAT = "weights of a reranker"


def shipped_hashes(weights: Path) -> Iterator[str]:
    """The sha256 of the weights' file, and of that of their adapter if one ships."""
    sha256 = file_sha256(weights)
    yield sha256
    adapter = adapter_file(sha256)
    if adapter.is_file():
        yield file_sha256(adapter)


def shipped_weights_file(spec: ModelSpec) -> Path | None:
    """The reranker made from the encoder with these very weights, None where none was."""
    path = SHIPPED / f"{spec.weights_sha256[:16]}.npz"
    return path if path.is_file() else None


@dataclass(frozen=True)
class RerankerWeights:
    """The trained layers by the name of their tensor, and how they came about."""

    record: Mapping[str, Any]
    tensors: Mapping[str, NDArray[np.float32]]

    @property
    def layers(self) -> int:
        return int(self.record["layers"])

    def save(self, path: Path) -> None:
        """Matrices in 8 bits, a scale a row; the rest in 16."""
        arrays: dict[str, NDArray[Any]] = {_RECORD: np.array(json.dumps(dict(self.record)))}
        for name, tensor in self.tensors.items():
            if tensor.ndim == 2:
                scale = np.maximum(np.abs(tensor).max(axis=1, keepdims=True), 1e-8) / 127
                arrays[name] = np.round(tensor / scale).astype(np.int8)
                arrays[name + _SCALE] = scale.astype(np.float32)
            else:
                arrays[name] = tensor.astype(np.float16)
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load_record(cls, path: Path, adapted: bool = True) -> Mapping[str, Any]:
        """How the weights came about, without them; of the adapter what it says otherwise. Raises ModelError."""
        with open_archive(path, _WHAT) as arrays:
            record = _read_record(arrays)
        adapter = shipped_adapter_record(file_sha256(path)) if adapted else None
        return record if adapter is None else _adapted_record(record, adapter)

    @classmethod
    def load(cls, path: Path, adapted: bool = True) -> "RerankerWeights":
        """With the adapter that ships for them, if there is one. Raises ModelError for a file that is no such thing."""
        base = cls._load(path)
        adapter = shipped_adapter(file_sha256(path)) if adapted else None
        return base if adapter is None else base._changed(adapter)

    def _changed(self, adapter: Adapter) -> "RerankerWeights":
        """Raises ModelError when the adapter does not fit."""
        if unknown := sorted(adapter.changes.keys() - self.tensors.keys()):
            raise ModelError(
                f"the adapter {adapter.name} changes {unknown[0]}, which is not there; install the project again"
            )
        tensors = {name: adapter.apply(name, 0, tensor) for name, tensor in self.tensors.items()}
        return RerankerWeights(_adapted_record(self.record, adapter.record), tensors)

    @classmethod
    def _load(cls, path: Path) -> "RerankerWeights":
        with open_archive(path, _WHAT) as arrays:
            record = _read_record(arrays)
            names = [name for name in arrays.files if name != _RECORD and not name.endswith(_SCALE)]
            tensors = {
                name: arrays[name].astype(np.float32) * (arrays[name + _SCALE] if arrays[name].ndim == 2 else 1)
                for name in names
            }
            return cls(record, tensors)


def _read_record(arrays: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises ValueError or KeyError."""
    record: Mapping[str, Any] = json.loads(str(arrays[_RECORD]))
    _check_record(record)
    return record


def _adapted_record(record: Mapping[str, Any], adapter: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises ModelError when the adapter is not one of a reranker."""
    adapted = {**record, **adapter}
    try:
        _check_record(adapted)
    except (ValueError, TypeError) as error:
        raise ModelError(f"the adapter {adapter['name']}: {error}; install the project again") from error
    return adapted


def _check_record(record: Mapping[str, Any]) -> None:
    if not isinstance(record["name"], str) or int(record["layers"]) < 1 or not float(record["first_stage_weight"]) > 0:
        raise ValueError("its record makes no sense")

"""The reranker that ships with the project: a cross-encoder on the first layers of the bundled encoder.

Trained by `python -m eval.train_reranker`. It shares the encoder's token embeddings in memory, so that what ships is
the layers alone, in 8 bits.
"""

import json
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embeddings.errors import ModelError
from embeddings.reading_model import ReadingModel, passage_tokens
from embeddings.reranker import Reading
from embeddings.sentence_transformer import SentenceTransformerEncoder

SHIPPED = Path(__file__).parent / "rerankers"
MAX_TOKENS = 224
_BATCH = 16
_SCALE = ".scale"
_RECORD = "record"


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
    def load(cls, path: Path) -> "RerankerWeights":
        """Raises ModelError for a file that is no such thing."""
        try:
            if not is_zipfile(path):
                raise ValueError("no such archive")
            with np.load(path, allow_pickle=False) as arrays:
                record = json.loads(str(arrays[_RECORD]))
                names = [name for name in arrays.files if name != _RECORD and not name.endswith(_SCALE)]
                tensors = {
                    name: arrays[name].astype(np.float32) * (arrays[name + _SCALE] if arrays[name].ndim == 2 else 1)
                    for name in names
                }
            _check_record(record)
            return cls(record, tensors)
        except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as error:
            raise ModelError(f"{path}: no weights of a reranker ({error}); install the project again") from error


def _check_record(record: Mapping[str, Any]) -> None:
    """Raises ValueError or KeyError."""
    if not isinstance(record["name"], str) or int(record["layers"]) < 1 or not float(record["first_stage_weight"]) > 0:
        raise ValueError("its record makes no sense")


def shipped_reranker(encoder: SentenceTransformerEncoder) -> "BundledReranker | None":
    """The reranker made from this encoder, or None where none was. Raises ModelError when its file is damaged."""
    path = SHIPPED / f"{encoder.spec.weights_sha256[:16]}.npz"
    return BundledReranker(encoder, RerankerWeights.load(path)) if path.is_file() else None


class BundledReranker:
    """Runs in bfloat16 where the processor multiplies it natively, else in float32."""

    def __init__(self, encoder: SentenceTransformerEncoder, weights: RerankerWeights) -> None:
        self._lock = threading.Lock()
        self._record = weights.record
        self._encoder = encoder
        self._device = encoder.transformer.device
        on_processor = self._device.type == "cpu"
        self._model = _build(encoder.transformer, weights, _fast_dtype() if on_processor else torch.float32)

    @property
    def name(self) -> str:
        return str(self._record["name"])

    @property
    def first_stage_weight(self) -> float:
        return float(self._record["first_stage_weight"])

    def read(self, query: str, passages: Sequence[str]) -> Sequence[Reading]:
        order = sorted(range(len(passages)), key=lambda i: len(passages[i]))
        found: dict[int, Reading] = {}
        for start in range(0, len(passages), _BATCH):
            rows = order[start : start + _BATCH]
            found.update(zip(rows, self._read(query, [passages[i] for i in rows]), strict=True))
        return [found[i] for i in range(len(passages))]

    def _read(self, query: str, passages: Sequence[str]) -> Iterator[Reading]:
        tokens = self._encoder.pair_tokens(query, passages, MAX_TOKENS)
        with self._lock, torch.inference_mode():
            answers, pointers = (numbers.cpu().numpy() for numbers in self._model(tokens.to(self._device)))
        for pair in range(len(passages)):
            inside = passage_tokens(tokens, pair)
            yield Reading(
                score=float(answers[pair]),
                places=[place for _, place in inside],
                pointers=pointers[pair, [position for position, _ in inside]],
            )


class _Narrow(nn.Module):
    """The encoder's own embeddings, their result in the type of the layers above."""

    def __init__(self, embeddings: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self._embeddings, self._dtype = embeddings, dtype

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        embedded: Tensor = self._embeddings(*args, **kwargs)
        return embedded.to(self._dtype)


def _build(transformer: Any, weights: RerankerWeights, dtype: torch.dtype) -> ReadingModel:
    with torch.device("meta"):
        model = ReadingModel(transformer.config, weights.layers)
    model.bert.embeddings = _Narrow(transformer.embeddings, dtype)  # type: ignore[assignment]
    tensors = {name: torch.from_numpy(tensor).to(transformer.device, dtype) for name, tensor in weights.tensors.items()}
    try:
        left = model.load_state_dict(tensors, strict=False, assign=True)
    except RuntimeError as error:
        wrong = str(error).splitlines()[-1].strip()
        raise ModelError(f"the reranker does not fit the encoder ({wrong}); set QA_RERANK=off") from error
    missing = [name for name in left.missing_keys if not name.startswith("bert.embeddings.")]
    if missing or left.unexpected_keys:
        raise ModelError(
            f"the reranker does not fit the encoder (missing {missing[:3]}, unexpected {left.unexpected_keys[:3]});"
            " set QA_RERANK=off"
        )
    model.train(False)
    return model


def _fast_dtype() -> torch.dtype:
    native = torch.cpu.get_capabilities().get("avx512_bf16") or torch.cpu.get_capabilities().get("amx_bf16")
    return torch.bfloat16 if native else torch.float32

"""The reranker that ships with the project: a cross-encoder on the first layers of the bundled encoder.

Here on torch; openvino_reranker.py runs the same. It shares the encoder's token embeddings in memory, so that what
ships is the layers alone.
"""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from embeddings.errors import ModelError
from embeddings.reading_model import ReadingModel, passage_tokens
from embeddings.reranker import Reading
from embeddings.reranker_weights import MAX_TOKENS, RerankerWeights, shipped_weights_file
from embeddings.sentence_transformer import SentenceTransformerEncoder

_BATCH = 16


def shipped_reranker(encoder: SentenceTransformerEncoder) -> "BundledReranker | None":
    """The reranker made from this encoder, or None where none was. Raises ModelError when its file is damaged."""
    path = shipped_weights_file(encoder.spec)
    return BundledReranker(encoder, RerankerWeights.load(path)) if path is not None else None


class BundledReranker:
    """Runs in bfloat16 where the processor multiplies it natively, else in float32."""

    def __init__(
        self, encoder: SentenceTransformerEncoder, weights: RerankerWeights, dtype: torch.dtype | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._record = weights.record
        self._encoder = encoder
        self._device = encoder.transformer.device
        fast = _fast_dtype() if self._device.type == "cpu" else torch.float32
        self._model = build_reading_model(encoder.transformer, weights, dtype or fast)

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


def build_reading_model(transformer: Any, weights: RerankerWeights, dtype: torch.dtype) -> ReadingModel:
    """The reranker's layers over the encoder's own embeddings. Raises ModelError when they do not fit."""
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

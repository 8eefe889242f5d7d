"""A cross-encoder of one language that others trained, as an ONNX file: the teacher of the second stage."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray
from transformers import AutoTokenizer

_MAX_TOKENS = 384
_BATCH = 16


class Teacher:
    def __init__(self, folder: Path) -> None:
        """`folder` holds model.onnx and its tokenizer."""
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = openvino.Core().compile_model(folder / "model.onnx", "CPU")

    def score(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """Log-odds that each passage answers, shape [passages]."""
        scores = np.empty(len(passages), dtype=np.float32)
        order = sorted(range(len(passages)), key=lambda i: len(passages[i]))
        for first in range(0, len(order), _BATCH):
            rows = order[first : first + _BATCH]
            given = self._tokenizer(
                [question] * len(rows),
                [passages[i] for i in rows],
                truncation="longest_first",
                max_length=_MAX_TOKENS,
                padding=True,
                return_tensors="np",
            )
            scores[rows] = self._model(dict(given))[0].reshape(-1)
        return scores

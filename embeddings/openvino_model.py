"""Runs an exported network on the processor. The only home of openvino."""

import logging
import os
import platform
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import ModelError
from embeddings.token_ids import Ids

# Importing openvino reports itself over the network, and so does a conversion; without this package it does neither.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
import openvino  # noqa: E402

logger = logging.getLogger(__name__)

Precision = Literal["f32", "bf16"]
INPUTS = ("input_ids", "attention_mask")
_KERNELS = 1_000
"""A kernel is kept for each shape of a batch; the oldest go, so that memory stays bounded."""


class OpenVinoModel:
    """A network of token ids and attention mask. One call at a time."""

    def __init__(self, path: Path, precision: Precision) -> None:
        """Raises ModelError when the file doesn't load."""
        settings = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": processors(),
            "PERFORMANCE_HINT": "LATENCY",
            "CPU_RUNTIME_CACHE_CAPACITY": _KERNELS,
        }
        try:
            self._request: Any = openvino.Core().compile_model(str(path), "CPU", settings).create_infer_request()
        except RuntimeError as error:
            raise ModelError(f"{path} doesn't load in OpenVINO ({str(error).splitlines()[-1].strip()})") from error

    def run(self, ids: Ids, mask: Ids) -> list[NDArray[np.float32]]:
        """The outputs for ids and mask of shape [rows, tokens]."""
        found = self._request.infer(dict(zip(INPUTS, (ids, mask), strict=True)))
        return [np.asarray(found[i], dtype=np.float32) for i in range(len(found))]


def save_network(network: Any, example: Any, path: Path) -> None:
    """Writes a torch module, traced with the tensors of `example`, with weights of 16 bits: half the memory."""
    model = openvino.convert_model(network, example_input=example)
    for given, name in zip(model.inputs, INPUTS, strict=True):
        given.get_tensor().set_names({name})
    openvino.save_model(model, str(path), compress_to_fp16=True)


def processors() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fast_precision() -> Precision:
    """bfloat16 where the processor multiplies it natively."""
    return "bf16" if "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


def warn_of_slow_processor(cpu_flags: str | None = None) -> None:
    """Says so where the processor lacks what the speed rests on; `cpu_flags` as in /proc/cpuinfo."""
    if cpu_flags is None:
        cpu_flags = _cpu_flags()
    if cpu_flags and "avx2" not in cpu_flags.split():
        logger.warning("this processor has no AVX2: encoding works, and takes several times as long")


def _cpu_flags() -> str:
    """Empty where they are not known or none of an x86 processor."""
    if platform.machine() not in {"x86_64", "AMD64"}:
        return ""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2] for line in lines if line.startswith("flags")), "")

"""Runs an exported network on the processor. The only home of openvino."""

import logging
import os
import platform
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import ModelError
from embeddings.mapped_file import release
from embeddings.token_ids import Ids
from embeddings.word_table import WordTable

# Importing openvino reports itself over the network, and so does a conversion; without this package it does neither.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
import openvino  # noqa: E402

# Two threads that are the first to look into a tensor may wait for each other for good: one for the interpreter's lock,
# which the other holds while it waits for a table that the first one is making. An import has one thread.
openvino.Tensor(np.zeros(1, dtype=np.float32)).data  # noqa: B018

logger = logging.getLogger(__name__)

Precision = Literal["f32", "bf16"]
INPUTS = ("input_ids", "attention_mask")
WORDS = "words"
WORD_TABLE = "words.bin"
_KERNELS = 500
"""A kernel is kept for each shape of a batch; the oldest go, so that memory stays bounded."""


class OpenVinoModel:
    """A network of token ids and attention mask, the vectors of its words in a file beside it.

    Safe to call from several threads.
    """

    def __init__(self, path: Path, precision: Precision, at_once: int = 1) -> None:
        """`at_once` batches are read side by side, each on its share of the processors: for several that takes less
        time in all, a lone one waits longer (eval/LOG.md). Raises ModelError when the files don't load.
        """
        self.at_once = min(at_once, processors())
        settings = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": processors(),
            "NUM_STREAMS": self.at_once,
            "CPU_RUNTIME_CACHE_CAPACITY": _KERNELS,
        }
        try:
            compiled = openvino.Core().compile_model(str(path), "CPU", settings)
            self._words = WordTable(path.with_name(WORD_TABLE), compiled.input(WORDS).partial_shape[2].get_length())
            self._free: SimpleQueue[Any] = SimpleQueue()
            for _ in range(self.at_once):
                self._free.put(compiled.create_infer_request())
        except (RuntimeError, OSError) as error:
            raise ModelError(f"{path} doesn't load in OpenVINO ({str(error).splitlines()[-1].strip()})") from error
        self._weights = path.with_suffix(".bin")
        self._has_read = False
        self._workers = ThreadPoolExecutor(self.at_once, thread_name_prefix="openvino")

    def run(self, batches: Sequence[tuple[Ids, Ids]]) -> list[list[NDArray[np.float32]]]:
        """The outputs for each pair of ids and mask, both of shape [rows, tokens]."""
        one_by_one = self.at_once == 1 or len(batches) == 1
        found = list((map if one_by_one else self._workers.map)(self._run, batches))
        if not self._has_read:
            self._has_read = True
            release(self._weights)  # the kernels have them in an order of their own now
        return found

    def _run(self, batch: tuple[Ids, Ids]) -> list[NDArray[np.float32]]:
        words = self._words.rows(batch[0])
        request = self._free.get()
        try:
            found = request.infer({**dict(zip(INPUTS, batch, strict=True)), WORDS: words})
            return [np.array(found[i], dtype=np.float32) for i in range(len(found))]  # the next call writes over it
        finally:
            self._free.put(request)


def save_network(network: Any, example: Any, path: Path) -> None:
    """Writes a torch module, traced with the tensors of `example`, with weights of 16 bits: half the memory.

    The vectors of its words go into a file beside it. Raises ModelError when it has none.
    """
    model = openvino.convert_model(network, example_input=example)
    for given, name in zip(model.inputs, INPUTS, strict=True):
        given.get_tensor().set_names({name})
    _take_out_words(model, path.with_name(WORD_TABLE))
    openvino.save_model(model, str(path), compress_to_fp16=True)


def _take_out_words(model: Any, path: Path) -> None:
    """Makes the vectors of the words, the largest table that the network looks up, an input of it and a file."""
    tables = [(node.input_value(0).get_node(), node) for node in model.get_ops() if node.get_type_name() == "Gather"]
    tables = [(table, node) for table, node in tables if table.get_type_name() == "Constant" and len(table.shape) == 2]
    if not tables:
        raise ModelError("the network looks up no vectors of words")
    table, lookup = max(tables, key=lambda each: each[0].shape[0])
    if not path.exists():
        WordTable.write(path, table.data)
    words = openvino.opset8.parameter([-1, -1, int(table.shape[1])], np.float32, WORDS)
    words.output(0).get_tensor().set_names({WORDS})
    lookup.output(0).replace(words.output(0))
    model.add_parameters([words])
    model.validate_nodes_and_infer_types()


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

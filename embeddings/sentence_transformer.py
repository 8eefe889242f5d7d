"""The sentence-transformers encoder."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from torch import nn
from transformers import BatchEncoding, PreTrainedModel
from transformers.utils import logging as transformers_logging

from embeddings.encoder import Vectors
from embeddings.errors import ModelError
from embeddings.folder_spec import read_spec
from embeddings.spec import ModelSpec

BATCH_SIZE = 32


class SentenceTransformerEncoder:
    """A model folder as Encoder. One call at a time: torch uses all cores for one batch already."""

    def __init__(
        self, folder: Path, dimension: int | None = None, spec: ModelSpec | None = None, device: str | None = None
    ) -> None:
        """Loads the folder, without the network; `dimension` is what the caller's index needs, if it knows.

        `spec` is what read_spec gave for this folder, where the caller has read (and so checked) it already.
        Raises ModelError when the folder may not be loaded, doesn't load, or gives other vectors than it says.
        """
        self._lock = threading.Lock()
        self._spec = spec or read_spec(folder)
        if dimension is not None and dimension != self._spec.dimension:
            raise ModelError(
                f"the model {self._spec.name} gives vectors of dimension {self._spec.dimension}, not {dimension}; "
                "set QA_MODEL to the model that the index was made with, or run: python -m qa_service reindex"
            )
        self._model = _load(folder, device)
        self._check_vectors()

    @property
    def spec(self) -> ModelSpec:
        return self._spec

    def encode_queries(self, queries: Sequence[str]) -> Vectors:
        return self._encode(queries, self._spec.query_prefix)

    def encode_passages(self, passages: Sequence[str]) -> Vectors:
        return self._encode(passages, self._spec.passage_prefix)

    @property
    def transformer(self) -> PreTrainedModel:
        """The model without pooling: what a reranker can be built on."""
        return cast(PreTrainedModel, self._model[0].model)

    @property
    def modules(self) -> Sequence[nn.Module]:
        """The steps from token ids to a vector."""
        return list(self._model.children())

    def pair_tokens(self, query: str, passages: Sequence[str], max_tokens: int) -> BatchEncoding:
        """The query beside each passage as token ids, padded to one length."""
        with self._lock:  # the tokenizer keeps its truncation as state
            tokens: BatchEncoding = self._model.tokenizer(
                [query] * len(passages),
                list(passages),
                truncation="longest_first",
                max_length=max_tokens,
                padding=True,
                return_tensors="pt",
            )
        return tokens

    def _encode(self, texts: Sequence[str], prefix: str) -> Vectors:
        if not texts:
            return np.empty((0, self._spec.dimension), dtype=np.float32)
        vectors = np.empty((len(texts), self._spec.dimension), dtype=np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")  # texts of a length need little padding
        for start in range(0, len(texts), BATCH_SIZE):
            batch = order[start : start + BATCH_SIZE]
            with self._lock:
                vectors[batch] = self._model.encode(
                    [texts[i] for i in batch],
                    prompt=prefix,  # explicit, so that no default of the folder comes in
                    batch_size=BATCH_SIZE,
                    show_progress_bar=False,
                    normalize_embeddings=True,
                )
        return vectors

    def _check_vectors(self) -> None:
        vectors = self.encode_passages(["a"])
        if vectors.shape != (1, self._spec.dimension) or not np.isclose(np.linalg.norm(vectors), 1, atol=1e-3):
            raise ModelError(
                f"the model {self._spec.name} gives vectors of shape {vectors.shape} and length "
                f"{np.linalg.norm(vectors):.3f}, not (1, {self._spec.dimension}) and 1; get the model again"
            )


def _load(folder: Path, device: str | None) -> SentenceTransformer:
    try:
        with _without_progress_bar():
            return SentenceTransformer(
                str(folder),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError, SafetensorError) as error:
        # What a wrong file raises depends on the library that reads it.
        raise ModelError(
            f"the model in {folder} doesn't load ({type(error).__name__}: {error}); get it again"
        ) from error


@contextmanager
def _without_progress_bar() -> Iterator[None]:
    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]

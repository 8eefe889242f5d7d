"""The encoder on OpenVINO: an exported network beside the model folder's tokenizer, without torch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embeddings.batches import batches
from embeddings.encoder import Vectors
from embeddings.model_folder import load_object
from embeddings.openvino_files import Networks
from embeddings.openvino_model import OpenVinoModel, Precision
from embeddings.pieces import open_splitter
from embeddings.spec import ModelSpec
from embeddings.token_ids import TokenIds, padded

BATCH_TOKENS = 512
"""Of one batch, padding included: more is no faster, and a question may have to wait for a document's batch."""

_MULTIPLE = 8
"""Of tokens in a batch: each shape is compiled for once and kept, at some milliseconds and megabytes."""


class OpenVinoEncoder:
    """Same vectors as the model folder's in torch: cosine >= 0.9999 in float32 and in bfloat16 (eval/LOG.md)."""

    def __init__(self, networks: Networks, folder: Path, spec: ModelSpec, precision: Precision) -> None:
        """`networks` were exported from the model in `folder`, which has this spec. Raises ModelError."""
        padding = int(load_object(folder / "config.json").get("pad_token_id") or 0)
        self.tokens = TokenIds(open_splitter(folder, networks.encoder.parent), padding)
        self.networks = networks
        self._spec = spec
        self._model = OpenVinoModel(networks.encoder, precision)

    @property
    def spec(self) -> ModelSpec:
        return self._spec

    def encode_queries(self, queries: Sequence[str]) -> Vectors:
        return self._encode(queries, self._spec.query_prefix)

    def encode_passages(self, passages: Sequence[str]) -> Vectors:
        return self._encode(passages, self._spec.passage_prefix)

    def _encode(self, texts: Sequence[str], prefix: str) -> Vectors:
        vectors = np.empty((len(texts), self._spec.dimension), dtype=np.float32)
        rows = self.tokens.of([prefix + text for text in texts], self._spec.max_tokens)
        together = batches([len(row) for row in rows], BATCH_TOKENS)
        given = [
            padded([rows[i] for i in batch], self.tokens.padding, _MULTIPLE if len(batch) > 1 else 1)
            for batch in together
        ]
        for batch, (found,) in zip(together, self._model.run(given), strict=True):
            vectors[batch] = found
        return vectors

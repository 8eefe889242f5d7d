"""Encoding that ends when the service does: a large document takes minutes."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from embeddings.encoder import Encoder, Vectors
from embeddings.spec import ModelSpec
from qa_service.errors import Stopping

_SLICE = 64  # texts, below a second's work; a multiple of the encoders' batches, so that the vectors are the same


@dataclass(frozen=True, slots=True)
class InterruptibleEncoder:
    """An encoder whose passages raise Stopping once it was interrupted."""

    encoder: Encoder
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def spec(self) -> ModelSpec:
        return self.encoder.spec

    def encode_queries(self, queries: Sequence[str]) -> Vectors:
        return self.encoder.encode_queries(queries)

    def encode_passages(self, passages: Sequence[str]) -> Vectors:
        vectors = np.empty((len(passages), self.spec.dimension), dtype=np.float32)
        order = np.argsort([len(passage) for passage in passages], kind="stable")  # as the encoder forms its batches
        for start in range(0, len(passages), _SLICE):
            if self.stopping.is_set():
                raise Stopping("the service is stopping; send the file again when it runs")
            part = order[start : start + _SLICE]
            vectors[part] = self.encoder.encode_passages([passages[i] for i in part])
        return vectors

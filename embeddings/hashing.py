"""A tiny, deterministic, offline encoder and reranker for tests: trigrams hashed into a few dimensions."""

import zlib
from collections.abc import Sequence

import numpy as np

from embeddings.encoder import Vectors
from embeddings.reranker import NO_POINTERS, Reading
from embeddings.spec import ModelSpec


class HashingEncoder:
    """Texts that share trigrams get similar vectors; a text without any gets the first axis."""

    def __init__(self, dimension: int = 64) -> None:
        self._spec = ModelSpec(
            name="hashing",
            weights_sha256="",
            precision="float32",
            dimension=dimension,
            max_tokens=1_000_000,
            query_prefix="",
            passage_prefix="",
        )

    @property
    def spec(self) -> ModelSpec:
        return self._spec

    def encode_queries(self, queries: Sequence[str]) -> Vectors:
        return self._encode(queries)

    def encode_passages(self, passages: Sequence[str]) -> Vectors:
        return self._encode(passages)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.spec.dimension), dtype=np.float32)
        for i, text in enumerate(texts):
            row = vectors[i]
            padded = f" {text.casefold()} "
            for start in range(len(padded) - 2):
                row[zlib.crc32(padded[start : start + 3].encode()) % self.spec.dimension] += 1
            if not row.any():
                row[0] = 1
            row /= np.linalg.norm(row)
        return vectors


class HashingReranker:
    """The share of trigrams, as log-odds of a sort: passages that share more score higher."""

    name = "hashing"
    first_stage_weight = 20.0

    def __init__(self) -> None:
        self._encoder = HashingEncoder(1024)

    def read(self, query: str, passages: Sequence[str]) -> Sequence[Reading]:
        shares = self._encoder.encode_passages(passages) @ self._encoder.encode_queries([query])[0]
        return [Reading(10 * float(share) - 5, (), NO_POINTERS) for share in shares]

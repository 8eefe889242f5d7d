"""Text to vectors."""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.spec import ModelSpec

Vectors = NDArray[np.float32]
Runtime = Literal["openvino", "openvino-f32", "torch"]
"""What multiplies the matrices; the vectors are the same to a cosine of 0.9999."""


class Encoder(Protocol):
    """Question and passage are different inputs: most retrieval models prefix them differently.

    Both methods return float32 of shape [len(texts), spec.dimension] with rows of length 1, and may be called
    from several threads.
    """

    @property
    def spec(self) -> ModelSpec: ...

    def encode_queries(self, queries: Sequence[str]) -> Vectors: ...

    def encode_passages(self, passages: Sequence[str]) -> Vectors: ...

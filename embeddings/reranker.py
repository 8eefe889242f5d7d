"""A question and passages to scores: the second stage, which reads both together."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

RerankScores = NDArray[np.float32]


class Reranker(Protocol):
    """Slower and better than vectors: it sees the question beside the passage, so it is asked about few of them."""

    @property
    def name(self) -> str: ...

    @property
    def first_stage_weight(self) -> float:
        """What one unit of the first stage's score counts beside one unit of this score."""
        ...

    def score(self, query: str, passages: Sequence[str]) -> RerankScores:
        """The log-odds that each passage answers, shape [len(passages)]; may be called from several threads."""
        ...

"""A question and passages to what is read in them: the second stage, which reads both together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one passage.

    `score` is the log-odds that it answers. `places` are stretches of its characters, [start, end) in order, and
    `pointers` say how much each of them looks like the answer, shape [places]; both are empty where a reranker does not
    point. Pointers of different passages can be compared.
    """

    score: float
    places: Sequence[tuple[int, int]]
    pointers: NDArray[np.float32]


NO_POINTERS = np.empty(0, dtype=np.float32)


class Reranker(Protocol):
    """Slower and better than vectors: it sees the question beside the passage, so it is asked about few of them."""

    @property
    def name(self) -> str: ...

    @property
    def first_stage_weight(self) -> float:
        """What one unit of the first stage's score counts beside one unit of this score."""
        ...

    def read(self, query: str, passages: Sequence[str]) -> Sequence[Reading]:
        """One for each passage, in their order; may be called from several threads."""
        ...

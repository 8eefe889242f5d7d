"""How probable it is that the documents hold the answer: a first estimate from the best scores.

e5's cosines lie between 0.7 and 1.0 whatever the question, so that they say nothing by themselves. The coefficients
were fitted by `python -m eval.fit_confidence` (eval/LOG.md); the estimate is not calibrated for other models.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qa_service.records import Hit

DEPTH = 5
"""How many of the best hits the confidence is read off: as many as it was fitted on."""

_WITH_RERANKER = 5
"""So many features both stages give."""


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """A logistic regression over `features`, of the first stage alone or of both."""

    intercept: float
    weights: tuple[float, ...]

    @property
    def with_reranker(self) -> bool:
        return len(self.weights) == _WITH_RERANKER

    def confidence(self, hits: Sequence[Hit]) -> float:
        """A probability; 0.0 without any passage."""
        if not hits:
            return 0.0
        if self.with_reranker and not any("rerank" in hit.scores for hit in hits[:DEPTH]):
            return FIRST_STAGE.confidence(hits)  # all that it read were deleted a moment ago
        values = features(hits, self.with_reranker)
        logit = self.intercept + sum(weight * value for weight, value in zip(self.weights, values, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def features(hits: Sequence[Hit], with_reranker: bool) -> tuple[float, ...]:
    """Best passage, its lead over the mean of the next ones, best sentence, among the first `DEPTH` hits.

    With a reranker, its best score and the lead of that one too.
    """
    first = hits[:DEPTH]
    dense, lead = _best_and_lead([hit.scores["dense"] for hit in first])
    values = (dense, lead, max(hit.scores["sentence"] for hit in first))
    if not with_reranker:
        return values
    return (*values, *_best_and_lead([hit.scores["rerank"] for hit in first if "rerank" in hit.scores]))


def _best_and_lead(scores: Sequence[float]) -> tuple[float, float]:
    best, *others = sorted(scores, reverse=True)
    return best, best - sum(others) / len(others) if others else 0.0


FIRST_STAGE = ConfidenceModel(intercept=-8.38, weights=(13.62, 3.29, 12.49))
"""Also for a reranker that this was not fitted with."""
BOTH_STAGES = ConfidenceModel(intercept=-7.41, weights=(11.31, 5.51, 11.83, 0.60, -0.30))
"""With the bundled reranker."""

"""Percentile bootstrap by question: a question in all its languages and rotations is drawn as one cluster.

A mean over drawn clusters is (weights @ sums) / (weights @ counts), so a resample is one row of a matrix product.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.measures import AUROC, Floats, auroc
from eval.outcomes import Outcome

RESAMPLES = 1_000
SEED = 20_250_101
_PERCENTILES = (2.5, 97.5)
_ROWS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """First minus second, on the same drawn questions."""

    value: float
    interval: Interval


def means(outcomes: Sequence[Outcome], names: Sequence[str]) -> dict[str, float]:
    """The mean of each measure over the questions it applies to, NaN where it applies to none; and AUROC."""
    _, columns = np.unique([outcome.question_id for outcome in outcomes], return_inverse=True)
    ones = np.ones((1, columns.max() + 1 if len(columns) else 0))
    return {name: float(values[0]) for name, values in _statistics(outcomes, names, ones).items()}


def intervals(outcomes: Sequence[Outcome], names: Sequence[str], resamples: int = RESAMPLES) -> dict[str, Interval]:
    """95 % intervals of the measures."""
    drawn = _statistics(outcomes, names, _weights(outcomes, resamples))
    return {name: _interval(values) for name, values in drawn.items()}


def differences(
    first: Sequence[Outcome], second: Sequence[Outcome], names: Sequence[str], resamples: int = RESAMPLES
) -> dict[str, Difference]:
    """Paired differences of the measures, two systems on the same questions."""
    if {outcome.question_id for outcome in first} != {outcome.question_id for outcome in second}:
        raise ValueError("a paired difference needs the same questions")
    points = [means(outcomes, names) for outcomes in (first, second)]
    weights = _weights(first, resamples)
    drawn = [_statistics(outcomes, names, weights) for outcomes in (first, second)]
    return {
        name: Difference(points[0][name] - points[1][name], _interval(drawn[0][name] - drawn[1][name]))
        for name in points[0]
    }


def _weights(outcomes: Sequence[Outcome], resamples: int) -> Floats:
    """How often each cluster is drawn, [resamples, clusters]. The seed is fixed, clusters are sorted by id."""
    clusters = len({outcome.question_id for outcome in outcomes})
    if not clusters:
        return np.zeros((resamples, 0))
    draws = np.random.default_rng(SEED).multinomial(clusters, np.full(clusters, 1 / clusters), size=resamples)
    return draws.astype(np.float64)


def _statistics(outcomes: Sequence[Outcome], names: Sequence[str], weights: Floats) -> Mapping[str, Floats]:
    """Each measure for each row of weights, [rows]."""
    _, cluster = np.unique([outcome.question_id for outcome in outcomes], return_inverse=True)
    statistics = {}
    for name in names:
        values = np.array([outcome.values.get(name, np.nan) for outcome in outcomes], dtype=np.float64)
        applies = ~np.isnan(values)
        sums = np.bincount(cluster[applies], weights=values[applies], minlength=weights.shape[1])
        counts = np.bincount(cluster[applies], minlength=weights.shape[1])
        with np.errstate(invalid="ignore"):
            statistics[name] = (weights @ sums) / (weights @ counts)
    statistics[AUROC] = _auroc(outcomes, cluster, weights)
    return statistics


def _auroc(outcomes: Sequence[Outcome], cluster: NDArray[np.intp], weights: Floats) -> Floats:
    asked = [outcome.confidence for outcome in outcomes if outcome.confidence is not None]
    if not asked or len(asked) < len(outcomes):
        return np.full(len(weights), np.nan)
    answerable = np.array([outcome.answerable for outcome in outcomes])
    confidence = np.array(asked, dtype=np.float64)
    parts = (weights[first : first + _ROWS_AT_ONCE] for first in range(0, len(weights), _ROWS_AT_ONCE))
    return np.concatenate([auroc(answerable, confidence, part[:, cluster]) for part in parts])


def _interval(values: Floats) -> Interval:
    known = values[~np.isnan(values)]
    if not len(known):
        return Interval(float("nan"), float("nan"))
    low, high = np.percentile(known, _PERCENTILES)
    return Interval(float(low), float(high))

"""A run as the JSON object of the design (section 7)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eval.bootstrap import Interval, differences, intervals, means
from eval.measures import ABSTENTION_NAMES, ANSWER_NAMES, AUROC, RETRIEVAL_NAMES
from eval.outcomes import Outcome, Run

MEAN_NAMES = (*RETRIEVAL_NAMES, *ANSWER_NAMES, *ABSTENTION_NAMES)
FLAT_NAMES = (*RETRIEVAL_NAMES, *ANSWER_NAMES, AUROC, *ABSTENTION_NAMES)
_DIGITS = 4

Figures = dict[str, Any]


def as_object(run: Run, manifest: Mapping[str, Any]) -> Figures:
    """`overall`, `by_pair`, `ci95`, `latency_ms`, `manifest`. A measure that applies to no question is null."""
    pairs = sorted({outcome.pair for outcome in run.outcomes})
    return {
        "overall": figures(run.outcomes),
        "by_pair": {pair: figures([o for o in run.outcomes if o.pair == pair]) for pair in pairs},
        "ci95": _nested({name: _bounds(interval) for name, interval in intervals(run.outcomes, MEAN_NAMES).items()}),
        "latency_ms": latency(run.latencies_ms),
        "manifest": dict(manifest),
    }


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """The measures of some outcomes, `n` first."""
    rounded = {name: _number(value) for name, value in means(outcomes, MEAN_NAMES).items()}
    return {"n": len(outcomes), **_nested(rounded)}


def latency(milliseconds: Sequence[float]) -> dict[str, float | None]:
    if not milliseconds:
        return {"p50": None, "p95": None, "p99": None}
    return {f"p{q}": round(float(np.percentile(milliseconds, q)), 2) for q in (50, 95, 99)}


def difference(first: Run, second: Run) -> Figures:
    """The paired difference of two systems on one set: each measure with its 95 % interval."""
    paired = differences(first.outcomes, second.outcomes, MEAN_NAMES)
    return {
        "set": first.question_set.name,
        "first": first.system,
        "second": second.system,
        "difference": _nested({name: _number(each.value) for name, each in paired.items()}),
        "ci95": _nested({name: _bounds(each.interval) for name, each in paired.items()}),
    }


def flat(nested: Mapping[str, Any]) -> dict[str, Any]:
    """The measures by name, those of abstention beside the others."""
    return {name: nested[name] if name in nested else nested["abstention"][name] for name in FLAT_NAMES}


def _nested(by_name: Mapping[str, Any]) -> Figures:
    """In the order of the design, with the measures of abstention in an object of their own."""
    outer = {name: by_name[name] for name in (*RETRIEVAL_NAMES, *ANSWER_NAMES)}
    return {**outer, "abstention": {name: by_name[name] for name in (AUROC, *ABSTENTION_NAMES)}}


def _bounds(interval: Interval) -> list[float] | None:
    if math.isnan(interval.low):
        return None
    return [round(interval.low, _DIGITS), round(interval.high, _DIGITS)]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, _DIGITS)

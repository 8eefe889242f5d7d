"""`python -m eval.fit_confidence`: fits and calibrates how sure an answer is, and writes the calibration.

A logistic regression on public sets that have unanswerable questions, or half of whose documents are left out; only
questions on documents that the second stage was not trained on. Its slope and shift (Platt scaling) are those that fit
each set when the regression is fitted on the others: a set of its own kind looks easier than a new one. NoMIRACL and
the project's own questions stay out. How good it is on a new set is told by giving each set what the others fit.

`QA_RERANK=off` fits the first stage alone; `--model`, `QA_RERANK` and `--out DATA_DIR/calibrations` another model.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from eval.catalog import Choice, open_public_set
from eval.models import open_encoder, open_reranker
from eval.pools import Pool
from eval.reliability import reliability
from eval.run import CACHE, DEFAULT_EVALSETS
from eval.service import ServiceSystem
from qa_service.answering.confidence import DEPTH, SHIPPED, Calibration, features

_FOUR = ("en", "zh", "ru", "tr")
FITTED_ON = {
    "kazqad-abstain": Choice(unseen=True),
    "xquad-abstain": Choice(pairs=tuple((a, b) for a in _FOUR for b in _FOUR), unseen=True),
    "mlqa-half": Choice(languages=("en", "zh", "ar", "es"), unseen=True),
    "drcd-half": Choice(unseen=True),
    "cmrc-half": Choice(unseen=True),
    "clapnq": Choice(unseen=True),
}
_PENALTY = 0.01
"""scikit-learn's C: of 1, 0.01, 0.001 and 0.0001 the best on sets left out (eval/LOG.md)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """Features by name, shape [questions, names]; whether each question is answerable; the set it is of."""

    names: tuple[str, ...]
    x: Floats
    y: NDArray[np.bool_]
    sets: NDArray[np.str_]

    def part(self, rows: NDArray[np.bool_]) -> "Table":
        return Table(self.names, self.x[rows], self.y[rows], self.sets[rows])


@dataclass(frozen=True, slots=True)
class Fitted:
    """The confidence is that of `slope` x the regression's log-odds + `shift`."""

    regression: Pipeline
    slope: float
    shift: float

    def confidence(self, x: Floats) -> Floats:
        found: Floats = expit(self.slope * self.regression.decision_function(x) + self.shift)
        return found


def rows(pool: Pool, system: ServiceSystem) -> Iterator[tuple[dict[str, float], bool]]:
    system.index(pool.documents)
    for question in pool.questions:
        ranking = system.service.search(question.text, DEPTH)
        if ranking.hits:
            yield features(ranking.hits, ranking.search_query, ranking.language), question.answerable


def table_of(found: Sequence[tuple[str, dict[str, float], bool]]) -> Table:
    names = tuple(found[0][1])
    return Table(
        names=names,
        x=np.array([[values[name] for name in names] for _, values, _ in found]),
        y=np.array([label for _, _, label in found]),
        sets=np.array([name for name, _, _ in found]),
    )


def _regression() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=_PENALTY, max_iter=10_000))


def _weights(table: Table) -> Floats:
    """Each set counts the same, and in it what has an answer and what has none: the prior is even odds."""
    kinds = list(zip(table.sets.tolist(), table.y.tolist(), strict=True))
    counts = Counter(kinds)
    return np.array([1 / counts[kind] for kind in kinds]) * len(kinds) / len(counts)


def fit(table: Table) -> Fitted:
    """The regression on all sets, and the slope and shift that fit its log-odds on a set left out."""
    weights = _weights(table)
    left_out = np.zeros(len(table.y))
    for inside in _by_set(table):
        left_out[inside] = _regressed(table.part(~inside)).decision_function(table.x[inside])
    platt = LogisticRegression(C=1e6).fit(left_out[:, np.newaxis], table.y, sample_weight=weights)
    return Fitted(_regressed(table), float(platt.coef_[0, 0]), float(platt.intercept_[0]))


def _regressed(table: Table) -> Pipeline:
    return _regression().fit(table.x, table.y, logisticregression__sample_weight=_weights(table))


def _by_set(table: Table) -> Iterator[NDArray[np.bool_]]:
    return (table.sets == name for name in np.unique(table.sets))


def fitted_on_others(table: Table) -> Floats:
    """The confidence of each question when regression, slope and shift are fitted on the other sets."""
    confidence = np.zeros(len(table.y))
    for inside in _by_set(table):
        confidence[inside] = fit(table.part(~inside)).confidence(table.x[inside])
    return confidence


def report(table: Table, console: Console) -> None:
    """How good the confidence is on each set, and on all, when it is fitted on the others."""
    confidence = fitted_on_others(table)
    for inside in [*_by_set(table), np.ones(len(table.y), dtype=np.bool_)]:
        own, sets = confidence[inside], set(table.sets[inside])
        auroc, error = roc_auc_score(table.y[inside], own), reliability(own, table.y[inside]).debiased
        name = sets.pop() if len(sets) == 1 else "all"
        console.print(f"{name}: {len(own):,} questions, AUROC {auroc:.3f}, debiased ECE {error:.3f}, fitted on others")


def calibration_of(fitted: Fitted, table: Table, encoder: str, reranker: str) -> Calibration:
    scaler, regression = fitted.regression[0], fitted.regression[1]
    weights = regression.coef_[0] / scaler.scale_
    return Calibration(
        encoder=encoder,
        reranker=reranker,
        weights={name: round(float(weight), 5) for name, weight in zip(table.names, weights, strict=True)},
        intercept=round(float(regression.intercept_[0] - weights @ scaler.mean_), 5),
        slope=round(fitted.slope, 5),
        shift=round(fitted.shift, 5),
        record={
            "sets": {str(each): int(np.sum(table.sets == each)) for each in np.unique(table.sets)},
            "date": time.strftime("%Y-%m-%d"),
        },
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.fit_confidence", description=__doc__)
    parser.add_argument("--model", default="", help="model folder or name [QA_MODEL]")
    parser.add_argument("--limit", type=int, help="at most so many distinct questions a set")
    parser.add_argument("--evalsets", type=Path, default=DEFAULT_EVALSETS, help="folder of the public sets")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder of the calibration (that of the project)")
    options = parser.parse_args()
    console = Console()
    found = []
    with (
        Progress(console=console, transient=True) as progress,
        closing(open_encoder(options.model, CACHE, progress)) as encoder,
    ):
        reranker = open_reranker(encoder)
        with closing(ServiceSystem(encoder, reranker)) as system:
            for name, choice in FITTED_ON.items():
                for pool in open_public_set(name, options.evalsets, choice, options.limit).pools:
                    found += [(name, values, label) for values, label in rows(pool, system)]
        table = table_of(found)
        second = reranker.name if reranker else "off"
        report(table, console)
        calibration = calibration_of(fit(table), table, encoder.spec.weights_sha256, second)
    path = options.out / f"{encoder.spec.weights_sha256[:16]}{'' if reranker else '-first-stage'}.json"
    calibration.save(path)
    console.print(f"written: {path}")


if __name__ == "__main__":
    main()

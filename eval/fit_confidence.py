"""`python -m eval.fit_confidence`: fits and calibrates how sure an answer is, and writes the calibration.

A logistic regression on public sets that have unanswerable questions, or half of whose documents are left out; only
questions on documents that the second stage was not trained on. Its slope and shift (Platt scaling) are those that fit
each set when the regression is fitted on the others: a set of its own kind looks easier than a new one. NoMIRACL and
the project's own questions stay out. How good it is on a new set is told by giving each set what the others fit.

Nearly all questions of these sets are about what stands in their documents. What it means that a number or a name of
the question is missing is fitted by itself, on their answerable questions beside the same with another one.

`QA_RERANK=off` fits the first stage alone; `--model`, `QA_RERANK` and `--out DATA_DIR/calibrations` another model.
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from scipy.optimize import minimize_scalar
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from eval.catalog import Choice, open_public_set
from eval.models import open_encoder, open_reranker
from eval.near_questions import with_other_name, with_other_number
from eval.pools import Pool
from eval.reliability import reliability
from eval.run import CACHE, DEFAULT_EVALSETS
from eval.service import ServiceSystem
from qa_service.answering.confidence import DEPTH, SHIPPED, Calibration, features
from qa_service.config import Settings
from qa_service.retrieval.names import name_spans

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

_THRESHOLD = Settings.model_fields["min_confidence"].default

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
    """The confidence is that of `slope` x (`intercept` + x @ `weights`) + `shift` as log-odds."""

    weights: Floats
    intercept: float
    slope: float
    shift: float

    def log_odds(self, x: Floats) -> Floats:
        found: Floats = self.slope * (self.intercept + x @ self.weights) + self.shift
        return found

    def confidence(self, x: Floats) -> Floats:
        found: Floats = expit(self.log_odds(x))
        return found


Row = tuple[dict[str, float], bool]
NearTables = Mapping[str, Table]
"""By the feature that shows it, questions beside the same with another number, another name."""


def rows(pool: Pool, system: ServiceSystem) -> Iterator[Row]:
    """What the questions look like to the confidence, and whether they are answerable. Indexes the pool."""
    system.index(pool.documents)
    for question in pool.questions:
        yield from _row(question.text, question.answerable, system)


def near_rows(pool: Pool, system: ServiceSystem) -> Iterator[tuple[str, Row]]:
    """The answerable questions that name a number or a name, and the same with another one, of a pool that is indexed;
    each with the feature that shows it."""
    names: dict[str, set[str]] = defaultdict(set)
    for each in pool.questions:
        names[each.language] |= {each.text[span.start : span.end] for span in name_spans(each.text, each.language)}
    for each in pool.questions:
        others = {
            "numbers": with_other_number(each.text, each.language),
            "names": with_other_name(each.text, each.language, sorted(names[each.language])),
        }
        for feature, other in others.items():
            if each.answerable and other is not None:
                yield from ((feature, row) for row in _row(each.text, True, system))
                yield from ((feature, row) for row in _row(other, False, system))


def _row(question: str, answerable: bool, system: ServiceSystem) -> Iterator[Row]:
    ranking = system.service.search(question, DEPTH)
    if ranking.hits:
        yield features(ranking.hits, ranking.search_query, ranking.language), answerable


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


def fit(table: Table, near: NearTables) -> Fitted:
    """The regression on all sets, the slope and shift that fit its log-odds on a set left out, and what it means that
    a number or a name is missing."""
    weights = _weights(table)
    left_out = np.zeros(len(table.y))
    for inside in _by_set(table):
        left_out[inside] = _regressed(table.part(~inside)).decision_function(table.x[inside])
    platt = LogisticRegression(C=1e6).fit(left_out[:, np.newaxis], table.y, sample_weight=weights)
    pipeline = _regressed(table)
    scaler, regression = pipeline[0], pipeline[1]
    own = regression.coef_[0] / scaler.scale_
    intercept = float(regression.intercept_[0] - own @ scaler.mean_)
    fitted = Fitted(own, intercept, float(platt.coef_[0, 0]), float(platt.intercept_[0]))
    for feature, of_feature in near.items():
        fitted = _with_missing(fitted, feature, of_feature)
    return fitted


def _with_missing(fitted: Fitted, feature: str, near: Table) -> Fitted:
    """With a greater weight of the feature, which changes nothing where all are found (its value is 1)."""
    column = np.array([name == feature for name in near.names])
    missing, before = 1 - near.x[:, column].sum(axis=1), fitted.log_odds(near.x)
    weights = _weights(near)

    def loss(weight: float) -> float:
        signed = np.where(near.y, 1, -1) * (before - weight * missing)
        return float(np.average(np.logaddexp(0, -signed), weights=weights))

    weight = float(minimize_scalar(loss, bounds=(0, 10), method="bounded").x) / fitted.slope
    return replace(fitted, weights=fitted.weights + weight * column, intercept=fitted.intercept - weight)


def _regressed(table: Table) -> Pipeline:
    return _regression().fit(table.x, table.y, logisticregression__sample_weight=_weights(table))


def _by_set(table: Table) -> Iterator[NDArray[np.bool_]]:
    return (table.sets == name for name in np.unique(table.sets))


def fitted_on_others(table: Table, near: NearTables) -> tuple[Floats, dict[str, Floats]]:
    """The confidence of each question of all tables when everything is fitted on the other sets."""
    confidence, of_near = np.zeros(len(table.y)), {feature: np.zeros(len(each.y)) for feature, each in near.items()}
    for name in np.unique(table.sets):
        inside = table.sets == name
        fitted = fit(table.part(~inside), {feature: each.part(each.sets != name) for feature, each in near.items()})
        confidence[inside] = fitted.confidence(table.x[inside])
        for feature, each in near.items():
            of_near[feature][each.sets == name] = fitted.confidence(each.x[each.sets == name])
    return confidence, of_near


def report(table: Table, near: NearTables, console: Console) -> None:
    """How good the confidence is on each set, and on all, when it is fitted on the others."""
    confidence, of_near = fitted_on_others(table, near)
    for inside in [*_by_set(table), np.ones(len(table.y), dtype=np.bool_)]:
        own, sets = confidence[inside], set(table.sets[inside])
        auroc, error = roc_auc_score(table.y[inside], own), reliability(own, table.y[inside]).debiased
        name = sets.pop() if len(sets) == 1 else "all"
        console.print(f"{name}: {len(own):,} questions, AUROC {auroc:.3f}, debiased ECE {error:.3f}, fitted on others")
    for feature, each in near.items():
        kept, changed = of_near[feature][each.y], of_near[feature][~each.y]
        console.print(
            f"questions with {feature}: {np.mean(kept >= _THRESHOLD):.3f} of {len(kept)} are answered,"
            f" {np.mean(changed >= _THRESHOLD):.3f} with others, AUROC {roc_auc_score(each.y, of_near[feature]):.3f}"
        )


def calibration_of(fitted: Fitted, table: Table, encoder: str, reranker: str) -> Calibration:
    return Calibration(
        encoder=encoder,
        reranker=reranker,
        weights={name: round(float(weight), 5) for name, weight in zip(table.names, fitted.weights, strict=True)},
        intercept=round(fitted.intercept, 5),
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
    found, near = [], defaultdict(list)
    with (
        Progress(console=console, transient=True) as progress,
        closing(open_encoder(options.model, CACHE, progress)) as encoder,
    ):
        reranker = open_reranker(encoder)
        with closing(ServiceSystem(encoder, reranker)) as system:
            for name, choice in FITTED_ON.items():
                for pool in open_public_set(name, options.evalsets, choice, options.limit).pools:
                    found += [(name, *row) for row in rows(pool, system)]
                    for feature, row in near_rows(pool, system):
                        near[feature].append((name, *row))
        table, tables = table_of(found), {feature: table_of(each) for feature, each in near.items()}
        second = reranker.name if reranker else "off"
        report(table, tables, console)
        calibration = calibration_of(fit(table, tables), table, encoder.spec.weights_sha256, second)
    path = options.out / f"{encoder.spec.weights_sha256[:16]}{'' if reranker else '-first-stage'}.json"
    calibration.save(path)
    console.print(f"written: {path}")


if __name__ == "__main__":
    main()

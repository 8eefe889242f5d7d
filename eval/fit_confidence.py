"""`python -m eval.fit_confidence`: fits the coefficients of qa_service/answering/confidence.py and prints them.

`QA_RERANK=off` fits those of the first stage alone. Only questions on documents that the reranker was not trained on.

A logistic regression on public sets that have unanswerable questions, judged across groups of documents. The project's
own questions and NoMIRACL stay out of the fit.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from eval.cache import CachedEncoder
from eval.catalog import Choice, open_public_set
from eval.models import open_encoder, open_reranker
from eval.pools import Pool
from eval.run import CACHE, DEFAULT_EVALSETS
from eval.service import ServiceSystem
from qa_service.answering.confidence import DEPTH, features

FITTED_ON = {
    "kazqad-abstain": Choice(unseen=True),
    "xquad-abstain": Choice(
        pairs=tuple((a, b) for a in ("en", "zh", "ru", "tr") for b in ("en", "zh", "ru", "tr")), unseen=True
    ),
}
_FOLDS = 5


def rows(pool: Pool, encoder: CachedEncoder) -> Iterator[tuple[tuple[float, ...], bool, str]]:
    """Features, label and group of each question; a group is a question in all its languages."""
    reranker = open_reranker(encoder)
    with closing(ServiceSystem(encoder, reranker)) as system:
        system.index(pool.documents)
        for question in pool.questions:
            hits = system.service.search(question.text, DEPTH).hits
            yield features(hits, reranker is not None), question.answerable, question.id


def fit(pools: Sequence[Pool], encoder: CachedEncoder, console: Console) -> LogisticRegression:
    table = [row for pool in pools for row in rows(pool, encoder)]
    x = np.array([values for values, _, _ in table])
    y = np.array([label for _, label, _ in table])
    groups = np.unique([group for _, _, group in table], return_inverse=True)[1]
    model = LogisticRegression(C=1e4, max_iter=10_000, class_weight="balanced")
    held_out = cross_val_predict(model, x, y, groups=groups, cv=GroupKFold(_FOLDS), method="predict_proba")[:, 1]
    console.print(f"{len(y)} questions, {y.mean():.2f} answerable, AUROC held out {roc_auc_score(y, held_out):.3f}")
    console.print(f"accuracy held out at 0.5: {np.mean((held_out >= 0.5) == y):.3f}")
    return model.fit(x, y)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.fit_confidence", description=__doc__)
    parser.add_argument("--limit", type=int, help="at most so many distinct questions a set")
    parser.add_argument("--evalsets", type=Path, default=DEFAULT_EVALSETS, help="folder of the public sets")
    options = parser.parse_args()
    console = Console()
    pools = [
        pool
        for name, choice in FITTED_ON.items()
        for pool in open_public_set(name, options.evalsets, choice, options.limit).pools
    ]
    with Progress(console=console, transient=True) as progress, closing(open_encoder("", CACHE, progress)) as encoder:
        model = fit(pools, encoder, console)
    weights = ", ".join(f"{weight:.2f}" for weight in model.coef_[0])
    console.print(f"ConfidenceModel(intercept={model.intercept_[0]:.2f}, weights=({weights}))")


if __name__ == "__main__":
    main()

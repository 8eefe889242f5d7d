"""`python -m eval.reliability`: is the confidence that ships a probability? Over a set that it was not fitted on.

`python -m eval.fit_confidence` says it of each set that it is fitted on, with what the others give.

The expected calibration error (Naeini et al. 2015) over bins of equal mass, less what a perfectly calibrated confidence
would show by chance with so many questions (drawn from the confidences themselves).
"""

import argparse
import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from eval.catalog import OWN_SET, Choice, known_sets, open_own_set, open_public_set
from eval.check_questions import DEFAULT_DOCUMENTS, DEFAULT_FILE
from eval.models import open_encoder, open_reranker
from eval.outcomes import run_set
from eval.run import CACHE, DEFAULT_EVALSETS
from eval.service import ServiceSystem

NOT_FITTED_ON = ("nomiracl-candidates",)
BINS = 10
_DRAWS = 2_000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reliability:
    """`bins` are (mean confidence, share answerable, questions), from the least sure on."""

    questions: int
    error: float
    by_chance: float
    bins: tuple[tuple[float, float, int], ...]

    @property
    def debiased(self) -> float:
        return max(0.0, self.error - self.by_chance)


def reliability(confidence: Floats, answerable: NDArray[np.bool_]) -> Reliability:
    """Of at least one question; both of shape [questions]."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    draws = np.random.default_rng(0).random((_DRAWS, len(confidence))) < confidence
    return Reliability(
        questions=len(confidence),
        error=_error(confidence, answerable, parts),
        by_chance=float(np.mean([_error(confidence, drawn, parts) for drawn in draws])),
        bins=tuple((float(confidence[part].mean()), float(answerable[part].mean()), len(part)) for part in parts),
    )


def _error(confidence: Floats, answerable: NDArray[np.bool_], parts: list[NDArray[np.intp]]) -> float:
    gaps = [abs(confidence[part].mean() - answerable[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(confidence))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.reliability", description=__doc__)
    parser.add_argument("--set", dest="sets", nargs="+", choices=known_sets(), default=list(NOT_FITTED_ON))
    parser.add_argument("--evalsets", type=Path, default=DEFAULT_EVALSETS, help="folder of the public sets")
    parser.add_argument("--limit", type=int, help="at most so many distinct questions a set")
    parser.add_argument("--json", type=Path, help="where the figures are written")
    options = parser.parse_args()
    console = Console()
    found: dict[str, tuple[Floats, NDArray[np.bool_]]] = {}
    with (
        Progress(console=console, transient=True) as progress,
        closing(open_encoder("", CACHE, progress)) as encoder,
        closing(ServiceSystem(encoder, open_reranker(encoder))) as system,
    ):
        for name in options.sets:
            if name == OWN_SET:
                question_set = open_own_set(name, DEFAULT_FILE, DEFAULT_DOCUMENTS)
            else:
                question_set = open_public_set(name, options.evalsets, Choice(unseen=True), options.limit)
            outcomes = run_set(question_set, system, encoder, progress).outcomes
            asked = [(each.confidence, each.answerable) for each in outcomes if each.confidence is not None]
            found[name] = (np.array([c for c, _ in asked]), np.array([a for _, a in asked]))
    found["all"] = (np.concatenate([c for c, _ in found.values()]), np.concatenate([a for _, a in found.values()]))
    figures = {name: reliability(*values) for name, values in found.items()}
    table = Table("set", "questions", "ECE", "by chance", "debiased", "bins: confidence → answerable")
    for name, each in figures.items():
        bins = " ".join(f"{confidence:.2f}→{share:.2f}" for confidence, share, _ in each.bins)
        table.add_row(
            name, f"{each.questions:,}", *(f"{v:.3f}" for v in (each.error, each.by_chance, each.debiased)), bins
        )
    Console(width=200).print(table)
    if options.json:
        written = {
            name: {"questions": each.questions, "ECE": each.error, "debiased": each.debiased, "bins": each.bins}
            for name, each in figures.items()
        }
        options.json.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

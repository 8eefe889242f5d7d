"""How probable it is that the documents hold the answer.

A logistic regression over what the retrieval knows anyway, calibrated by Platt scaling on sets that it was not fitted
on (`python -m eval.fit_confidence`). e5's cosines lie between 0.7 and 1.0 whatever the question, so that they say
nothing by themselves. Each calibration belongs to one encoder and one second stage, or none.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qa_service.errors import StoreError
from qa_service.ingest.quantities import quantities, share_told
from qa_service.records import Hit
from qa_service.retrieval.subject import share_named

DEPTH = 5
"""How many of the best hits the confidence is read off: as many as it was fitted on."""
SHIPPED = Path(__file__).parent / "calibrations"
VERSION = 1
_OF_RERANKER = ("rerank", "pointer")


def features(hits: Sequence[Hit], query: str, language: str) -> dict[str, float]:
    """What the confidence is read off, by name, among the first `DEPTH` hits; at least one.

    Of each score the best, and its lead over the mean of the others; the share of the question's numbers and dates that
    stand in the first passage, and of its names (`share_named`), 1 where it has none. Where the second stage was asked,
    its scores too, and those of the hit that it put first.
    """
    first = hits[:DEPTH]
    values: dict[str, float] = {}
    for name in ("dense", "sentence", "lexical", *_OF_RERANKER):
        scores = [hit.scores[name] for hit in first if name in hit.scores]
        if scores:
            best, *others = sorted(scores, reverse=True)
            values[name] = best
            values[f"{name} lead"] = best - sum(others) / len(others) if others else 0.0
    if "rerank" in first[0].scores:
        values |= {f"first {name}": score for name, score in first[0].scores.items()}
    passage = first[0].passage
    values["numbers"] = share_told(quantities(query, language), passage.search_text, passage.language)
    values["names"] = share_named(first, query, language)
    return values


@dataclass(frozen=True, slots=True)
class Calibration:
    """`encoder` is the sha256 of its weights, `reranker` the name of the second stage, "off" where there is none.

    The probability is that of `slope` x (`intercept` + `weights` x features) + `shift` as log-odds.
    """

    encoder: str
    reranker: str
    weights: Mapping[str, float]
    intercept: float
    slope: float
    shift: float
    record: Mapping[str, Any]
    """How it came about: the sets, the number of questions, the figures, the date."""

    def __post_init__(self) -> None:
        if not self.weights or not all(map(math.isfinite, [*self.weights.values(), self.intercept, self.shift])):
            raise ValueError("a calibration needs weights that are numbers")
        if not self.slope > 0:
            raise ValueError("the slope of a calibration must be positive")

    def confidence(self, values: Mapping[str, float]) -> float:
        """A probability, from features by their names."""
        logit = self.intercept + sum(weight * values[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.slope * logit + self.shift))))

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({"version": VERSION, **asdict(self)}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )

    @classmethod
    def load(cls, path: Path) -> "Calibration":
        """Raises StoreError for a file that is no calibration of this version."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content.pop("version") != VERSION:
                raise ValueError("is of another version")
            return cls(**content)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise StoreError(f"{path}: no calibration ({error}); fit it again or move it away") from error


@dataclass(frozen=True, slots=True)
class Confidence:
    """The calibrations of both stages and of the first alone, for hits that the second did not read.

    Not `is_calibrated`: they are those of another model, and the numbers order answers at best.
    """

    both: Calibration
    first: Calibration
    is_calibrated: bool

    def of(self, hits: Sequence[Hit], query: str, language: str) -> float:
        """A probability; 0.0 without any passage."""
        if not hits:
            return 0.0
        values = features(hits, query, language)
        return (self.both if self.both.weights.keys() <= values.keys() else self.first).confidence(values)


def find_confidence(encoder: str, reranker: str, folder: Path) -> Confidence:
    """The calibrations for an encoder and a second stage: of `folder`, where users keep their own, or shipped ones.

    Raises StoreError for a file that is damaged.
    """
    known = [Calibration.load(path) for each in (folder, SHIPPED) for path in sorted(each.glob("*.json"))]
    of_both = [each for each in known if (each.encoder, each.reranker) == (encoder, reranker)]
    of_first = [each for each in known if (each.encoder, each.reranker) == (encoder, "off")]
    uncalibrated = [each for each in known if each.reranker == "off"]
    first = [*of_first, *uncalibrated][0]
    return Confidence(both=[*of_both, first][0], first=first, is_calibrated=bool(of_both))

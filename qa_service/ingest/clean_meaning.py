"""Advertisements known by what their sentences mean, in any language and in words that no list has.

A small network over the vectors of sentences, which the search needs anyway; it was taught on made advertisements and
on harmless texts (`python -m eval.fit_advertisements`). What it finds is flagged, never kept out of search: a bank or a
cinema that speaks for itself may sound the same. Each rule belongs to one encoder.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from qa_service.errors import StoreError
from qa_service.ingest.clean_blocks import visible_length
from qa_service.records import Passage, Quarantined, Span

SHIPPED = Path(__file__).parent / "advertisements"
REASON = "reads like an advertisement, whatever its words"
_SHORTEST = 8
"""Visible characters: a menu's word says too little."""

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class AdvertisementRule:
    """A network of one hidden layer: it makes `max(0, v @ hidden + hidden_bias) @ out` of unit vectors v, shape [n, d].

    `hidden` has the shape [d, h], `hidden_bias` and `out` [h]. A sentence advertises where that is above `limit`.
    `encoder` is the sha256 of the weights of the model that gives the vectors.
    """

    encoder: str
    hidden: Floats
    hidden_bias: Floats
    out: Floats
    limit: float
    record: Mapping[str, Any]
    """How it came about: the texts, the figures, the date."""

    def find(self, text: str, passages: Iterable[tuple[Passage, Floats]]) -> list[Quarantined]:
        """The sentences that advertise, neighbours as one; with each passage the vectors [sentences, d] are given."""
        found: list[Quarantined] = []
        for passage, vectors in passages:
            for span, advertises in zip(passage.sentences, self.advertise(vectors).tolist(), strict=True):
                if advertises and visible_length(text[span.start : span.end]) >= _SHORTEST:
                    _append(found, span, text)
        return found

    def advertise(self, vectors: Floats) -> NDArray[np.bool_]:
        """Which of the sentences with these vectors do, shape [n]."""
        above: NDArray[np.bool_] = self.scores(vectors) > self.limit
        return above

    def scores(self, vectors: Floats) -> Floats:
        inner = np.maximum(vectors.astype(np.float32) @ self.hidden + self.hidden_bias, 0)
        scores: Floats = inner @ self.out
        return scores

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                hidden=self.hidden.astype(np.float16),
                hidden_bias=self.hidden_bias,
                out=self.out,
                limit=self.limit,
                encoder=self.encoder,
                record=json.dumps(self.record, ensure_ascii=False),
            )

    @classmethod
    def load(cls, path: Path) -> "AdvertisementRule":
        """Raises StoreError for a file that is no such rule."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                return cls(
                    encoder=str(kept["encoder"]),
                    hidden=kept["hidden"].astype(np.float32),
                    hidden_bias=kept["hidden_bias"],
                    out=kept["out"],
                    limit=float(kept["limit"]),
                    record=json.loads(str(kept["record"])),
                )
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise StoreError(f"{path}: no rule on advertisements ({error}); fit it again") from error


def shipped_rule(encoder: str) -> AdvertisementRule | None:
    """The rule that comes with the package for the model with these weights, None for other models."""
    path = SHIPPED / f"{encoder[:16]}.npz"
    return AdvertisementRule.load(path) if path.is_file() else None


def _append(found: list[Quarantined], span: Span, text: str) -> None:
    if found and not text[found[-1].span.end : span.start].strip():
        found[-1] = replace(found[-1], span=Span(found[-1].span.start, span.end))
    else:
        found.append(Quarantined(span, "spam", REASON, "flagged"))

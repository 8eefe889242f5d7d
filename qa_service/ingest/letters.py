"""Close languages told apart by their letters: a naive Bayes over runs of one and three characters.

The large detector was made of few texts of Uzbek, Turkmen, Tajik and Kyrgyz; the Universal Declaration of Human Rights,
of which the table that ships is counted, is there in all of them (eval/languages.py fits and measures).
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import regex
from numpy.typing import NDArray

SHIPPED = Path(__file__).with_name("letters.npz")
SCRIPTS = {"LATIN": "Latn", "CYRILLIC": "Cyrl"}
"""The scripts that it is for, by the first word of the names of their letters."""
_RUNS = (1, 3)
_UNSEEN = 0.05
_APOSTROPHES = regex.compile("[ʻ‘’ʼ`´]")
_NO_LETTER = regex.compile(r"[^\p{L}\p{M}']+")

Counts = Mapping[str, Counter[str]]
"""By language how often each run of characters stands in its text."""


@dataclass(frozen=True, slots=True)
class LetterTable:
    """Log-probabilities of shape [languages, runs]."""

    languages: tuple[str, ...]
    runs: Mapping[str, int]
    log_probabilities: NDArray[np.float32]

    @classmethod
    def of(cls, counts: Counts) -> "LetterTable":
        runs = sorted(set().union(*counts.values()))
        table = np.array([[counts[language][run] for run in runs] for language in counts], dtype=np.float64)
        logs = np.zeros_like(table)
        lengths = np.array([len(run) for run in runs])
        for length in _RUNS:
            of_length = table[:, lengths == length] + _UNSEEN
            logs[:, lengths == length] = np.log(of_length / of_length.sum(axis=1, keepdims=True))
        return cls(tuple(counts), {run: i for i, run in enumerate(runs)}, logs.astype(np.float32))

    def scores(self, text: str) -> dict[str, float]:
        """By language the log-likelihood of a text; runs overlap, so each tells half as much."""
        known = [self.runs[run] for run in runs_of(text) if run in self.runs]
        sums = self.log_probabilities[:, known].sum(axis=1) / len(_RUNS)
        return dict(zip(self.languages, map(float, sums), strict=True))


def runs_of(text: str) -> list[str]:
    """The runs of characters by which a text is told, words between single spaces, in lower case."""
    folded = _NO_LETTER.sub(" ", _APOSTROPHES.sub("'", unicodedata.normalize("NFC", text).lower()))
    bounded = f" {folded.strip()} "
    found = [bounded[i : i + length] for length in _RUNS for i in range(len(bounded) - length + 1)]
    return [run for run in found if run.strip()]


def count_runs(text: str, least: int = 2) -> Counter[str]:
    """Those that stand in the text `least` times, single characters always."""
    counted = Counter(runs_of(text))
    return Counter({run: count for run, count in counted.items() if count >= least or len(run) == 1})


def save_counts(path: Path, counts: Counts) -> None:
    """Written as it is read: languages, runs, and counts of shape [languages, runs]."""
    runs = sorted(set().union(*counts.values()))
    table = np.array([[counts[language][run] for run in runs] for language in counts], dtype=np.uint16)
    np.savez_compressed(path, languages=np.array(list(counts)), runs=np.array(runs), counts=table)


@lru_cache(maxsize=1)
def shipped_tables() -> Mapping[str, LetterTable]:
    """The table of each script of `SCRIPTS`, by its code."""
    with np.load(SHIPPED, allow_pickle=False) as stored:
        languages, runs, table = stored["languages"].tolist(), stored["runs"].tolist(), stored["counts"]
    by_script: dict[str, dict[str, Counter[str]]] = {script: {} for script in SCRIPTS.values()}
    for language, row in zip(languages, table, strict=True):
        counts = Counter({runs[i]: int(row[i]) for i in np.flatnonzero(row)})
        script = script_of("".join(run * count for run, count in counts.items() if len(run) == 1))
        by_script[SCRIPTS[script]][language] = counts
    return {script: LetterTable.of(counts) for script, counts in by_script.items()}


def script_of(text: str) -> str:
    """The script of most letters, by the first word of their Unicode names: LATIN, CYRILLIC, CJK, ARABIC ..."""
    letters = Counter(character for character in text if character.isalpha())
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        scripts[unicodedata.name(letter, "").split(" ")[0]] += count
    return max(scripts, key=lambda script: scripts[script], default="")

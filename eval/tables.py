"""The figures of a run as tables for the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from eval.report import FLAT_NAMES, flat

_MANY_PAIRS = 40
_MATRIX_MEASURE = "MRR@10"
_PAIR_MEASURES = ("R@1", "R@5", "MRR@10", "nDCG@10", "quote_covers_evidence", "accuracy")  # what 80 columns hold
_SHORT = {"quote_covers_evidence": "quote"}


def overall_table(set_name: str, runs: Mapping[str, Mapping[str, Any]], paired: Mapping[str, Any] | None) -> Table:
    """One row a measure, one column a system with its 95 % interval, and their paired difference."""
    table = Table(title=f"{set_name}: overall, with 95 % intervals", title_justify="left")
    table.add_column("measure")
    for system in runs:
        table.add_column(system, justify="right")
    if paired:
        table.add_column(f"{paired['first']} - {paired['second']}", justify="right")
    table.add_row("n", *(str(run["overall"]["n"]) for run in runs.values()))
    for name in FLAT_NAMES:
        cells = [_with_interval(flat(run["overall"])[name], flat(run["ci95"])[name]) for run in runs.values()]
        if paired:
            cells.append(_with_interval(flat(paired["difference"])[name], flat(paired["ci95"])[name], "+"))
        if any(cells):
            table.add_row(name, *cells)
    return table


def pair_table(set_name: str, system: str, by_pair: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row a language pair, question language first; a matrix of one measure where there are many pairs."""
    if len(by_pair) > _MANY_PAIRS:
        return _pair_matrix(set_name, system, by_pair)
    table = Table(title=f"{set_name}, {system}: by language pair (question > evidence)", title_justify="left")
    table.add_column("pair", no_wrap=True)
    table.add_column("n", justify="right")
    shown = [name for name in _PAIR_MEASURES if any(flat(figures)[name] is not None for figures in by_pair.values())]
    for name in shown:
        table.add_column(_SHORT.get(name, name), justify="right")
    for pair, figures in by_pair.items():
        values = flat(figures)
        table.add_row(pair, str(figures["n"]), *(_cell(values[name]) for name in shown))
    return table


def _pair_matrix(set_name: str, system: str, by_pair: Mapping[str, Mapping[str, Any]]) -> Table:
    """Question languages down, evidence languages across."""
    pairs = [pair.split(">") for pair in by_pair]
    asked, held = (list(dict.fromkeys(languages)) for languages in zip(*pairs, strict=True))
    table = Table(title=f"{set_name}, {system}: {_MATRIX_MEASURE}, question > evidence", title_justify="left")
    table.add_column("")
    for language in held:
        table.add_column(language, justify="right")
    for language in asked:
        found = (by_pair.get(f"{language}>{other}", {}).get(_MATRIX_MEASURE) for other in held)
        table.add_row(language, *(_cell(value) for value in found))
    return table


def latency_table(set_name: str, runs: Mapping[str, Mapping[str, Any]]) -> Table:
    """Milliseconds of one question, encoding included."""
    table = Table(title=f"{set_name}: milliseconds a question", title_justify="left")
    for column in ("system", "call", "p50", "p95", "p99"):
        table.add_column(column, justify="left" if column in {"system", "call"} else "right")
    for system, run in runs.items():
        times: Sequence[float | None] = [run["latency_ms"][key] for key in ("p50", "p95", "p99")]
        table.add_row(system, run["manifest"]["latency_of"], *("" if ms is None else f"{ms:.1f}" for ms in times))
    return table


def _cell(value: float | None, sign: str = "") -> str:
    return "" if value is None else f"{value:{sign}.3f}"


def _with_interval(value: float | None, bounds: Sequence[float] | None, sign: str = "") -> str:
    if value is None or bounds is None:
        return _cell(value, sign)
    return f"{value:{sign}.3f} [{bounds[0]:{sign}.3f}, {bounds[1]:{sign}.3f}]"

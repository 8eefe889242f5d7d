"""`python -m eval.bench.report --bench FILE --scale FILE`: the figures of both benches as docs/performance.md."""

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from eval.bench.__main__ import BASELINE, ratio

DOCS = Path("docs")
_SIDE_BY_SIDE = """
The systems run at the same time and take turns, question by question: what else the machine does falls on all of them,
and each finds the processor's caches cold, as a service does that is asked now and then. A chunk of the other systems
has up to 1,000 characters; a passage of the service has some 270, and its sentences are encoded too.

`service` is this one as it ships, `first stage` the same with `QA_RERANK=off`. `afternoon` is FastAPI with
sentence-transformers and FAISS as most tutorials build it: the nearest chunks, without quotes or abstention; `txtai`
and `haystack` are those packages behind FastAPI. All have the same encoder (`eval/bench/peers.py`).
"""
_MATERIAL = """
The texts are paragraphs of XQuAD in twelve languages, recombined sentence by sentence; the vectors are those of the
real passages and sentences with noise of a third of their length. Questions are those of XQuAD, each asked once of a
process that has just opened the store: "dense, lexical, fused" reads from the disk what no question has read before,
"ask" comes after it, with the second stage. "index MB" is what the process grew by.
"""
_CURVES = ("dense p50", "dense, lexical, fused p50", "ask p50")


def _machine(found: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in found["packages"].items())
    return f"{found['cores']} cores, {found['cpu']}, Python {found['python']}; {packages}."


def bench_part(found: dict[str, Any], command: str) -> str:
    systems = found["systems"]
    rates = list(next(iter(systems.values()))["per_second"])
    lines = [
        f"| system | ready, s | p50 | p95 | p99, ms | times as fast as {BASELINE} "
        f"| a second with {', '.join(rates)} clients"
        " | indexed, passages and thousand characters a second | memory now and highest, MB | disk, MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, each in systems.items():
        p50, p95, p99 = np.percentile(each["latency_ms"], [50, 95, 99])
        times, low, high = ratio(systems[BASELINE]["latency_ms"], each["latency_ms"])
        indexed = each["indexed"]
        cells = [
            name,
            f"{np.median(each['ready_s']):.1f}",
            *(f"{value:.1f}" for value in (p50, p95, p99)),
            f"{times:.2f} [{low:.2f}, {high:.2f}]",
            ", ".join(f"{np.mean(each['per_second'][rate]):.1f}" for rate in rates),
            f"{indexed['chunks'] / indexed['seconds']:.0f}, {indexed['characters'] / indexed['seconds'] / 1000:.1f}",
            f"{each['resident_mb']:.0f}, {each['highest_mb']:.0f}",
            f"{each['disk_mb']:.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([f"`{command}`, on {_machine(found['machine'])}", _SIDE_BY_SIDE, *lines])


def scale_part(found: dict[str, Any], command: str) -> str:
    sizes = found["sizes"]
    names = list(next(iter(sizes.values())))
    lines = [f"| passages | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for size, each in sizes.items():
        lines.append(f"| {int(size):,} | {' | '.join(f'{each[name]:,.2f}' for name in names)} |")
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for name in _CURVES:
        axes.plot([int(size) for size in sizes], [each[name] for each in sizes.values()], marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel="ms, median")
    axes.legend()
    figure.savefig(DOCS / "scale.png", dpi=100)
    return "\n".join(
        [
            f"`{command}`, on {_machine(found['machine'])} Times in ms.",
            _MATERIAL,
            "",
            *lines,
            "",
            "![By size](scale.png)",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.bench.report", description=__doc__)
    parser.add_argument("--bench", type=Path, help="what `python -m eval.bench --json` wrote")
    parser.add_argument("--scale", type=Path, help="what `python -m eval.bench.scale --json` wrote")
    parser.add_argument("--date", required=True)
    options = parser.parse_args()
    parts = [f"# Performance\n\nMeasured on {options.date}. Ratios count: absolute times are those of this machine."]
    if options.bench:
        part = bench_part(json.loads(options.bench.read_text(encoding="utf-8")), "make bench")
        parts.append(f"## Beside other systems\n\n{part}")
    if options.scale:
        part = scale_part(json.loads(options.scale.read_text(encoding="utf-8")), "python -m eval.bench.scale")
        parts.append(f"## By size\n\n{part}")
    (DOCS / "performance.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

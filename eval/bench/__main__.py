"""`python -m eval.bench` (`make bench`): the service beside three other systems, in one run on this machine.

Time to ready, questions one at a time over HTTP, questions a second with many clients, passages indexed a second,
memory and disk. Systems take turns question by question, so that what else the machine does falls on all of them; what
counts is the ratio, with its 95 % interval. No question is asked twice of a system. What the peers need is in the
dependency group `bench`; a peer that is not installed is left out, and the report says so.
"""

import argparse
import importlib.util
import json
import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

from embeddings.model_choice import ready_folder
from eval.bench.servers import Indexed, Server, System, disk_mb, index
from eval.manifest import machine
from eval.pools import Pool, single_corpus
from eval.run import CACHE, DEFAULT_EVALSETS
from eval.sets import SetFolder, read_folder, read_questions

BASELINE = "afternoon"
CLIENTS = (1, 8, 32)
_QUESTIONS = Path("eval/questions/seeds.jsonl")
_SEED = 7
_PEER = "eval.bench.peers"


def _service(name: str, **settings: str) -> System:
    return System(
        name,
        index=("eval.bench.service", "--texts", "{texts}", "--data", "{data}"),
        serve=("qa_service", "serve", "--data-dir", "{data}", "--port", "{port}"),
        settings=settings,
    )


def _peer(name: str) -> System:
    common = ("--model", "{model}", "--data", "{data}")
    return System(
        name,
        index=(_PEER, name, "index", *common, "--texts", "{texts}"),
        serve=(_PEER, name, "serve", *common, "--port", "{port}"),
        settings={"HF_HUB_OFFLINE": "1"},
    )


SYSTEMS = (_service("service"), _service("first stage", QA_RERANK="off"), _peer(BASELINE))
OPTIONAL = {"txtai": _peer("txtai"), "haystack": _peer("haystack")}


@dataclass
class Figures:
    """Of one system. Times in ms, memory and disk in MB."""

    indexed: Indexed
    ready_s: list[float]
    disk_mb: float
    latency_ms: list[float]
    per_second: dict[int, list[float]]
    resident_mb: float = 0.0
    highest_mb: float = 0.0


def questions(evalsets: Path) -> Iterator[str]:
    """Those on the seeds first, then those of XQuAD in twelve languages, each once."""
    own = [question.text for question in read_questions(_QUESTIONS)]
    other = [question.text for each in _xquad(evalsets) for question in each.questions]
    random.Random(_SEED).shuffle(other)
    yield from dict.fromkeys([*own, *other])


def texts_of(evalsets: Path, documents: int) -> list[str]:
    """What is indexed: the seeds, and paragraphs of XQuAD in twelve languages."""
    paragraphs = [document.text for each in _xquad(evalsets) for document in each.documents]
    random.Random(_SEED).shuffle(paragraphs)
    return [*(document.text for document in read_folder(Path("seeds"))), *paragraphs[:documents]]


def _xquad(evalsets: Path) -> list[Pool]:
    """Nothing where the public sets are absent."""
    folder = SetFolder(evalsets / "xquad")
    return [single_corpus(folder, [each], each) for each in folder.languages] if folder.path.is_dir() else []


def one_at_a_time(servers: Sequence[Server], asked: Sequence[str], figures: dict[str, Figures]) -> None:
    """Each question goes to every system before the next one does, in another order each time."""
    order = random.Random(_SEED)
    for server in servers:
        for question in asked[:5]:
            server.ask(question)  # what is loaded late is loaded
    for question in asked[5:]:
        for server in order.sample(list(servers), len(servers)):
            figures[server.name].latency_ms.append(server.ask(question) * 1000)


def per_second(server: Server, asked: Sequence[str], clients: int, seconds: float) -> float:
    """Answers a second in a closed loop: each client asks when it has its answer. Errors of a system don't count."""
    shared = iter(asked)
    end = time.perf_counter() + seconds

    def client(_: int) -> int:
        done = 0
        with httpx.Client(base_url=server.url, timeout=120, trust_env=False) as own:
            while time.perf_counter() < end:
                question = next(shared, None)
                if question is None:
                    raise RuntimeError("too few questions for so fast a system: raise their number")
                try:
                    done += own.post("/ask", json={"question": question}).is_success
                except httpx.TransportError as error:
                    raise RuntimeError(f"{server.name} under {clients} clients: {error}") from error
        return done

    begin = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        total = sum(pool.map(client, range(clients)))
    return total / (time.perf_counter() - begin)


def ratio(first: Sequence[float], second: Sequence[float]) -> tuple[float, float, float]:
    """The median of `first` over that of `second` with its 95 % interval, questions drawn in pairs."""
    one, other = np.array(first), np.array(second)
    drawn = np.random.default_rng(_SEED).integers(len(one), size=(2_000, len(one)))
    ratios = np.median(one[drawn], axis=1) / np.median(other[drawn], axis=1)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return float(np.median(one) / np.median(other)), float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.bench", description=__doc__)
    parser.add_argument("--evalsets", type=Path, default=DEFAULT_EVALSETS, help="folder of the public sets")
    parser.add_argument("--documents", type=int, default=600, help="paragraphs beside the seeds that are indexed")
    parser.add_argument("--questions", type=int, default=198, help="asked one at a time")
    parser.add_argument("--seconds", type=float, default=10, help="of each number of clients, for each system")
    parser.add_argument("--starts", type=int, default=3, help="how often each system is started")
    parser.add_argument("--json", type=Path, help="where the figures are written")
    options = parser.parse_args()
    console = Console(width=160)
    systems = [*SYSTEMS, *(system for name, system in OPTIONAL.items() if importlib.util.find_spec(name))]
    for name in OPTIONAL.keys() - {system.name for system in systems}:
        console.print(f"{name} is not installed: left out (pip install --group bench)")
    model, _ = ready_folder(CACHE.parent)
    asked = list(questions(options.evalsets))
    with tempfile.TemporaryDirectory(prefix="qa-bench-") as folder, ExitStack() as stack:
        texts = Path(folder) / "texts.json"
        texts.write_text(json.dumps(texts_of(options.evalsets, options.documents), ensure_ascii=False), "utf-8")
        figures, servers = {}, []
        for system in systems:
            data = Path(folder) / system.name.replace(" ", "-")
            (data / "models").mkdir(parents=True)
            if system in SYSTEMS[:2]:
                shutil.copytree(model, data / "models" / model.name)
            values = {"texts": str(texts), "data": str(data), "model": str(model)}
            console.print(f"{system.name}: indexing and starting")
            indexed = index(system, values)
            starts = []
            for _ in range(options.starts - 1):
                with closing(Server(system, values)) as server:
                    starts.append(server.ready_s)
            server = stack.enter_context(closing(Server(system, values)))
            servers.append(server)
            figures[system.name] = Figures(indexed, [*starts, server.ready_s], disk_mb(data), [], {})
        one_at_a_time(servers, asked[: options.questions], figures)
        place = options.questions
        for clients in CLIENTS:
            for server in servers:
                rate = per_second(server, asked[place:], clients, options.seconds)
                figures[server.name].per_second.setdefault(clients, []).append(rate)
            place += (len(asked) - options.questions) // len(CLIENTS)
        for server in servers:
            figures[server.name].resident_mb, figures[server.name].highest_mb = server.resident_mb
    _print(console, figures)
    if options.json:
        written = {"machine": machine(), "systems": {name: asdict(each) for name, each in figures.items()}}
        options.json.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def _print(console: Console, figures: dict[str, Figures]) -> None:
    table = Table(
        "system",
        "ready s",
        "p50",
        "p95",
        "p99 ms",
        "times as fast",
        "a second: " + ", ".join(map(str, CLIENTS)),
        "indexed chunks/s",
        "characters/s",
        "MB now, highest",
        "disk MB",
    )
    baseline = figures[BASELINE]
    for name, each in figures.items():
        p50, p95, p99 = np.percentile(each.latency_ms, [50, 95, 99])
        times, low, high = ratio(baseline.latency_ms, each.latency_ms)
        rates = ", ".join(f"{np.mean(each.per_second[clients]):.1f}" for clients in CLIENTS)
        table.add_row(
            name,
            f"{np.median(each.ready_s):.1f}",
            *(f"{value:.1f}" for value in (p50, p95, p99)),
            f"{times:.2f} [{low:.2f}, {high:.2f}]",
            rates,
            f"{each.indexed.chunks / each.indexed.seconds:.0f}",
            f"{each.indexed.characters / each.indexed.seconds:,.0f}",
            f"{each.resident_mb:.0f}, {each.highest_mb:.0f}",
            f"{each.disk_mb:.1f}",
        )
    console.print(table)


if __name__ == "__main__":
    main()

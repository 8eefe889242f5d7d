"""`python -m eval.run`: measure the service and the textbook pipeline on question sets.

Prints tables; `--json OUT` writes the object of the design (section 7); where there are several systems it is that of
the first, with all of them in `runs` and `differences`; where there are several sets, those two alone.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from embeddings.errors import ModelError
from eval.cache import CachedEncoder
from eval.catalog import OWN_SET, Choice, QuestionSet, known_sets, open_own_set, open_public_set, parse_pair
from eval.check_questions import DEFAULT_DOCUMENTS, DEFAULT_FILE
from eval.manifest import manifest
from eval.models import open_encoder, open_reranker
from eval.outcomes import run_set
from eval.report import as_object, difference
from eval.service import OneSentenceSystem, ServiceSystem, best_sentence, first_sentence
from eval.sets import SetError
from eval.single_legs import bm25, dense
from eval.systems import System
from eval.tables import latency_table, overall_table, pair_table
from eval.textbook import TextbookSystem
from qa_service.errors import QAError

_ROOT = Path(__file__).resolve().parent.parent
CACHE = _ROOT / "eval" / "cache" / "vectors.sqlite3"
DEFAULT_EVALSETS = _ROOT.parent / "shared" / "evalsets"

SYSTEMS: Mapping[str, Callable[[CachedEncoder], System]] = {
    "service": lambda encoder: ServiceSystem(encoder, open_reranker(encoder)),
    "textbook": TextbookSystem,
    "first-sentence": lambda encoder: OneSentenceSystem(
        "first-sentence", ServiceSystem(encoder, open_reranker(encoder)), first_sentence
    ),
    "best-cosine": lambda encoder: OneSentenceSystem("best-cosine", ServiceSystem(encoder, None), best_sentence),
    "dense": dense,
    "bm25": lambda _: bm25(),
}
BOTH = ("service", "textbook")
ALL = (*BOTH, "dense", "bm25")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(prog="python -m eval.run", description="Measure retrieval, answers, abstention.")
    add = command.add_argument
    add("--set", dest="sets", nargs="+", action="extend", choices=known_sets(), help=f"question sets ({OWN_SET})")
    add("--questions", type=Path, help="a question file of your own, over the files in --documents")
    add("--documents", type=Path, default=DEFAULT_DOCUMENTS, help="folder of the documents (seeds/)")
    add("--pair", dest="pairs", nargs="+", action="extend", default=[], type=parse_pair, help="zh:en or 'zh>en'")
    add("--languages", nargs="+", action="extend", default=[], help="languages of a pool, or of all pairs")
    add("--rotations", type=int, help="only the first rotations of a mixed pool (all)")
    add("--unseen", action="store_true", help="only questions on documents that nothing was fitted on")
    add("--evalsets", type=Path, default=DEFAULT_EVALSETS, help="folder of the public sets")
    add(
        "--system",
        choices=[*SYSTEMS, "both", "all"],
        help="(both: service and textbook; with --questions alone: service)",
    )
    add("--limit", type=int, help="at most so many distinct questions a set, the same at each run")
    add("--json", type=Path, help="write the figures here")
    add("--model", default="", help="folder or name of a model; 'hashing' for a quick trial (the service's own)")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0; 2 where something could not be run, with a line that says why."""
    options = parser().parse_args(argv)
    console = Console(stderr=True)
    command = ["python", "-m", "eval.run", *(sys.argv[1:] if argv is None else argv)]
    try:
        report = measure(options, command, console)
    except (SetError, ModelError, QAError) as error:
        console.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        return 2
    print_report(report, Console())
    if options.json:
        write(report, options.json)
        console.print(f"written: {options.json}")
    return 0


def measure(options: argparse.Namespace, command: Sequence[str], console: Console) -> dict[str, Any]:
    """Opens sets, model and systems, and evaluates. Raises SetError, ModelError, QAError."""
    system = options.system or ("service" if options.questions and not options.sets else "both")
    names = {"both": BOTH, "all": ALL}.get(system, (system,))
    with progress_bars(console) as progress:
        question_sets = open_sets(options, console)
        with closing(open_encoder(options.model, CACHE, progress)) as encoder, ExitStack() as opened:
            systems = [opened.enter_context(closing(SYSTEMS[name](encoder))) for name in names]
            return evaluate(question_sets, systems, encoder, command, progress)


def progress_bars(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        *Progress.get_default_columns()[:3],
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def open_sets(options: argparse.Namespace, console: Console) -> list[QuestionSet]:
    """The sets asked for. One that is absent is named, and the run goes on, with the project's own set if need be."""
    choice = Choice(tuple(options.pairs), tuple(options.languages), options.rotations, options.unseen)
    names = list(dict.fromkeys(options.sets or ([] if options.questions else [OWN_SET])))
    opened = []
    if options.questions:
        opened.append(open_own_set(options.questions.stem, options.questions, options.documents, options.limit))
    for name in names:
        try:
            own = name == OWN_SET
            opened.append(own_set(options) if own else open_public_set(name, options.evalsets, choice, options.limit))
        except SetError as error:
            console.print(f"[yellow]left out:[/] {escape(str(error))}", soft_wrap=True)
    if not opened:
        console.print("going on with the project's own set")
        opened.append(own_set(options))
    return opened


def own_set(options: argparse.Namespace) -> QuestionSet:
    return open_own_set(OWN_SET, DEFAULT_FILE, options.documents, options.limit)


def evaluate(
    question_sets: Sequence[QuestionSet],
    systems: Sequence[System],
    encoder: CachedEncoder,
    command: Sequence[str],
    progress: Progress,
) -> dict[str, Any]:
    """Every system on every set: `{"runs": [...], "differences": [...]}`, differences between the first two systems."""
    runs: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []
    for question_set in question_sets:
        of_set = []
        for system in systems:
            run = run_set(question_set, system, encoder, progress)
            of_set.append(run)
            head = {"set": question_set.name, "system": system.name}
            runs.append(head | as_object(run, manifest(run, encoder.spec, command)))
        if len(of_set) > 1:
            differences.append(difference(of_set[0], of_set[1]))
    return {"runs": runs, "differences": differences}


def print_report(report: Mapping[str, Any], console: Console) -> None:
    """The tables of every set: overall side by side, by language pair, latency."""
    paired = {each["set"]: each for each in report["differences"]}
    for name in dict.fromkeys(run["set"] for run in report["runs"]):
        runs = {run["system"]: run for run in report["runs"] if run["set"] == name}
        console.print(overall_table(name, runs, paired.get(name)))
        for system, run in runs.items():
            console.print(pair_table(name, system, run["by_pair"]))
        console.print(latency_table(name, runs))


def write(report: Mapping[str, Any], path: Path) -> None:
    """The object of the design, alone, beside those of other systems, or among those of several sets."""
    runs = report["runs"]
    content = dict(runs[0]) if len({run["set"] for run in runs}) == 1 else {}
    if len(runs) > 1:
        content |= report
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

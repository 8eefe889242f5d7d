"""`python -m eval.agreement`: how often the marks of agreement and contradiction are right, and how many are found.

Forty pairs of made reports (eval/questions/agreement.jsonl), all in one index. A mark is right when it joins the two
reports of the question and they do agree, or do differ.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from scipy.stats import binomtest

from eval.models import open_encoder, open_reranker
from eval.run import CACHE
from eval.service import ServiceSystem
from eval.sets import CorpusDocument, read_lines
from qa_service.records import Answer

QUESTIONS = Path(__file__).parent / "questions" / "agreement.jsonl"


@dataclass(frozen=True, slots=True)
class Pair:
    """`relation` is "agree" or "differ"."""

    id: str
    question: str
    relation: str
    kind: str
    documents: tuple[CorpusDocument, ...]


def read_pairs(path: Path) -> tuple[Pair, ...]:
    """Raises SetError."""
    return tuple(
        Pair(
            line["id"],
            line["question"],
            line["relation"],
            line["kind"],
            tuple(
                CorpusDocument(f"{line['id']}-{number}", "", each["text"], each["language"])
                for number, each in enumerate(line["documents"])
            ),
        )
        for line in read_lines(path)
    )


def marks(answer: Answer) -> Iterator[tuple[str, frozenset[str]]]:
    """The marks on an answer's citations, and the two documents that each joins."""
    for citation in answer.citations:
        hit = citation.hit
        for place in hit.corroborating:
            yield "agree", frozenset({hit.file_name, place.file_name})
        for difference in hit.differing:
            yield "differ", frozenset({hit.file_name, difference.place.file_name})


def judge(pairs: Sequence[Pair], system: ServiceSystem, console: Console) -> dict[str, dict[str, float]]:
    """By relation: marks made, marks right, pairs found, and the Wilson intervals of both shares."""
    system.index([document for pair in pairs for document in pair.documents])
    made: dict[str, list[bool]] = {"agree": [], "differ": []}
    found: dict[str, list[bool]] = {"agree": [], "differ": []}
    for pair in pairs:
        answer = system.service.ask(pair.question)
        own = frozenset(document.id for document in pair.documents)
        said = set(marks(answer))
        for relation, documents in said:
            made[relation].append(relation == pair.relation and documents == own)
        found[pair.relation].append((pair.relation, own) in said)
        if said != {(pair.relation, own)}:
            console.print(f"{pair.id} ({pair.kind}): {answer.text or 'no answer'} {[(r, sorted(d)) for r, d in said]}")
    return {
        relation: {
            "marks": len(made[relation]),
            **_share("precision", made[relation]),
            "pairs": len(found[relation]),
            **_share("recall", found[relation]),
        }
        for relation in made
    }


def _share(name: str, right: Sequence[bool]) -> dict[str, float]:
    if not right:
        return {name: float("nan")}
    interval = binomtest(sum(right), len(right)).proportion_ci(method="wilson")
    return {name: sum(right) / len(right), f"{name} low": interval.low, f"{name} high": interval.high}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.agreement", description=__doc__)
    parser.add_argument("--pairs", type=Path, default=QUESTIONS, help="the pairs, a JSON object a line")
    parser.add_argument("--json", type=Path, help="where the figures are written")
    options = parser.parse_args()
    console = Console(width=160)
    with (
        Progress(console=console, transient=True) as progress,
        closing(open_encoder("", CACHE, progress)) as encoder,
        closing(ServiceSystem(encoder, open_reranker(encoder))) as system,
    ):
        figures = judge(read_pairs(options.pairs), system, console)
    console.print_json(json.dumps(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

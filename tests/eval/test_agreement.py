"""The pairs are as they were frozen, and those without a mark count against recall."""

import hashlib
from contextlib import closing

from rich.console import Console

from embeddings.hashing import HashingEncoder
from eval.agreement import QUESTIONS, Pair, judge, read_pairs
from eval.service import ServiceSystem
from eval.sets import CorpusDocument


def test_the_frozen_pairs_are_unchanged_and_whole() -> None:
    frozen = QUESTIONS.with_suffix(".sha256").read_text(encoding="utf-8").split()[0]
    assert hashlib.sha256(QUESTIONS.read_bytes()).hexdigest() == frozen
    pairs = read_pairs(QUESTIONS)
    assert [sum(pair.relation == relation for pair in pairs) for relation in ("agree", "differ")] == [20, 20]
    assert len({pair.id for pair in pairs}) == 40
    assert {document.language for pair in pairs for document in pair.documents} == {"en", "zh", "ru", "kk"}
    assert {pair.kind for pair in pairs} == {"number", "date", "name"}


def test_a_pair_without_a_mark_is_not_found() -> None:
    """Nothing differs where no second stage points to values."""
    english = "Brückenbau Karasu 46 million dollars 2021"
    pairs = [
        Pair("p1", f"{english}?", "agree", "number", _documents("p1", english, english.replace("dollars", "dólares"))),
        Pair(
            "p2", "Opera 1250 seats?", "differ", "number", _documents("p2", "Opera 1250 seats", "Opera 1300 asientos")
        ),
    ]
    with closing(ServiceSystem(HashingEncoder(), None)) as system:
        figures = judge(pairs, system, Console(quiet=True))
    assert figures["differ"]["pairs"] == figures["agree"]["pairs"] == 1
    assert figures["differ"]["marks"] == figures["differ"]["recall"] == 0


def _documents(name: str, first: str, second: str) -> tuple[CorpusDocument, ...]:
    return CorpusDocument(f"{name}-0", "", first, "en"), CorpusDocument(f"{name}-1", "", second, "es")

"""A system run over the pools of a question set: each question's values."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.progress import Progress

from eval.cache import CachedEncoder
from eval.catalog import QuestionSet
from eval.evidence import Ranking, finds_evidence, found_within, place_of, ranking, wanted
from eval.measures import CHARACTERS, abstention_values, answer_values, ranking_values
from eval.pools import Pool, language_pair
from eval.sets import Question
from eval.systems import Retrieved, System

DEPTH = 50
_FOUND = 5
"""Evidence among so many hits is found: what the answer then makes of it is judged apart."""
_LATENCY_SAMPLE = 200
_LATENCY_WARM_UP = 3
_ENCODE_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question in one pool, judged. `values` holds the measures that apply to it.

    `confidence` is None where the system was not asked to answer.
    """

    question_id: str
    pair: str
    answerable: bool
    values: dict[str, float]
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Run:
    """A system's outcomes on a question set.

    `misplaced` counts returned spans whose text does not stand where they say, `refused` documents left unindexed.
    """

    question_set: QuestionSet
    system: str
    index_version: str
    outcomes: tuple[Outcome, ...]
    latencies_ms: tuple[float, ...]
    misplaced: int
    refused: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Judged:
    values: dict[str, float]
    ranking: Ranking | None
    confidence: float | None
    misplaced: int


def run_set(question_set: QuestionSet, system: System, encoder: CachedEncoder, progress: Progress) -> Run:
    """Index and ask every pool, then measure latencies on the last with the cache of vectors bypassed."""
    total = sum(len(pool.questions) for pool in question_set.pools)
    task = progress.add_task(f"{question_set.name}, {system.name}", total=total)
    begin = time.monotonic()
    _encode_ahead(question_set, encoder, progress)
    outcomes: list[Outcome] = []
    misplaced = refused = 0
    for pool in question_set.pools:
        system.index(pool.documents)
        judged, wrong = _run_pool(pool, system, question_set.asks, lambda: progress.advance(task))
        outcomes.extend(judged)
        misplaced += wrong
        refused += len(system.refused)
    latencies = _latencies(question_set, system, encoder)
    seconds = time.monotonic() - begin
    progress.remove_task(task)
    progress.console.print(f"{question_set.name}, {system.name}: {len(outcomes):,} questions in {seconds:.0f} s")
    return Run(question_set, system.name, system.index_version, tuple(outcomes), latencies, misplaced, refused, seconds)


def _encode_ahead(question_set: QuestionSet, encoder: CachedEncoder, progress: Progress) -> None:
    """All questions in large batches, which costs less than one by one."""
    texts = list(dict.fromkeys(question.text for pool in question_set.pools for question in pool.questions))
    task = progress.add_task(f"{question_set.name}, encoding the questions", total=len(texts))
    for first in range(0, len(texts), _ENCODE_AT_ONCE):
        encoder.encode_queries(texts[first : first + _ENCODE_AT_ONCE])
        progress.update(task, completed=first + _ENCODE_AT_ONCE)
    progress.remove_task(task)


def _run_pool(pool: Pool, system: System, asks: bool, advance: Callable[[], None]) -> tuple[list[Outcome], int]:
    """The outcomes of a pool and its number of misplaced spans. The ranking measures are computed at once."""
    texts = {document.id: document.text for document in pool.documents}
    languages = {document.id: document.language for document in pool.documents}
    judged = []
    for question in pool.questions:
        judged.append(_judge(question, system, asks, texts))
        advance()
    ranked = ranking_values({str(i): each.ranking for i, each in enumerate(judged) if each.ranking})
    outcomes = [
        Outcome(
            question_id=question.id,
            pair=language_pair(question, languages),
            answerable=question.answerable,
            values=each.values | ranked.get(str(i), {}),
            confidence=each.confidence,
        )
        for i, (question, each) in enumerate(zip(pool.questions, judged, strict=True))
    ]
    return outcomes, sum(each.misplaced for each in judged)


def _judge(question: Question, system: System, asks: bool, texts: Mapping[str, str]) -> _Judged:
    """Search where there is something to find; ask where the set asks."""
    targets = wanted(question, texts)
    values: dict[str, float] = {}
    ranked: Ranking | None = None
    confidence: float | None = None
    misplaced = 0
    is_found = False
    if question.answerable and targets:
        hits = system.search(question.text, DEPTH)
        placed = [hit for hit in hits if _stands(hit, texts)]
        misplaced = len(hits) - len(placed)
        ranked = ranking(placed, targets)
        values["R@2000c"] = float(found_within(placed, targets, CHARACTERS))
        is_found = any(finds_evidence(place_of(hit), targets) for hit in placed[:_FOUND])
    if asks:
        reply = system.ask(question.text)
        confidence = reply.confidence
        misplaced += sum(not _stands(cited.passage, texts) for cited in reply.citations)
        values |= abstention_values(question.answerable, reply.answerable)
        values |= answer_values(reply, targets, question.answers) if question.answerable else {}
        if is_found and "answer_contains" in values:
            values["answer_contains_if_found"] = values["answer_contains"]
    return _Judged(values, ranked, confidence, misplaced)


def _stands(hit: Retrieved, texts: Mapping[str, str]) -> bool:
    return texts.get(hit.document_id, "")[hit.start : hit.end] == hit.text


def _latencies(question_set: QuestionSet, system: System, encoder: CachedEncoder) -> tuple[float, ...]:
    """Milliseconds of single questions of any pool, encoding included, on the corpus indexed last."""
    texts = sorted({question.text for pool in question_set.pools for question in pool.questions})
    sample = random.Random(0).sample(texts, min(_LATENCY_SAMPLE, len(texts)))
    times = []
    with encoder.bypassed():
        for text in sample[:_LATENCY_WARM_UP] + sample:
            start = time.perf_counter()
            if question_set.asks:
                system.ask(text)
            else:
                system.search(text, 10)
            times.append((time.perf_counter() - start) * 1000)
    return tuple(times[min(_LATENCY_WARM_UP, len(sample)) :])

"""What is computed of each question. Ranking measures are those of ir_measures; own ones only where none exists."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import ir_measures
import numpy as np
from ir_measures import RR, Qrel, ScoredDoc, Success, nDCG
from numpy.typing import NDArray

from eval.evidence import Place, Ranking, Wanted, finds_evidence, place_of, quotes_found
from eval.systems import Reply

RANKING = {"R@1": Success @ 1, "R@3": Success @ 3, "R@5": Success @ 5, "MRR@10": RR @ 10, "nDCG@10": nDCG @ 10}
CHARACTERS = 2_000
RETRIEVAL_NAMES = ("R@1", "R@3", "R@5", "R@2000c", "MRR@10", "nDCG@10")
ANSWER_NAMES = (
    *("citation_precision", "answer_contains", "answer_contains_if_found"),
    *("quote_covers_evidence", "evidence_F1"),
)
ABSTENTION_NAMES = ("accuracy", "false_answers", "false_refusals")
AUROC = "auroc"

Floats = NDArray[np.float64]


def ranking_values(rankings: Mapping[str, Ranking]) -> dict[str, dict[str, float]]:
    """The ranking measures of each query id. A query without hits counts zero."""
    qrels = [Qrel(id_, item, 1) for id_, ranking in rankings.items() for item in ranking.relevant]
    run = [
        ScoredDoc(id_, item, float(-rank))
        for id_, ranking in rankings.items()
        for rank, item in enumerate(ranking.ranked)
    ]
    values = {id_: dict.fromkeys(RANKING, 0.0) for id_ in rankings}
    if run:
        names = {measure: name for name, measure in RANKING.items()}
        for metric in ir_measures.iter_calc(list(names), qrels, run):
            values[metric.query_id][names[metric.measure]] = metric.value
    return values


def answer_values(reply: Reply, targets: Wanted, answers: Sequence[str]) -> dict[str, float]:
    """The answer measures of an answerable question that apply to it.

    `citation_precision` is over answered questions; a refused question counts zero in the other two.
    """
    values: dict[str, float] = {}
    if targets and reply.citations:
        values["citation_precision"] = citation_precision(reply, targets)
    if targets.quotes:
        values["quote_covers_evidence"] = float(quote_covers_evidence(reply, targets))
        values["evidence_F1"] = evidence_f1(reply, targets)
    if answers:
        values["answer_contains"] = float(answer_contains((cited.quote for cited in reply.citations), answers))
    return values


def citation_precision(reply: Reply, targets: Wanted) -> float:
    """The share of an answer's citations whose passage finds evidence."""
    found = [finds_evidence(place_of(cited.passage), targets) for cited in reply.citations]
    return sum(found) / len(found)


def quote_covers_evidence(reply: Reply, targets: Wanted) -> bool:
    """Does a quote itself, not only its passage, find the evidence?"""
    return any(
        quotes_found(Place(cited.passage.document_id, cited.quote_start, cited.quote_end), targets.quotes)
        for cited in reply.citations
    )


def evidence_f1(reply: Reply, targets: Wanted) -> float:
    """F1 of the characters quoted against those of the evidence; of a quote's places the first one quoted counts.

    An answer without citations scores zero.
    """
    quoted = {(c.passage.document_id, at) for c in reply.citations for at in range(c.quote_start, c.quote_end)}
    evidence: set[tuple[str, int]] = set()
    for places in targets.quotes:
        stretches = [{(place.document_id, at) for at in range(place.start, place.end)} for place in places]
        evidence |= max(stretches, key=lambda stretch: len(stretch & quoted))
    return 2 * len(quoted & evidence) / (len(quoted) + len(evidence))


def answer_contains(quotes: Iterable[str], answers: Sequence[str]) -> bool:
    """Does one of the answers stand in one of the quotes? Case, width and white space are folded."""
    folded = [fold(answer) for answer in answers]
    return any(answer in fold(quote) for quote in quotes for answer in folded if answer)


def fold(text: str) -> str:
    """Case and width folded, white space gone: hard line breaks fall in mid-word in Chinese."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def abstention_values(answerable: bool, answered: bool) -> dict[str, float]:
    """Of one question: was the decision right, and, as it applies, a false answer or a false refusal?"""
    values = {"accuracy": float(answerable == answered)}
    if answerable:
        values["false_refusals"] = float(not answered)
    else:
        values["false_answers"] = float(answered)
    return values


def auroc(answerable: NDArray[np.bool_], confidence: NDArray[np.float64], weights: Floats) -> Floats:
    """How well confidence separates answerable from unanswerable questions, ties counting half.

    `weights` is [samples, questions], how often each sample holds each question; returns [samples], NaN where one
    kind is absent. scikit-learn's takes one sample in a millisecond, the bootstrap needs thousands.
    """
    order = np.argsort(confidence, kind="stable")
    starts = np.flatnonzero(np.diff(confidence[order], prepend=-np.inf))
    ordered = weights[:, order]
    positive = np.add.reduceat(ordered * answerable[order], starts, axis=1)
    negative = np.add.reduceat(ordered * ~answerable[order], starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    wins = (positive * (below + negative / 2)).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(wins / (positive.sum(axis=1) * negative.sum(axis=1)))

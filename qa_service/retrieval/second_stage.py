"""The first candidates read beside the question, and ranked by both stages' scores."""

from collections.abc import Sequence
from dataclasses import replace

from embeddings.reranker import Reranker
from qa_service.retrieval.first_stage import Ranked

DEPTH = 8
"""How many are read: the default is a choice of quality against milliseconds (eval/LOG.md)."""


def reranked(reranker: Reranker, query: str, ranked: Sequence[Ranked]) -> list[Ranked]:
    """The same passages: the first `DEPTH` by the sum of both stages, the others behind them as they stood.

    The second score is divided by the reranker's weight for the first, so that scores stay those of the first stage in
    size. The others are given the lowest second score of those that were read.
    """
    read, others = ranked[:DEPTH], ranked[DEPTH:]
    if not read:
        return []
    scores = reranker.score(query, [each.found.search_text for each in read])
    weight = reranker.first_stage_weight
    best = sorted(
        (
            replace(
                each,
                score=each.score + float(score) / weight,
                explanation=replace(each.explanation, rerank=float(score)),
            )
            for each, score in zip(read, scores, strict=True)
        ),
        key=lambda each: (-each.score, each.found.passage_id),
    )
    floor = float(scores.min()) / weight
    return [*best, *(replace(each, score=each.score + floor) for each in others)]

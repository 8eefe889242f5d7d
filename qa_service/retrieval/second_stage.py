"""The first candidates read beside the question, and ranked by both stages' scores."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from embeddings.reranker import Reading, Reranker
from qa_service.ingest.bylines import is_statement
from qa_service.records import Span
from qa_service.retrieval.agreement import SAME_MATTER
from qa_service.retrieval.first_stage import Ranked
from qa_service.store.rows import Found

DEPTH = 8
"""How many are read at most: a choice of quality against milliseconds (eval/LOG.md)."""
REACH = 2.5
"""So many log-odds behind the first candidate none has come to be the best one (eval/LOG.md)."""
_JOINED = 2.0
"""So far below the highest pointer the answer ends."""


def reranked(reranker: Reranker, query: str, ranked: Sequence[Ranked]) -> list[Ranked]:
    """The same passages: what is worth reading of the first `DEPTH` by the sum of both stages, best first.

    The second score is divided by the reranker's weight for the first, so that scores stay those of the first stage in
    size. The others are given the lowest second score of those that were read.
    """
    if not ranked:
        return []
    weight = reranker.first_stage_weight
    read = _worth_reading(ranked[:DEPTH], weight)
    is_read = {each.found.passage_id for each in read}
    readings = reranker.read(query, [each.found.search_text for each in read])
    best = [_with_reading(each, reading, weight) for each, reading in zip(read, readings, strict=True)]
    floor = min(reading.score for reading in readings) / weight
    others = [replace(each, score=each.score + floor) for each in ranked if each.found.passage_id not in is_read]
    return sorted([*best, *others], key=lambda each: (-each.score, each.found.passage_id))


def _worth_reading(ranked: Sequence[Ranked], weight: float) -> list[Ranked]:
    """Those within reach of the first one; and those that speak of the same matter as one of them, which may confirm
    or contradict it."""
    reach = [each for each in ranked if weight * (ranked[0].score - each.score) <= REACH]
    vectors = np.stack([each.vector for each in reach])
    return [*reach, *(each for each in ranked[len(reach) :] if (vectors @ each.vector).max() >= SAME_MATTER)]


def _with_reading(ranked: Ranked, reading: Reading, weight: float) -> Ranked:
    score, explanation = ranked.score + reading.score / weight, replace(ranked.explanation, rerank=reading.score)
    if not reading.places:
        return replace(ranked, score=score, explanation=explanation)
    reading = _without_statements(reading, ranked.found)
    sentences = pointed(ranked.found.search_sentences, reading)
    return replace(
        ranked,
        score=score,
        sentence_scores=sentences,
        answer=extent(reading),
        explanation=replace(explanation, pointer=max(sentences)),
    )


def _without_statements(reading: Reading, found: Found) -> Reading:
    """Nothing points to the lines that state the source and the date, unless there are no others."""
    text, spans = found.search_text, found.search_sentences
    statements = [span for span in spans if is_statement(text[span.start : span.end])]
    if not statements or len(statements) == len(spans):
        return reading
    inside = [any(start < each.end and each.start < end for each in statements) for start, end in reading.places]
    return replace(reading, pointers=np.where(inside, reading.pointers.min(), reading.pointers))


def extent(reading: Reading) -> Span:
    """The stretch of the search text that looks most like the answer: what is joined to the highest pointer."""
    peak = int(reading.pointers.argmax())
    first = last = peak
    near = reading.pointers >= reading.pointers[peak] - _JOINED
    while first > 0 and near[first - 1]:
        first -= 1
    while last + 1 < len(near) and near[last + 1]:
        last += 1
    start, end = reading.places[first][0], reading.places[last][1]
    return Span(start, max(end, start + 1))


def pointed(sentences: Sequence[Span], reading: Reading) -> tuple[float, ...]:
    """The highest pointer in each sentence; the lowest of all where a sentence was not read, being too far behind."""
    lowest = float(reading.pointers.min())
    scores = [lowest] * len(sentences)
    for (start, end), pointer in zip(reading.places, reading.pointers.tolist(), strict=True):
        for i, sentence in enumerate(sentences):
            if start < sentence.end and sentence.start < end:
                scores[i] = max(scores[i], pointer)
    return tuple(scores)

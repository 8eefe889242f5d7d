"""Ranks the passages that were found: by their vector, their best sentence's, and the terms they share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors
from qa_service.ingest.language import search_language
from qa_service.records import Explanation, Span
from qa_service.retrieval.lexical import LexicalQuery, centred
from qa_service.store.rows import Candidate, Found

SENTENCE_WEIGHT = 0.5
"""A passage scores the mean of its own score and its best sentence's (eval/LOG.md)."""
LEXICAL_WEIGHT = 0.1
FOLLOWERS = 3
"""So many passages follow the best one: who speaks, and of what, is often said before what they say (eval/LOG.md)."""
LEAD = 0.8
"""What they gain of what it scores more."""
FLAG_PENALTY = 0.15
"""What a passage under suspicion loses: the most that loses none where it alone answers (eval/LOG.md)."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with its score so far, and what it came from. `vector` is without its language, shape [d]."""

    found: Found
    vector: Vectors
    sentence_scores: tuple[float, ...]
    answer: Span | None
    score: float
    explanation: Explanation

    def candidate(self, lexical: LexicalQuery) -> Candidate:
        """With the terms that match: they are looked up for what is returned only."""
        said = replace(self.explanation, matched_terms=lexical.matched(self.found.folded))
        scores = {"dense": said.dense, "sentence": said.sentence, "lexical": said.lexical}
        second = {"rerank": said.rerank, "pointer": said.pointer}
        scores |= {name: score for name, score in second.items() if score is not None}
        return Candidate(self.found.passage_id, self.sentence_scores, self.answer, self.score, scores, said)


def rank(
    found: Sequence[Found],
    query_vector: Vectors,
    neutral: Callable[[Vectors], Vectors],
    lexical: LexicalQuery,
    already: int = 0,
) -> list[Ranked]:
    """Best first. `query_vector` of shape [d] is as the encoder gave it; `neutral` takes the language out.

    Ranks begin behind the `already` that stand before these.
    """
    if not found:
        return []
    query = neutral(query_vector[np.newaxis])[0]
    raw = np.stack([each.vector for each in found])
    vectors = neutral(raw)
    cosines, dense = raw @ query_vector, vectors @ query
    sentences = _sentence_scores(found, neutral, query)
    best_sentences = np.array([max(each) for each in sentences])
    coverages = [lexical.coverage(each.folded) for each in found]
    above = centred(coverages, [search_language(each.language) for each in found])
    scores = (1 - SENTENCE_WEIGHT) * dense + SENTENCE_WEIGHT * best_sentences
    scores += LEXICAL_WEIGHT * np.array(above) - FLAG_PENALTY * np.array([each.flagged for each in found])
    gains = _gains(found, scores)
    scores += gains
    cosine_ranks, dense_ranks, lexical_ranks = (
        _ranks(values, already) for values in (cosines, dense, np.array(coverages))
    )
    order = sorted(range(len(found)), key=lambda i: (-scores[i], found[i].passage_id))
    return [
        Ranked(
            found=found[i],
            vector=vectors[i],
            sentence_scores=sentences[i],
            answer=None,
            score=float(scores[i]),
            explanation=Explanation(
                cosine_rank=cosine_ranks[i],
                cosine=float(cosines[i]),
                dense_rank=dense_ranks[i],
                dense=float(dense[i]),
                sentence=float(best_sentences[i]),
                lexical_rank=lexical_ranks[i],
                lexical=coverages[i],
                lexical_above_language=above[i],
                lead=float(gains[i]),
                matched_terms=(),
                first_stage_rank=place,
                first_stage=float(scores[i]),
                rerank=None,
                pointer=None,
                flagged=found[i].flagged,
            ),
        )
        for place, i in enumerate(order, start=already + 1)
    ]


def behind(ahead: Sequence[Ranked], ranked: Sequence[Ranked]) -> list[Ranked]:
    """The same, as far down as it takes for none to score more than what is ahead."""
    if not ranked or not ahead:
        return list(ranked)
    down = max(0.0, ranked[0].score - ahead[-1].score)
    return [replace(each, score=each.score - down) for each in ranked]


def _gains(found: Sequence[Found], scores: NDArray[np.floating]) -> NDArray[np.floating]:
    """What those that follow the best passage gain, and zero for all others, shape [found]."""
    best = int(np.argmax(scores))
    follows = [
        each.document_id == found[best].document_id and 0 < each.ordinal - found[best].ordinal <= FOLLOWERS
        for each in found
    ]
    return np.where(follows, LEAD * (scores[best] - scores), 0.0)


def _sentence_scores(
    found: Sequence[Found], neutral: Callable[[Vectors], Vectors], query: Vectors
) -> list[tuple[float, ...]]:
    """How near each passage's sentences are to the query."""
    scores = iter((neutral(np.vstack([each.sentence_vectors for each in found])) @ query).tolist())
    return [tuple(islice(scores, len(each.sentences))) for each in found]


def _ranks(scores: NDArray[np.floating], already: int) -> list[int]:
    """`already` + 1 for the highest; equal scores share a rank."""
    descending = np.sort(scores)[::-1]
    return [int(rank) + already + 1 for rank in np.searchsorted(-descending, -scores)]

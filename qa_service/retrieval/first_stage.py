"""Ranks the passages that were found: by their vector, their best sentence's, and the terms they share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors
from qa_service.records import Explanation, Span
from qa_service.retrieval.lexical import LexicalQuery, centred
from qa_service.store.rows import Candidate, Found

SENTENCE_WEIGHT = 0.5
"""A passage scores the mean of its own score and its best sentence's (eval/LOG.md)."""
LEXICAL_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with its score so far. `vector` is without its language, shape [d]."""

    passage_id: int
    search_text: str
    vector: Vectors
    sentence: Span
    score: float
    explanation: Explanation

    def candidate(self) -> Candidate:
        said = self.explanation
        scores = {"dense": said.dense, "sentence": said.sentence, "lexical": said.lexical}
        if said.rerank is not None:
            scores["rerank"] = said.rerank
        return Candidate(self.passage_id, self.sentence, self.score, scores, said)


def rank(
    found: Sequence[Found],
    query_vector: Vectors,
    neutral: Callable[[Vectors], Vectors],
    lexical: LexicalQuery,
) -> list[Ranked]:
    """Best first. `query_vector` of shape [d] is as the encoder gave it; `neutral` takes the language out."""
    if not found:
        return []
    query = neutral(query_vector[np.newaxis])[0]
    vectors = neutral(np.stack([each.vector for each in found]))
    dense = vectors @ query
    cosines = np.stack([each.vector for each in found]) @ query_vector
    sentences = _best_sentences(found, neutral, query)
    coverages = [lexical.coverage(each.folded) for each in found]
    above = centred(coverages, [each.language for each in found])
    scores = (1 - SENTENCE_WEIGHT) * dense + SENTENCE_WEIGHT * np.array([score for _, score in sentences])
    scores += LEXICAL_WEIGHT * np.array(above)
    ranks = {"cosine": _ranks(cosines), "dense": _ranks(dense), "lexical": _ranks(np.array(coverages))}
    ranked = [
        Ranked(
            passage_id=each.passage_id,
            search_text=each.search_text,
            vector=vectors[i],
            sentence=sentences[i][0],
            score=float(scores[i]),
            explanation=Explanation(
                cosine_rank=ranks["cosine"][i],
                cosine=float(cosines[i]),
                dense_rank=ranks["dense"][i],
                dense=float(dense[i]),
                sentence=sentences[i][1],
                lexical_rank=ranks["lexical"][i],
                lexical=coverages[i],
                lexical_above_language=above[i],
                matched_terms=lexical.matched(each.folded),
                first_stage_rank=0,
                first_stage=0.0,
                rerank=None,
            ),
        )
        for i, each in enumerate(found)
    ]
    ranked.sort(key=lambda each: (-each.score, each.passage_id))
    return [
        replace(each, explanation=replace(each.explanation, first_stage_rank=i, first_stage=each.score))
        for i, each in enumerate(ranked, start=1)
    ]


def behind(ahead: Sequence[Ranked], ranked: Sequence[Ranked]) -> list[Ranked]:
    """The same, as far down as it takes for all to score less than what is ahead."""
    if not ranked or not ahead:
        return list(ranked)
    down = max(0.0, ranked[0].score - ahead[-1].score)
    return [replace(each, score=each.score - down) for each in ranked]


def _best_sentences(
    found: Sequence[Found], neutral: Callable[[Vectors], Vectors], query: Vectors
) -> list[tuple[Span, float]]:
    """Each passage's sentence nearest to the query, and its score."""
    scores = neutral(np.vstack([each.sentence_vectors for each in found])) @ query
    best, start = [], 0
    for each in found:
        own = scores[start : start + len(each.sentences)]
        start += len(own)
        at = int(np.argmax(own))
        best.append((each.sentences[at], float(own[at])))
    return best


def _ranks(scores: NDArray[np.floating]) -> list[int]:
    """1 for the highest; equal scores share a rank."""
    descending = np.sort(scores)[::-1]
    return [int(rank) + 1 for rank in np.searchsorted(-descending, -scores)]

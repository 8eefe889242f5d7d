"""Question to hits by the nearest vectors: passages first, then the sentences in the best of them."""

from dataclasses import dataclass

import numpy as np

from embeddings.encoder import Encoder, Vectors
from qa_service.records import NO_FILTERS, Filters, Hit
from qa_service.store.passage_index import PassageIndex
from qa_service.store.rows import Candidate
from qa_service.store.store import Store

CANDIDATES = 50
"""How many passages the sentences are looked at of, at least."""
_SENTENCE_WEIGHT = 0.5
"""A passage scores the mean of its own score and its best sentence's (eval/LOG.md)."""


@dataclass(frozen=True, slots=True)
class DenseRetriever:
    """Exact search by the inner product of unit vectors without their language."""

    store: Store
    index: PassageIndex
    encoder: Encoder

    def encode(self, query: str) -> Vectors:
        """The vector of a query, shape [d]."""
        vector: Vectors = self.encoder.encode_queries([query])[0]
        return vector

    def search(self, query_vector: Vectors, top_k: int, filters: Filters = NO_FILTERS) -> tuple[Hit, ...]:
        """The `top_k` best passages that the filters let through, best first."""
        allowed = self.store.matching(filters) if filters else None
        nearest = self.index.search(query_vector, max(top_k, CANDIDATES), allowed)
        sentences = self.store.sentences([passage_id for passage_id, _ in nearest], len(query_vector))
        found = [(passage_id, score) for passage_id, score in nearest if passage_id in sentences]
        if not found:
            return ()
        query = self.index.neutral(query_vector[np.newaxis])[0]
        scores = self.index.neutral(np.vstack([sentences[passage_id][1] for passage_id, _ in found])) @ query
        candidates, start = [], 0
        for passage_id, score in found:
            spans = sentences[passage_id][0]
            own = scores[start : start + len(spans)]
            start += len(spans)
            best = int(np.argmax(own))
            both = {"dense": score, "sentence": float(own[best])}
            blend = (1 - _SENTENCE_WEIGHT) * both["dense"] + _SENTENCE_WEIGHT * both["sentence"]
            candidates.append(Candidate(passage_id, spans[best], blend, both))
        candidates.sort(key=lambda candidate: (-candidate.score, candidate.passage_id))
        return self.store.hits(candidates[:top_k])

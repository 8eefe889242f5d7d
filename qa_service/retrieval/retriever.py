"""Question to hits: the nearest vectors and the rarest words find passages, the first stage ranks them by sentences
and terms too, the second reads the best of them beside the question, and copies are folded."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from embeddings.base_index import Ids
from embeddings.encoder import Encoder, Vectors
from embeddings.reranker import Reranker
from qa_service.records import NO_FILTERS, Filters, Hit
from qa_service.retrieval.agreement import compared
from qa_service.retrieval.duplicates import fold
from qa_service.retrieval.first_stage import FOLLOWERS, Ranked, behind, rank
from qa_service.retrieval.lexical import LexicalQuery
from qa_service.retrieval.second_stage import reranked
from qa_service.store.passage_index import IndexView, PassageIndex
from qa_service.store.store import Store

NEAREST = 50
"""How many passages are found by their vectors and looked at."""
BY_WORDS = 20
"""How many are found by the question's rare words."""
FOLLOW_UP_WEIGHT = 0.5
"""What the bare follow-up's vector counts beside that of the completed query (eval/LOG.md)."""
_LEADERS = 4
"""So many of the nearest may come to be the best, which lifts the passages that follow it."""
_ANSWERS = -4.0
"""A passage is about a question from such log-odds on that it answers (eval/LOG.md)."""
_ABOUT, _NEARLY = 0.1, 0.15
"""Without a second stage: with so high a score, if no other has so much more."""
_FARTHEST = 10_000
"""However many copies there are, the search for more ends here."""
_COPIES = 3
"""As many hits are read from the store beyond those asked for, since some may be copies."""


@dataclass(frozen=True, slots=True)
class Retriever:
    """Safe to call from several threads. Without a reranker the first stage stands alone."""

    store: Store
    index: PassageIndex
    encoder: Encoder
    reranker: Reranker | None

    @property
    def first_stage_weight(self) -> float:
        """What a hit's score counts beside what the second stage says; 0.0 without one."""
        return self.reranker.first_stage_weight if self.reranker is not None else 0.0

    def encode(self, query: str, follow_up: str = "") -> Vectors:
        """The vector of a query, shape [d]; that of a completed follow-up leans towards the follow-up itself."""
        if follow_up in {"", query}:
            vector: Vectors = self.encoder.encode_queries([query])[0]
            return vector
        whole, alone = self.encoder.encode_queries([query, follow_up])
        leaning: Vectors = whole + FOLLOW_UP_WEIGHT * alone
        return leaning / np.linalg.norm(leaning)

    def is_about(self, completed: str, question: str, filters: Filters = NO_FILTERS) -> bool:
        """Is the passage nearest to the completed question about the question as it was asked, too?"""
        view, allowed = self.index.view, self.store.matching(filters) if filters else None
        found = [passage_id for passage_id, _ in view.search(self.encode(completed), 1, allowed)]
        passages = [each.search_text for each in self.store.found(found)]
        if not passages:
            return True
        if self.reranker is not None:
            return self.reranker.read(question, passages)[0].score >= _ANSWERS
        alone = self.encode(question)
        scores = [score for _, score in (*view.search(alone, 1, np.array(found)), *view.search(alone, 1, allowed))]
        return not scores or scores[0] >= max(_ABOUT, scores[-1] - _NEARLY)

    def search(self, query: str, query_vector: Vectors, top_k: int, filters: Filters = NO_FILTERS) -> tuple[Hit, ...]:
        """The `top_k` best matching passages that are no copies of each other, best first."""
        view = self.index.view
        lexical = LexicalQuery.of(query, view.frequencies)
        read: dict[int, Ranked] = {}
        ranked = self._ranked(_Asked(query, query_vector, lexical, filters, view))
        hits = self._hits(ranked, lexical, top_k + _COPIES, read)
        apart = fold(hits, top_k, lambda hit: read[hit.passage_id].found.folded)
        return compared(apart, lambda hit: read[hit.passage_id].vector, query)

    def _hits(
        self, ranked: Iterator[Ranked], lexical: LexicalQuery, block: int, read: dict[int, Ranked]
    ) -> Iterator[Hit]:
        """Read from the store a block at a time, as folding goes on; `read` takes what each hit came from."""
        while best := list(islice(ranked, block)):
            read.update((each.found.passage_id, each) for each in best)
            yield from self.store.hits([each.candidate(lexical) for each in best])

    def _ranked(self, asked: "_Asked") -> Iterator[Ranked]:
        """The passages looked at, best first; behind them, as long as somebody asks, what is farther away."""
        allowed = self.store.matching(asked.filters) if asked.filters else None
        nearest = asked.nearest(NEAREST, allowed)
        common = asked.view.frequencies.common_words
        words = [word for word in dict.fromkeys(asked.lexical.terms.words) if word not in common]
        rare = asked.lexical.rare_words(self.store.word_counts(words), len(asked.view))
        by_words = self.store.find_by_words(rare, BY_WORDS, asked.filters)
        following = self.store.following(nearest[:_LEADERS], FOLLOWERS, asked.filters)
        ids = list(dict.fromkeys([*nearest, *by_words, *following]))
        ranked = self._rank(asked, ids, already=0)
        if self.reranker is not None:
            ranked = reranked(self.reranker, asked.query, ranked)
        yield from ranked
        seen, k = set(ids), NEAREST
        while len(nearest) == k and k < _FARTHEST:
            k *= 4
            nearest = asked.nearest(k, allowed)
            ids = [passage_id for passage_id in nearest if passage_id not in seen]
            ranked = behind(ranked, self._rank(asked, ids, already=len(seen)))
            seen.update(ids)
            yield from ranked

    def _rank(self, asked: "_Asked", ids: list[int], already: int) -> list[Ranked]:
        found = self.store.found(ids)
        return rank(found, asked.query_vector, asked.view.neutral, asked.lexical, already)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One search, over one view of the index from its beginning to its end."""

    query: str
    query_vector: Vectors
    lexical: LexicalQuery
    filters: Filters
    view: IndexView

    def nearest(self, k: int, allowed: Ids | None) -> list[int]:
        return [passage_id for passage_id, _ in self.view.search(self.query_vector, k, allowed)]

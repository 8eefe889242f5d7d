"""Question to hits by the nearest vectors."""

from dataclasses import dataclass

from embeddings.encoder import Encoder, Vectors
from qa_service.records import Hit
from qa_service.store.passage_index import PassageIndex
from qa_service.store.store import Store


@dataclass(frozen=True, slots=True)
class DenseRetriever:
    """Exact search by the inner product of unit vectors."""

    store: Store
    index: PassageIndex
    encoder: Encoder

    def encode(self, query: str) -> Vectors:
        """The vector of a query, shape [d]."""
        vector: Vectors = self.encoder.encode_queries([query])[0]
        return vector

    def search(self, query_vector: Vectors, top_k: int) -> tuple[Hit, ...]:
        """The `top_k` nearest passages, best first."""
        nearest = self.index.search(query_vector, top_k)
        return self.store.hits({passage_id: {"dense": score} for passage_id, score in nearest}, by="dense")

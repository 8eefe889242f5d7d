"""The textbook pipeline, as most tutorials build it: the baseline that is run beside the service."""

from collections.abc import Sequence

import faiss
from langchain_text_splitters import RecursiveCharacterTextSplitter

from embeddings.encoder import Encoder
from eval.sets import CorpusDocument
from eval.systems import Cited, Reply, Retrieved

CHUNK_SIZE = 1_000
CHUNK_OVERLAP = 200
_ANSWER_CHUNKS = 5


class TextbookSystem:
    """RecursiveCharacterTextSplitter(1000, 200) with its defaults, IndexFlatIP over unit vectors (cosine).

    It always answers, with its five top chunks as they are, so its quotes are whole chunks; its confidence is the
    top cosine.
    """

    name = "textbook"
    index_version = f"recursive-{CHUNK_SIZE}-{CHUNK_OVERLAP}, IndexFlatIP"
    refused: Sequence[str] = ()

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._splitter = RecursiveCharacterTextSplitter(
            chunk_size=CHUNK_SIZE, chunk_overlap=CHUNK_OVERLAP, add_start_index=True
        )
        self._chunks: list[Retrieved] = []
        self._index = faiss.IndexFlatIP(encoder.spec.dimension)

    def index(self, documents: Sequence[CorpusDocument]) -> None:
        made = self._splitter.create_documents(
            [document.text for document in documents], [{"id": document.id} for document in documents]
        )
        self._chunks = []
        for chunk in made:
            start, text = chunk.metadata["start_index"], chunk.page_content
            self._chunks.append(Retrieved(chunk.metadata["id"], start, start + len(text), text, score=0))
        self._index = faiss.IndexFlatIP(self._encoder.spec.dimension)
        if self._chunks:
            self._index.add(self._encoder.encode_passages([chunk.text for chunk in self._chunks]))

    def search(self, question: str, top_k: int) -> Sequence[Retrieved]:
        scores, ids = self._index.search(self._encoder.encode_queries([question]), min(top_k, len(self._chunks)))
        return [
            Retrieved(chunk.document_id, chunk.start, chunk.end, chunk.text, float(score))
            for score, chunk in zip(scores[0], (self._chunks[i] for i in ids[0]), strict=True)
        ]

    def ask(self, question: str) -> Reply:
        hits = self.search(question, _ANSWER_CHUNKS)
        return Reply(
            answerable=True,
            confidence=hits[0].score,
            citations=tuple(Cited(hit, hit.start, hit.end) for hit in hits),
            text="\n\n".join(hit.text for hit in hits),
        )

    def close(self) -> None:
        """Nothing is held open."""

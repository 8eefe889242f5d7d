"""What a user would otherwise build, each as one process with the same two commands.

    python -m eval.bench.peers NAME index --texts FILE --model FOLDER --data FOLDER
    python -m eval.bench.peers NAME serve --model FOLDER --data FOLDER --port PORT

`afternoon` is FastAPI, sentence-transformers and FAISS; `txtai` and `haystack` are those packages behind FastAPI. All
use the same model folder with its prefixes and answer `POST /ask` with the five nearest chunks of 1,000 characters.
`index` prints one line of JSON: chunks, characters, seconds of the work itself, without starting up.
"""

import argparse
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from langchain_text_splitters import RecursiveCharacterTextSplitter

from eval.textbook import CHUNK_OVERLAP, CHUNK_SIZE

QUERY, PASSAGE = "query: ", "passage: "
_TOP_K = 5
_BATCH = 32

Found = list[dict[str, Any]]


class Peer(Protocol):
    """`chunks` are its passages; `search` gives the nearest of them."""

    def __init__(self, model: Path, data: Path) -> None: ...

    def index(self, chunks: Sequence[str]) -> None: ...

    def open(self) -> None: ...

    def search(self, question: str) -> Found: ...


class Afternoon:
    """FastAPI + sentence-transformers + FAISS, as most tutorials build it."""

    def __init__(self, model: Path, data: Path) -> None:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415  each peer imports its own libraries

        self._model, self._data = SentenceTransformer(str(model), local_files_only=True), data

    def index(self, chunks: Sequence[str]) -> None:
        import faiss  # noqa: PLC0415

        vectors = self._model.encode(
            [PASSAGE + chunk for chunk in chunks], batch_size=_BATCH, normalize_embeddings=True
        )
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        faiss.write_index(index, str(self._data / "index.faiss"))
        (self._data / "chunks.json").write_text(json.dumps(list(chunks), ensure_ascii=False), encoding="utf-8")

    def open(self) -> None:
        import faiss  # noqa: PLC0415

        self._index = faiss.read_index(str(self._data / "index.faiss"))
        self._chunks = json.loads((self._data / "chunks.json").read_text(encoding="utf-8"))

    def search(self, question: str) -> Found:
        vector = self._model.encode([QUERY + question], normalize_embeddings=True)
        scores, ids = self._index.search(vector, _TOP_K)
        return [{"text": self._chunks[i], "score": float(s)} for i, s in zip(ids[0], scores[0], strict=True) if i >= 0]


class Txtai:
    def __init__(self, model: Path, data: Path) -> None:
        from txtai import Embeddings  # noqa: PLC0415

        self._folder = str(data / "txtai")
        instructions = {"query": QUERY, "data": PASSAGE}
        self._one_at_a_time = threading.Lock()  # its threads share a cursor of SQLite: two at once end the process
        self._embeddings = Embeddings(path=str(model), content=True, instructions=instructions, encodebatch=_BATCH)

    def index(self, chunks: Sequence[str]) -> None:
        self._embeddings.index((number, chunk, None) for number, chunk in enumerate(chunks))
        self._embeddings.save(self._folder)

    def open(self) -> None:
        self._embeddings.load(self._folder)

    def search(self, question: str) -> Found:
        with self._one_at_a_time:
            found = self._embeddings.search(question, _TOP_K)
        return [{"text": each["text"], "score": each["score"]} for each in found]


class Haystack:
    def __init__(self, model: Path, data: Path) -> None:
        os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
        from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever  # noqa: PLC0415
        from haystack.document_stores.in_memory import InMemoryDocumentStore  # noqa: PLC0415
        from haystack_integrations.components.embedders.sentence_transformers import (  # noqa: PLC0415
            SentenceTransformersDocumentEmbedder,
            SentenceTransformersTextEmbedder,
        )

        self._file = str(data / "haystack.json")
        shared: dict[str, Any] = {"model": str(model), "progress_bar": False, "normalize_embeddings": True}
        shared["local_files_only"] = True
        self._query_embedder = SentenceTransformersTextEmbedder(prefix=QUERY, **shared)
        self._embedder = SentenceTransformersDocumentEmbedder(prefix=PASSAGE, batch_size=_BATCH, **shared)
        self._store: Any = InMemoryDocumentStore(return_embedding=False)
        self._new_retriever: Callable[..., Any] = InMemoryEmbeddingRetriever
        self._load_store: Callable[[str], Any] = InMemoryDocumentStore.load_from_disk

    def index(self, chunks: Sequence[str]) -> None:
        from haystack import Document  # noqa: PLC0415

        self._embedder.warm_up()
        made = self._embedder.run(documents=[Document(content=chunk) for chunk in chunks])
        self._store.write_documents(made["documents"])
        self._store.save_to_disk(self._file)

    def open(self) -> None:
        self._query_embedder.warm_up()
        self._store = self._load_store(self._file)
        self._retriever = self._new_retriever(document_store=self._store, top_k=_TOP_K)

    def search(self, question: str) -> Found:
        vector = self._query_embedder.run(text=question)["embedding"]
        found = self._retriever.run(query_embedding=vector)["documents"]
        return [{"text": each.content, "score": each.score} for each in found]


PEERS: dict[str, type[Peer]] = {"afternoon": Afternoon, "txtai": Txtai, "haystack": Haystack}


def chunks_of(texts: Sequence[str]) -> list[str]:
    splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK_SIZE, chunk_overlap=CHUNK_OVERLAP)
    return [chunk for text in texts for chunk in splitter.split_text(text)]


def _index(peer: Peer, texts: Sequence[str]) -> None:
    begin = time.perf_counter()
    chunks = chunks_of(texts)
    peer.index(chunks)
    seconds = time.perf_counter() - begin
    print(json.dumps({"chunks": len(chunks), "characters": sum(map(len, texts)), "seconds": seconds}))


def _serve(peer: Peer, port: int) -> None:
    import uvicorn  # noqa: PLC0415
    from fastapi import Body, FastAPI  # noqa: PLC0415

    app = FastAPI()
    peer.open()

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/ask")
    def ask(question: str = Body(embed=True)) -> dict[str, Found]:
        return {"passages": peer.search(question)}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.bench.peers", description=__doc__)
    parser.add_argument("name", choices=PEERS)
    parser.add_argument("command", choices=("index", "serve"))
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--texts", type=Path, help="a JSON list of texts")
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    peer = PEERS[options.name](options.model, options.data)
    if options.command == "index":
        _index(peer, json.loads(options.texts.read_text(encoding="utf-8")))
    else:
        _serve(peer, options.port)


if __name__ == "__main__":
    main()

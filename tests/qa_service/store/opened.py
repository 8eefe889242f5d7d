"""A store with its index over a folder, files made for it, and the truth that both must agree with."""

import hashlib
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.base_index import Ids
from embeddings.hashing import HashingEncoder
from qa_service.ingest.chunk import make_passages
from qa_service.records import Explanation, RawFile, Receipt
from qa_service.store.indexer import Indexer
from qa_service.store.passage_index import PassageIndex
from qa_service.store.rows import Candidate, read_blocks
from qa_service.store.store import Store

WORDS = ["forum", "trade", "саясат", "media", "论坛", "合作。", "Astana", "Астана", "өңір", "energy", "summit", "铁路"]
CLOSE = 1e-5


@dataclass(frozen=True, slots=True)
class Opened:
    store: Store
    index: PassageIndex
    indexer: Indexer

    def add(self, text: str, name: str = "file.txt", **metadata: str) -> Receipt:
        return self.indexer.add(RawFile(name, text.encode(), metadata))


@contextmanager
def opened(data_dir: Path, encoder: HashingEncoder | None = None) -> Iterator[Opened]:
    encoder = encoder or HashingEncoder()
    store = Store(data_dir)
    try:
        index = PassageIndex(store, data_dir / "index", encoder.spec.dimension)
        try:
            yield Opened(store, index, Indexer(store, index, encoder))
        finally:
            index.close()
    finally:
        store.close()


def made_text(number: int, sentences: int = 30) -> str:
    """A text of its own for each number, of a few passages."""
    chance = random.Random(number)
    lines = [f"Document {number}."]
    lines += [" ".join(chance.choices(WORDS, k=chance.randint(4, 14))).capitalize() + "." for _ in range(sentences)]
    return "\n".join(lines)


def assert_store_is_whole(store: Store, encoder: HashingEncoder) -> None:
    """Every document is there with all that belongs to it, and nothing is there that belongs to none."""
    with store.database.reading() as connection:
        assert [row[0] for row in connection.execute("PRAGMA integrity_check")] == ["ok"]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        documents = connection.execute("SELECT id, sha256, content FROM documents JOIN originals ON document_id = id")
        assert {row["id"] for row in documents} == set(store.document_ids())
        passages = {row["id"] for row in connection.execute("SELECT id FROM passages")}
        assert {row["passage_id"] for row in connection.execute("SELECT passage_id FROM vectors")} == passages
        assert {row["passage_id"] for row in connection.execute("SELECT passage_id FROM sentences")} == passages
        assert {row["rowid"] for row in connection.execute("SELECT rowid FROM lexical")} == passages
    with store.database.writing() as connection:
        connection.execute("INSERT INTO lexical (lexical) VALUES ('integrity-check')")
    for document_id in store.document_ids():
        assert_document_is_whole(store, document_id, encoder)


def assert_document_is_whole(store: Store, document_id: str, encoder: HashingEncoder) -> None:
    document = store.document(document_id)
    with store.database.reading() as connection:
        row = connection.execute(
            "SELECT * FROM documents JOIN originals ON document_id = id WHERE id = ?", [document_id]
        ).fetchone()
        vectors = connection.execute(
            "SELECT vector FROM vectors JOIN passages ON id = passage_id WHERE document_id = ? ORDER BY ordinal",
            [document_id],
        ).fetchall()
    assert hashlib.sha256(row["content"]).hexdigest() == row["sha256"] == document.sha256
    assert document.text_sha256 == row["text_sha256"]
    passages = make_passages(document, store.quarantined(document_id)) if document.status == "indexed" else ()
    assert store.passages(document_id) == passages
    expected = encoder.encode_passages([passage.search_text for passage in passages])
    assert b"".join(vector["vector"] for vector in vectors) == expected.astype(np.float16).tobytes()


def assert_index_is_the_truth(
    store: Store, index: PassageIndex, encoder: HashingEncoder, allowed: Ids | None = None
) -> None:
    """Search gives what brute force over the neutral vectors of SQLite, or the allowed ones, gives, up to rounding."""
    index.close()  # a rebuild under way would swap the neutralizer between the two
    with store.database.reading() as connection:
        truth = {
            passage_id: vector
            for block in read_blocks(connection)
            for passage_id, vector in zip(block.ids.tolist(), index.neutral(block.vectors), strict=True)
        }
    assert len(index) == len(truth)
    if allowed is not None:
        truth = {passage_id: truth[passage_id] for passage_id in allowed.tolist()}
    for query in encoder.encode_queries(["trade in Astana", "铁路 合作", "өңір саясат", "Document 7"]):
        neutral = index.neutral(query[np.newaxis])[0]
        exact = {passage_id: float(vector @ neutral) for passage_id, vector in truth.items()}
        for k in (1, 10, len(truth) + 5):
            nearest = index.search(query, k, allowed)
            best = sorted(exact.values(), reverse=True)[:k]
            assert len(nearest) == len({passage_id for passage_id, _ in nearest}) == len(best)
            assert np.allclose([score for _, score in nearest], best, atol=CLOSE)
            assert np.allclose([score for _, score in nearest], [exact[each] for each, _ in nearest], atol=CLOSE)


ENCODER = HashingEncoder()


def candidates(store: Store, nearest: Iterable[tuple[int, float]]) -> list[Candidate]:
    """As a search makes them of passage ids and scores."""
    scores = dict(nearest)
    found = store.found(list(scores))
    return [_candidate(each.passage_id, len(each.sentences), scores[each.passage_id]) for each in found]


def _candidate(passage_id: int, sentences: int, score: float) -> Candidate:
    explanation = Explanation(
        cosine_rank=1,
        cosine=score,
        dense_rank=1,
        dense=score,
        sentence=score,
        lexical_rank=1,
        lexical=0.0,
        lexical_above_language=0.0,
        lead=0.0,
        matched_terms=(),
        first_stage_rank=1,
        first_stage=score,
        rerank=None,
        pointer=None,
    )
    return Candidate(passage_id, (score,) * sentences, None, score, {}, explanation)

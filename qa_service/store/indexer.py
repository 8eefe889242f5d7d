"""Files into the store and its index, and out of them again."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from embeddings.encoder import Encoder
from embeddings.index import check_vectors
from qa_service.errors import BadInput, NotFound
from qa_service.ingest.chunk import make_passages
from qa_service.ingest.decisions import kept_out, restored
from qa_service.ingest.document import document_id, make_document
from qa_service.records import (
    Document,
    DocumentStatus,
    Passage,
    Quarantined,
    QuarantineKind,
    RawFile,
    Receipt,
    Span,
    Status,
)
from qa_service.store.manifest import IndexManifest
from qa_service.store.passage_index import PassageIndex
from qa_service.store.rows import EncodedPassage
from qa_service.store.store import Store

Decide = Callable[[Document, Sequence[Quarantined]], Sequence[Quarantined]]
Progress = Callable[[int, int], None]
"""Called with how many are done and how many there are."""


def no_progress(_done: int, _total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Indexer:
    """Encoding happens outside the lock; the store's commit and the index' change inside."""

    store: Store
    index: PassageIndex
    encoder: Encoder
    _replacing: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    @property
    def manifest(self) -> IndexManifest:
        return IndexManifest.current(self.encoder.spec)

    def add(self, file: RawFile) -> Receipt:
        """Takes in a file; the same bytes again change nothing. Raises BadFile."""
        begin = time.perf_counter()
        existing = document_id(file.content)
        if self.store.has_document(existing):
            return self._stored_receipt(existing, "unchanged")
        document, quarantined = make_document(file)
        passages = encode_passages(self.encoder, make_passages(document, quarantined))
        with self.index.lock:
            took_ms = (time.perf_counter() - begin) * 1000
            ids = self.store.add(document, file.content, quarantined, passages, self.manifest, took_ms)
            if ids is not None:
                self._add_to_index(ids, passages)
        if ids is None:
            return self._stored_receipt(document.id, "unchanged")
        return self._stored_receipt(document.id, "waiting" if document.status == "waiting" else "added")

    def delete(self, document_id: str) -> None:
        """Deletes a document with all that was derived from it. Raises NotFound."""
        with self.index.lock:
            self.index.remove(self.store.delete(document_id))
        self.store.purge()

    def restore(self, document_id: str, start: int) -> Receipt:
        """Lets a quarantined or flagged stretch be searched as any other, for good. Raises NotFound."""

        def decide(_document: Document, entries: Sequence[Quarantined]) -> Sequence[Quarantined]:
            decided = restored(entries, start)
            if decided is None:
                raise NotFound(f"no quarantined stretch of document {document_id} begins at {start}")
            return decided

        return self._decide(document_id, decide, "restored")

    def quarantine(self, document_id: str, span: Span, kind: QuarantineKind) -> Receipt:
        """Keeps a stretch out of search, for good. Raises NotFound and BadInput."""

        def decide(document: Document, entries: Sequence[Quarantined]) -> Sequence[Quarantined]:
            if span.end > len(document.text):
                raise BadInput(f"end: the document has {len(document.text):,} characters")
            return kept_out(entries, span, kind)

        return self._decide(document_id, decide, "quarantined")

    def accept(self, document_id: str) -> Receipt:
        """Lets what the rules left of a waiting document be searched. Raises NotFound and BadInput."""

        def decide(document: Document, entries: Sequence[Quarantined]) -> Sequence[Quarantined]:
            if document.status != "waiting":
                raise BadInput(f"document {document_id} does not wait for a decision")
            return entries

        return self._decide(document_id, decide, "accepted")

    def _decide(self, document_id: str, decide: Decide, status: Status) -> Receipt:
        """An operator's decision on any stretch of a waiting document is one on the document, too."""
        with self._replacing:
            document = self.store.document(document_id)
            entries = decide(document, self.store.quarantined(document_id))
            self._replace(document_id, entries, "indexed" if document.status == "waiting" else document.status)
        return self._stored_receipt(document_id, status)

    def remake_all(self, progress: Progress) -> int:
        """Makes the passages of every document anew; how many documents there are."""
        ids = self.store.document_ids()
        for done, each in enumerate(ids, start=1):
            with self._replacing, suppress(NotFound):  # deleted meanwhile
                self._replace(each, self.store.quarantined(each))
            progress(done, len(ids))
        return len(ids)

    def _replace(
        self, document_id: str, quarantined: Sequence[Quarantined], status: DocumentStatus | None = None
    ) -> None:
        """The caller holds `_replacing`, so that nobody restores a stretch between the look at it and the change."""
        document = self.store.document(document_id)
        if status is not None:
            document = replace(document, status=status)
        passages = encode_passages(self.encoder, make_passages(document, quarantined))
        with self.index.lock:
            old, new = self.store.replace_passages(document_id, quarantined, passages, self.manifest, status)
            self.index.remove(old)
            self._add_to_index(new, passages)

    def _add_to_index(self, ids: list[int], passages: Sequence[EncodedPassage]) -> None:
        if passages:
            self.index.add(ids, np.stack([encoded.vector for encoded in passages]))

    def _stored_receipt(self, document_id: str, status: Status) -> Receipt:
        passages, quarantined = self.store.passages(document_id), self.store.quarantined(document_id)
        taking_in, document = self.store.taking_in(document_id), self.store.document(document_id)
        return Receipt(
            document_id=document.id,
            file_name=document.file_name,
            status=status,
            format=document.format,
            encoding=document.encoding,
            metadata=document.metadata,
            origins=document.origins,
            characters=len(document.text),
            sections=document.sections,
            pages=len(document.pages),
            passages=len(passages),
            quarantined=quarantined,
            near_duplicates=taking_in.near_duplicates,
            replaces=taking_in.replaces,
            received_at=taking_in.received_at,
            took_ms=taking_in.took_ms,
        )


def remake(store: Store, encoder: Encoder, ids: Sequence[str], progress: Progress) -> int:
    """Makes the passages of these documents anew, a document a transaction, while no index is open over the store."""
    manifest = IndexManifest.current(encoder.spec)
    for done, each in enumerate(ids, start=1):
        document, quarantined = store.document(each), store.quarantined(each)
        passages = encode_passages(encoder, make_passages(document, quarantined))
        store.replace_passages(each, quarantined, passages, manifest)
        progress(done, len(ids))
    if ids:
        store.forget_base()
    return len(ids)


def encode_passages(encoder: Encoder, passages: Sequence[Passage]) -> list[EncodedPassage]:
    """The passages with their vectors and those of their sentences, encoded in one go.

    The sentence of a passage that holds no other is not encoded twice.
    """
    texts = [text for passage in passages for text in _texts(passage)]
    matrix = encoder.encode_passages(texts)
    check_vectors(matrix, encoder.spec.dimension)  # before they are stored: the index takes no others
    vectors = iter(matrix)
    encoded = []
    for passage in passages:
        vector = next(vectors)
        own = _has_own_sentences(passage)
        sentences = [next(vectors) for _ in passage.sentences] if own else [vector] * len(passage.sentences)
        shape = (len(passage.sentences), encoder.spec.dimension)
        encoded.append(EncodedPassage(passage, vector, np.array(sentences, dtype=np.float32).reshape(shape)))
    return encoded


def _texts(passage: Passage) -> Iterator[str]:
    yield passage.search_text
    if _has_own_sentences(passage):
        for sentence in passage.search_sentences:
            yield passage.search_text[sentence.start : sentence.end]


def _has_own_sentences(passage: Passage) -> bool:
    return passage.sentences != (passage.span,)

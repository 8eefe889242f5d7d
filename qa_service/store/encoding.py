"""Passages to the vectors that the store keeps: their own, and one for each of their sentences."""

import errno
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from embeddings.base_index import check_vectors
from embeddings.encoder import Encoder
from qa_service.errors import StoreError
from qa_service.ingest.chunk import make_passages
from qa_service.ingest.clean_meaning import AdvertisementRule
from qa_service.ingest.decisions import combined
from qa_service.ingest.document import described_without
from qa_service.records import Document, Passage, Quarantined
from qa_service.store.rows import EncodedPassage, StoredVectors

_AT_ONCE = 1_000
"""Passages: so many vectors stand in memory as the encoder gives them."""
_IN_MEMORY = 32_000_000
"""Bytes: the vectors of a book wait on the disk until they are stored."""
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


def encode_passages(encoder: Encoder, passages: Sequence[Passage], folder: Path) -> list[EncodedPassage]:
    """The passages with their vectors; those of a long document stand in a file in `folder` that has no name.

    Raises StoreError where it can't be written.
    """
    counts = [len(_texts(passage)) for passage in passages]
    vectors = _vectors(encoder, passages, sum(counts), folder)
    encoded, start = [], 0
    for passage, count in zip(passages, counts, strict=True):
        end = start + count
        encoded.append(EncodedPassage(passage, vectors[start], vectors[min(start + 1, end - 1) : end]))
        start = end
    return encoded


def encode_document(
    encoder: Encoder,
    document: Document,
    quarantined: Sequence[Quarantined],
    rule: AdvertisementRule | None,
    folder: Path,
) -> tuple[Document, tuple[Quarantined, ...], list[EncodedPassage]]:
    """The document, what of it is under suspicion, and its passages with their vectors.

    The sentences that advertise by the `rule` join what is `quarantined`; what was decided or found before on some of
    them counts. The passages are cut around them, and the document is described without them.
    """
    passages = encode_passages(encoder, make_passages(document, quarantined), folder)
    advertising = rule.find(document.text, ((each.passage, each.sentence_vectors) for each in passages)) if rule else []
    entries = tuple(combined(advertising, quarantined))
    if entries == tuple(quarantined):
        return document, entries, passages
    described = described_without(document, entries)
    return described, entries, _encoded_again(encoder, make_passages(described, entries), passages, folder)


def _encoded_again(
    encoder: Encoder, passages: Sequence[Passage], known: Sequence[EncodedPassage], folder: Path
) -> list[EncodedPassage]:
    """Only what is cut otherwise than before is encoded."""
    before = {(each.passage.span, each.passage.search_text): each for each in known}
    others = [each for each in passages if (each.span, each.search_text) not in before]
    new = iter(encode_passages(encoder, others, folder))
    return [
        replace(same, passage=each) if (same := before.get((each.span, each.search_text))) else next(new)
        for each in passages
    ]


def _texts(passage: Passage) -> list[str]:
    """The passage, and its sentences but for one that is the whole passage: it is not encoded twice."""
    if passage.sentences == (passage.span,):
        return [passage.search_text]
    return [passage.search_text, *(passage.search_text[span.start : span.end] for span in passage.search_sentences)]


def _vectors(encoder: Encoder, passages: Sequence[Passage], count: int, folder: Path) -> StoredVectors:
    shape = (count, encoder.spec.dimension)
    if count * encoder.spec.dimension * np.dtype(np.float16).itemsize <= _IN_MEMORY:
        vectors, end = np.empty(shape, dtype=np.float16), 0
        for part in _parts(encoder, passages):
            vectors[end : end + len(part)] = part
            end += len(part)
        return vectors
    try:
        with TemporaryFile(dir=folder) as file:
            for part in _parts(encoder, passages):
                file.write(part.tobytes())
            file.flush()
            return np.asarray(np.memmap(file, dtype=np.float16, mode="r", shape=shape))
    except OSError as error:
        hint = "free some disk space" if error.errno in _NO_ROOM else "make the data directory writable"
        raise StoreError(f"{folder}: {error.strerror} ({hint}; nothing was changed)") from error


def _parts(encoder: Encoder, passages: Sequence[Passage]) -> Iterator[StoredVectors]:
    for start in range(0, len(passages), _AT_ONCE):
        texts = [text for passage in passages[start : start + _AT_ONCE] for text in _texts(passage)]
        rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}  # a log says one thing a thousand times
        found = encoder.encode_passages(list(rows))
        check_vectors(found, encoder.spec.dimension)  # before they are stored: the index takes no others
        if len(found) != len(rows):
            raise ValueError(f"the encoder gave {len(found)} vectors for {len(rows)} texts")
        yield found.astype(np.float16)[[rows[text] for text in texts]]

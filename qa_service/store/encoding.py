"""Passages to the vectors that the store keeps: their own, and one for each of their sentences."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from embeddings.base_index import check_vectors
from embeddings.encoder import Encoder
from qa_service.errors import StoreError
from qa_service.records import Passage
from qa_service.store.rows import EncodedPassage, StoredVectors

_AT_ONCE = 1_000
"""Passages: so many vectors stand in memory as the encoder gives them."""
_IN_MEMORY = 32_000_000
"""Bytes: the vectors of a book wait on the disk until they are stored."""
_ROOM_PART = 1_000_000


def encode_passages(encoder: Encoder, passages: Sequence[Passage], folder: Path) -> list[EncodedPassage]:
    """The passages with their vectors; those of a long document stand in a file in `folder` that has no name.

    Raises StoreError where the disk is full.
    """
    vectors = _room(sum(map(_count, passages)), encoder.spec.dimension, folder)
    encoded: list[EncodedPassage] = []
    at = 0
    for start in range(0, len(passages), _AT_ONCE):
        part = passages[start : start + _AT_ONCE]
        found = encoder.encode_passages([text for passage in part for text in _texts(passage)])
        check_vectors(found, encoder.spec.dimension)  # before they are stored: the index takes no others
        vectors[at : at + len(found)] = found
        for passage in part:
            end = at + _count(passage)
            encoded.append(EncodedPassage(passage, vectors[at], vectors[min(at + 1, end - 1) : end]))
            at = end
    return encoded


def _count(passage: Passage) -> int:
    """Of its texts: a sentence that is the whole passage is not encoded twice."""
    return 1 if passage.sentences == (passage.span,) else 1 + len(passage.sentences)


def _texts(passage: Passage) -> Iterator[str]:
    yield passage.search_text
    if _count(passage) > 1:
        for sentence in passage.search_sentences:
            yield passage.search_text[sentence.start : sentence.end]


def _room(count: int, dimension: int, folder: Path) -> StoredVectors:
    shape = (count, dimension)
    size = count * dimension * np.dtype(np.float16).itemsize
    if size <= _IN_MEMORY:
        return np.empty(shape, dtype=np.float16)
    try:
        with TemporaryFile(dir=folder) as file:
            for start in range(0, size, _ROOM_PART):  # written, so that a full disk is an error here, not a crash later
                file.write(bytes(min(_ROOM_PART, size - start)))
            file.flush()
            return np.asarray(np.memmap(file, dtype=np.float16, mode="r+", shape=shape))
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror} (free some disk space; nothing was changed)") from error

"""Passages get their vectors and those of their sentences, in memory or, of a book, on the disk."""

import errno
import os
from pathlib import Path
from tempfile import TemporaryFile
from unittest.mock import Mock

import numpy as np
import pytest

from embeddings.hashing import HashingEncoder
from qa_service.errors import StoreError
from qa_service.ingest.chunk import make_passages
from qa_service.store import encoding
from qa_service.store.encoding import encode_passages
from tests.qa_service.ingest.texts import document_of
from tests.qa_service.store.opened import made_text

ENCODER = HashingEncoder()
PASSAGES = make_passages(document_of(f"Alone\n\n{made_text(1, sentences=80)}"), ())


@pytest.mark.parametrize("in_memory", [32_000_000, 0])
def test_each_text_has_its_own_vector(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, in_memory: int) -> None:
    monkeypatch.setattr(encoding, "_IN_MEMORY", in_memory)
    monkeypatch.setattr(encoding, "_AT_ONCE", 4)
    files = Mock(wraps=TemporaryFile)
    monkeypatch.setattr(encoding, "TemporaryFile", files)
    encoded = encode_passages(ENCODER, PASSAGES, tmp_path)
    assert len(encoded) > 8
    assert [each.passage for each in encoded] == list(PASSAGES)
    for each in encoded:
        text = each.passage.search_text
        sentences = [text[span.start : span.end] for span in each.passage.search_sentences]
        (expected, *_), own = ENCODER.encode_passages([text]), ENCODER.encode_passages(sentences)
        assert each.vector.tobytes() == expected.astype(np.float16).tobytes()
        assert each.sentence_vectors.tobytes() == own.astype(np.float16).tobytes()
    assert files.called == (in_memory == 0)
    assert list(tmp_path.iterdir()) == []


def test_what_a_text_says_again_is_encoded_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    passages = make_passages(document_of("The same line of a log stands here again.\n" * 800 + made_text(2)), ())
    asked: list[str] = []
    encode = ENCODER.encode_passages
    monkeypatch.setattr(ENCODER, "encode_passages", lambda texts: asked.extend(texts) or encode(texts))
    encoded = encode_passages(ENCODER, passages, tmp_path)
    assert len(asked) == len(set(asked)) < len(passages)
    for each in encoded:
        assert each.vector.tobytes() == encode([each.passage.search_text]).astype(np.float16).tobytes()


@pytest.mark.parametrize(("number", "hint"), [(errno.ENOSPC, "free some disk space"), (errno.EROFS, "writable")])
def test_a_disk_that_takes_no_more_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int, hint: str
) -> None:
    monkeypatch.setattr(encoding, "_IN_MEMORY", 0)
    monkeypatch.setattr(encoding, "TemporaryFile", Mock(side_effect=OSError(number, os.strerror(number))))
    with pytest.raises(StoreError, match=rf"{hint}; nothing was changed"):
        encode_passages(ENCODER, PASSAGES, tmp_path)


def test_an_encoder_that_gives_too_few_vectors_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ENCODER, "encode_passages", Mock(return_value=ENCODER.encode_passages(["one"])))
    with pytest.raises(ValueError, match="gave 1 vectors for"):
        encode_passages(ENCODER, PASSAGES, tmp_path)


def test_no_passages_need_no_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(encoding, "_IN_MEMORY", 0)
    assert encode_passages(ENCODER, (), tmp_path / "gone") == []

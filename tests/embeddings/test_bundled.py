import hashlib
import json
import logging
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from embeddings import bundled
from embeddings.adapter import shipped_adapter
from embeddings.errors import ModelError
from embeddings.folder_spec import read_spec
from embeddings.model_choice import ready_folder
from embeddings.packed_weights import parse
from tests.embeddings.packed_file import TINY, packed_file


class Interrupted(Exception):
    pass


def test_a_file_that_is_not_the_known_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(packed_file())
    with pytest.raises(ModelError, match=r"not the known model file.*reinstall"):
        bundled.build(tmp_path / "model", weights=tmp_path / "weights.bin")
    assert [path.name for path in tmp_path.iterdir()] == ["weights.bin"]


@pytest.mark.parametrize("content", [b"", None])
def test_an_empty_or_missing_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "weights.bin").write_bytes(content)
    with pytest.raises(ModelError, match="cannot build the model"):
        bundled.build(tmp_path / "model", weights=tmp_path / "weights.bin")


def test_a_folder_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is there already"):
        bundled.build(tmp_path)


def test_an_interrupted_build_leaves_nothing_and_the_next_one_clears_up(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done > total // 50:
            raise Interrupted

    stale = tmp_path / ".model.building-killed"
    stale.mkdir()
    (stale / "model.safetensors").write_bytes(b"half")
    with pytest.raises(Interrupted):
        bundled.build(tmp_path / "model", progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_nothing_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ModelError, match="cannot build the model"):
        bundled.build(tmp_path / "file" / "model")


def test_the_weights_are_written_as_safetensors_with_the_hubs_names(tmp_path: Path) -> None:
    packed = parse(packed_file(), TINY)
    seen: list[tuple[int, int]] = []
    sha256 = bundled._write_tensors(tmp_path / "w.safetensors", packed, None, lambda *counts: seen.append(counts))
    tensors = load_file(tmp_path / "w.safetensors")
    assert sha256 == hashlib.sha256((tmp_path / "w.safetensors").read_bytes()).hexdigest()
    assert tensors["embeddings.word_embeddings.weight"].shape == (TINY.vocabulary, TINY.hidden)
    assert tensors["encoder.layer.0.output.dense.weight"].shape == (TINY.hidden, TINY.feed_forward)
    np.testing.assert_array_equal(tensors["encoder.layer.0.attention.output.LayerNorm.bias"], np.arange(32) / 4)
    assert len(tensors) == len(TINY.tensors())
    assert seen[-1] == (4 * sum(tensor.size for tensor in tensors.values()),) * 2


@pytest.mark.model
def test_the_folder_names_its_source_and_the_hash_of_every_file(model_folder: Path) -> None:
    facts = json.loads((model_folder / "qa_model.json").read_text())
    assert facts["source"]["sha256"] == bundled.WEIGHTS_SHA256
    adapter = shipped_adapter(bundled.WEIGHTS_SHA256)
    assert adapter is not None
    assert facts["adapter"] == {"name": adapter.name, "sha256": adapter.sha256}
    files = {path.relative_to(model_folder).as_posix() for path in model_folder.rglob("*") if path.is_file()}
    assert set(facts["files"]) == files - {"qa_model.json"}
    spec = read_spec(model_folder)
    assert (spec.name, spec.precision) == ("intfloat/multilingual-e5-small", "q4_0, adapted")
    assert (spec.dimension, spec.max_tokens) == (384, 512)
    assert (spec.query_prefix, spec.passage_prefix) == ("query: ", "passage: ")
    assert spec.weights_sha256 == facts["files"]["model.safetensors"]


@pytest.mark.model
def test_a_damaged_folder_is_set_aside_and_built_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder, spec = ready_folder(tmp_path)
    for damaged in ("model.safetensors", "tokenizer.json", "qa_model.json"):
        content = bytearray((folder / damaged).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / damaged).write_bytes(content)
        with caplog.at_level(logging.WARNING):
            assert ready_folder(tmp_path) == (folder, spec)
        assert "set aside" in caplog.text
        assert (folder.parent / f"{folder.name}.damaged" / damaged).read_bytes() == bytes(content)
        caplog.clear()

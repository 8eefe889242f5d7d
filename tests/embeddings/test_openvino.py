"""The exported networks: the same vectors and readings as torch, made once, and torch where they cannot be."""

import json
import logging
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import BertConfig, BertModel

from embeddings import openvino_files
from embeddings.encoder import Encoder
from embeddings.errors import ModelError
from embeddings.folder_spec import read_spec
from embeddings.model_choice import load_encoder, load_reranker
from embeddings.openvino_encoder import OpenVinoEncoder
from embeddings.openvino_files import ready_networks
from embeddings.openvino_model import OpenVinoModel, fast_precision, warn_of_slow_processor
from embeddings.sentence_transformer import SentenceTransformerEncoder
from embeddings.word_table import WordTable
from tests.embeddings.resident import resident

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "seeds"
LINES = [
    "Сауда көлемі 2024 жылы үштен бірге өсті.", "Соода көлөмү өстү.", "Savdo hajmi uchdan bir qismga oshdi.",
    "Ҳаҷми савдо сеяк афзуд.", "Söwda üçden bir artdy.", "سودا حجمى ئاشتى", "التجارة نمت بمقدار الثلث.",
    "חדשות היום", "व्यापार एक तिहाई बढ़ा।", "বাণিজ্য বেড়েছে", "வர்த்தகம் வளர்ந்தது", "การค้าเติบโตขึ้นหนึ่งในสาม",
    "ການຄ້າເຕີບໂຕ", "무역이 3분의 1 증가했다.", "貿易は3分の1増加した。", "貿易增長了三分之一。", "Το εμπόριο αυξήθηκε.",
    "ვაჭრობა გაიზარდა", "Առևտուրն աճել է", "Thương mại tăng một phần ba.", "Ticaret üçte bir arttı.", "a", "", "🙂",
]  # fmt: skip


def seed_lines() -> list[str]:
    paths = sorted(SEEDS.glob("*.txt"))
    return [line for path in paths for line in path.read_text(encoding="utf-8").splitlines() if line.strip()][:120]


def cosines(one: Encoder, other: Encoder) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    texts = [*LINES, *seed_lines(), "The second summit. " * 200]
    passages = (one.encode_passages(texts) * other.encode_passages(texts)).sum(axis=1)
    return np.concatenate([passages, (one.encode_queries(LINES) * other.encode_queries(LINES)).sum(axis=1)])


@pytest.mark.model
def test_vectors_are_those_of_torch(encoder: Encoder, torch_encoder: Encoder) -> None:
    assert isinstance(encoder, OpenVinoEncoder)
    assert isinstance(torch_encoder, SentenceTransformerEncoder)
    assert encoder.spec == torch_encoder.spec
    assert cosines(encoder, torch_encoder).min() >= 0.9999


@pytest.mark.model
def test_float32_gives_the_very_same(model_home: Path, torch_encoder: Encoder) -> None:
    slower = load_encoder(None, model_home, runtime="openvino-f32")
    assert isinstance(slower, OpenVinoEncoder)
    assert cosines(slower, torch_encoder).min() >= 0.99999


@pytest.mark.model
def test_readings_are_those_of_torch(encoder: Encoder, torch_encoder: Encoder) -> None:
    one, other = load_reranker("", encoder), load_reranker("", torch_encoder)
    assert one is not None
    assert other is not None
    assert (one.name, one.first_stage_weight) == (other.name, other.first_stage_weight)
    passages = [line for line in seed_lines() if len(line) > 40][:40]
    question = "How large was trade between China and Central Asia in 2024?"
    for mine, theirs in zip(one.read(question, passages), other.read(question, passages), strict=True):
        assert mine.score == pytest.approx(theirs.score, abs=0.3)  # bfloat16 on both sides
        assert mine.places == theirs.places
        np.testing.assert_allclose(mine.pointers, theirs.pointers, atol=1.0)


@pytest.mark.model
def test_readings_of_several_questions_at_once_are_those_of_each_alone(encoder: Encoder) -> None:
    reranker = load_reranker("", encoder)
    assert reranker is not None
    passages = [line for line in seed_lines() if len(line) > 40]
    asked = [(line, passages[3 * i : 3 * i + 8]) for i, line in enumerate(LINES[:8])]
    alone = [reranker.read(*each) for each in asked]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda each: reranker.read(*each), 4 * asked))
    for i, readings in enumerate(together):
        for one, other in zip(readings, alone[i % len(asked)], strict=True):
            assert one.score == other.score
            np.testing.assert_array_equal(one.pointers, other.pointers)


@pytest.mark.model
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the pages stay")
def test_weights_are_in_memory_once(encoder: Encoder) -> None:
    assert isinstance(encoder, OpenVinoEncoder)
    reranker = load_reranker("", encoder)
    assert reranker is not None
    vectors = encoder.encode_queries(LINES)
    reranker.read(LINES[0], LINES)
    for network in (encoder.networks.encoder, encoder.networks.reranker):
        assert network is not None
        weights = network.with_suffix(".bin")
        assert resident(weights) < weights.stat().st_size / 10
    np.testing.assert_array_equal(encoder.encode_queries(LINES), vectors)


@pytest.mark.model
def test_networks_are_made_once_and_again_when_damaged(
    model_folder: Path, model_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = read_spec(model_folder)
    made = ready_networks(model_folder, spec, model_home / "models" / "openvino").encoder.parent
    home = tmp_path / "networks"
    shutil.copytree(made, home / made.name)
    monkeypatch.setattr(openvino_files, "_run_export", refuse)
    assert ready_networks(model_folder, spec, tmp_path / "openvino").encoder.parent == made  # beside the model
    assert ready_networks(model_folder, spec, home).encoder == home / made.name / "encoder.xml"
    with (home / made.name / "reranker.bin").open("r+b") as file:
        file.seek(1000)
        file.write(b"\0\1\2\3")
    with pytest.raises(Asked):
        ready_networks(model_folder, spec, home)
    assert list(home.iterdir()) == []  # the damaged ones are gone, and nothing half-made is left


class Asked(Exception):
    """An export was asked for."""


def refuse(*_: object) -> None:
    raise Asked


@pytest.mark.model
def test_other_weights_configs_or_rerankers_have_other_networks(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def key() -> str:
        return openvino_files._key(folder, read_spec(folder), None)

    keys = [key(), key()]
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "layer_norm_eps": 1e-3}))
    keys.append(key())
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)
    keys.append(key())
    (tmp_path / "reranker.npz").write_bytes(b"weights")
    keys.append(openvino_files._key(folder, read_spec(folder), tmp_path / "reranker.npz"))
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    """A tiny model of the user's own, with the real tokenizer."""
    home, folder = tmp_path / "transformer", tmp_path / "tiny"
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=250_037, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(home)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(model_folder / name, home)
    transformer = Transformer(str(home), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(16, "cls")], device="cpu").save(str(folder))
    return folder


@pytest.mark.model
def test_a_model_of_the_users_own_runs_there_too(folder: Path, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    mine = load_encoder(str(folder), tmp_path / "data", progress=lambda *counts: steps.append(counts))
    assert isinstance(mine, OpenVinoEncoder)
    assert steps[-1][0] <= steps[-1][1]
    theirs = load_encoder(str(folder), tmp_path / "data", runtime="torch")
    assert mine.spec == theirs.spec
    assert cosines(mine, theirs).min() >= 0.9999
    assert load_reranker("", mine) is None
    # other weights under the same name take the place of the old ones
    (made,) = (tmp_path / "data" / "models" / "openvino").iterdir()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "layer_norm_eps": 1e-3}))
    assert isinstance(load_encoder(str(folder), tmp_path / "data"), OpenVinoEncoder)
    (again,) = (tmp_path / "data" / "models" / "openvino").iterdir()
    assert made.name != again.name


@pytest.mark.model
def test_what_cannot_be_exported_runs_on_torch_and_the_log_says_why(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 64, "do_lower_case": true}')
    assert isinstance(load_encoder(str(folder), tmp_path / "data"), SentenceTransformerEncoder)
    assert "treats texts in its own way (do_lower_case); torch runs it instead" in caplog.text
    assert not (tmp_path / "data").exists()


@pytest.mark.model
def test_an_export_that_dies_leaves_nothing_and_torch_runs_it(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nkill -KILL $$\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    assert isinstance(load_encoder(str(folder), tmp_path / "data"), SentenceTransformerEncoder)
    assert "killed by signal 9, for lack of memory perhaps; torch runs it instead" in caplog.text
    program.write_text("#!/bin/sh\necho 'no room' >&2\nexit 1\n")
    with pytest.raises(ModelError, match="the export failed: no room"):
        ready_networks(folder, read_spec(folder), tmp_path / "data")
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


def test_rows_of_the_word_table_are_those_written(tmp_path: Path) -> None:
    table = np.random.default_rng(1).normal(size=(50, 6)).astype(np.float32)
    WordTable.write(tmp_path / "words.bin", table)
    ids = np.array([[7, 7, 0], [49, 1, 7]])
    rows = WordTable(tmp_path / "words.bin", 6).rows(ids)
    assert (rows.shape, rows.dtype) == ((2, 3, 6), np.float32)
    np.testing.assert_array_equal(rows, table.astype(np.float16).astype(np.float32)[ids])


def test_a_file_that_is_no_network_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "encoder.xml").write_text("<net/>")
    with pytest.raises(ModelError, match=r"encoder\.xml doesn't load in OpenVINO"):
        OpenVinoModel(tmp_path / "encoder.xml", "f32")


def test_a_processor_without_avx2_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_slow_processor("fpu sse4_2 avx2 avx512f")
        warn_of_slow_processor("")
        assert caplog.text == ""
        warn_of_slow_processor("fpu sse4_2 avx")
    assert "no AVX2" in caplog.text
    assert fast_precision() in {"f32", "bf16"}


def test_nothing_reports_itself_over_the_network(tmp_path: Path) -> None:
    script = (
        "import sys, embeddings.openvino_model as m\n"
        "from openvino.tools.ovc import telemetry\n"
        "print(type(telemetry).__module__, any('telemetry.backend' in name for name in sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert said.split() == ["openvino.tools.ovc.telemetry_stub", "False"]
    assert list(tmp_path.iterdir()) == []  # openvino_telemetry would keep an id of the user there

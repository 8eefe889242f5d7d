"""What is learned of a teacher fits the weights that it is an adapter of."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from embeddings.adapter import Adapter
from embeddings.durable import file_sha256
from embeddings.reranker_weights import RerankerWeights
from eval.distillation import TaughtGroup
from eval.distiller import Distiller, Plan
from eval.reranker_groups import Group
from eval.reranker_trainer import model_to_train

PLAN = Plan(rank=2, steps=4, warmup=1, rate=1e-2)
QUESTION, PASSAGES = "how long is the river", ("The river is 14 km long.", "The town is old.", "A bridge was built.")
TAUGHT = [TaughtGroup(QUESTION, PASSAGES, np.array([6.0, -6.0, -6.0], dtype=np.float32))]
GROUPS = [Group(QUESTION, PASSAGES, (0.5, 0.5, 0.5), "en>en", ((13, 18),), None)]


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    """A tiny encoder with the real tokenizer."""
    folder = tmp_path / "tiny"
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=250_037, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        (folder / name).write_bytes((model_folder / name).read_bytes())
    return folder


@pytest.fixture
def weights(folder: Path, tmp_path: Path) -> Path:
    torch.manual_seed(2)
    tensors = {
        name: tensor.numpy()
        for name, tensor in model_to_train(folder, 2).state_dict().items()
        if not name.startswith("bert.embeddings.")
    }
    record = {"name": "tiny", "layers": 2, "first_stage_weight": 25.0}
    RerankerWeights(record, tensors).save(tmp_path / "weights.npz")
    return tmp_path / "weights.npz"


@pytest.mark.model
def test_what_is_learned_ships_as_an_adapter(
    folder: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distiller = Distiller(PLAN, folder, RerankerWeights.load(weights, adapted=False))
    before, *_ = distiller.train(TAUGHT, GROUPS)
    for _ in range(3):
        after, *_ = distiller.train(TAUGHT, GROUPS)
    assert after < before
    distiller.save(tmp_path / "checkpoint.pt")
    again = Distiller(PLAN, folder, RerankerWeights.load(weights, adapted=False))
    again.load(tmp_path / "checkpoint.pt")
    monkeypatch.setattr("embeddings.adapter.SHIPPED", tmp_path)
    sha256 = file_sha256(weights)
    halves = {name: (up.astype(np.float16), down.astype(np.float16)) for name, (up, down) in again.changes().items()}
    record = {"name": "taught", "weights_sha256": sha256, "first_stage_weight": 25.0}
    Adapter(record, halves).save(tmp_path / f"{sha256[:16]}.npz")
    shipped, learned = RerankerWeights.load(weights), distiller.reader.model.state_dict()
    changed = [
        name for name in shipped.tensors if f"{name.removesuffix('weight')}parametrizations.weight.original" in learned
    ]
    assert len(changed) == 2 * 6 + 1 + 2
    for name in changed:
        module = distiller.reader.model.get_submodule(name.removesuffix(".weight"))
        np.testing.assert_allclose(shipped.tensors[name], module.weight.detach().float().numpy(), atol=5e-3)


@pytest.mark.model
def test_weights_of_another_model_are_refused(folder: Path, weights: Path) -> None:
    loaded = RerankerWeights.load(weights, adapted=False)
    with pytest.raises(ValueError, match=r"lack classifier\.weight"):
        Distiller(
            PLAN, folder, RerankerWeights(loaded.record, {k: v for k, v in loaded.tensors.items() if "class" not in k})
        )

"""The second stage: reads a pair, in any batch the same, and refuses what does not fit."""

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from embeddings.adapter import Adapter
from embeddings.bundled_reranker import BundledReranker
from embeddings.cross_encoder import CrossEncoderReranker
from embeddings.durable import file_sha256
from embeddings.encoder import Encoder
from embeddings.errors import ModelError
from embeddings.hashing import HashingEncoder
from embeddings.model_choice import load_reranker
from embeddings.reranker import Reranker
from embeddings.reranker_weights import RerankerWeights, shipped_hashes
from embeddings.sentence_transformer import SentenceTransformerEncoder

RIGHT = "In 2024 trade between China and Central Asia reached 94.8 billion US dollars."
WRONG = "The music video Echo of the Silk Road was shown for the first time at the opening ceremony."
QUESTIONS = [
    "How large was trade between China and Central Asia in 2024?",
    "2024年中国与中亚国家的贸易额是多少？",
    "Каким был объём торговли Китая с Центральной Азией в 2024 году?",
    "2024 жылы Қытай мен Орталық Азия арасындағы сауда көлемі қанша болды?",
]


def random_weights(layers: int = 1, hidden: int = 8, **record: object) -> RerankerWeights:
    chance = np.random.default_rng(1)
    shapes = {"bert.encoder.layer.0.output.dense.weight": (hidden, 2 * hidden), "classifier.bias": (1,)}
    tensors = {name: chance.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return RerankerWeights({"name": "random", "layers": layers, "first_stage_weight": 3.0, **record}, tensors)


def test_weights_are_saved_in_eight_bits_and_read_again(tmp_path: Path) -> None:
    weights = random_weights()
    weights.save(tmp_path / "w.npz")
    read = RerankerWeights.load(tmp_path / "w.npz")
    assert read.record == weights.record
    for name, tensor in weights.tensors.items():
        np.testing.assert_allclose(read.tensors[name], tensor, atol=np.abs(tensor).max() / 100)


LAYER = "bert.encoder.layer.0.output.dense.weight"


def ship_adapter(folder: Path, weights: Path, changes: dict[str, tuple[int, int]], **record: object) -> Adapter:
    """Writes an adapter of rank 2 to where those that ship are."""
    chance = np.random.default_rng(2)
    sha256 = file_sha256(weights)
    halves = {
        name: tuple(chance.normal(scale=0.1, size=size).astype(np.float16) for size in ((rows, 2), (2, columns)))
        for name, (rows, columns) in changes.items()
    }
    said = {"name": "taught", "weights_sha256": sha256, "first_stage_weight": 7.0, **record}
    adapter = Adapter(said, {name: (up, down) for name, (up, down) in halves.items()})
    adapter.save(folder / f"{sha256[:16]}.npz")
    return adapter


@pytest.fixture
def adapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "adapters"
    folder.mkdir()
    monkeypatch.setattr("embeddings.adapter.SHIPPED", folder)
    return folder


def test_weights_are_loaded_with_the_adapter_that_ships_for_them(tmp_path: Path, adapters: Path) -> None:
    random_weights().save(tmp_path / "w.npz")
    up, down = ship_adapter(adapters, tmp_path / "w.npz", {LAYER: (8, 16)}).changes[LAYER]
    base = RerankerWeights.load(tmp_path / "w.npz", adapted=False)
    adapted = RerankerWeights.load(tmp_path / "w.npz")
    change = up.astype(np.float32) @ down.astype(np.float32)
    np.testing.assert_allclose(adapted.tensors[LAYER], base.tensors[LAYER] + change, atol=1e-6)
    np.testing.assert_array_equal(adapted.tensors["classifier.bias"], base.tensors["classifier.bias"])
    assert base.record["name"] == "random"
    assert adapted.record["name"] == "taught"
    assert (adapted.record["first_stage_weight"], adapted.layers) == (7.0, 1)
    assert RerankerWeights.load_record(tmp_path / "w.npz") == adapted.record
    assert len(list(shipped_hashes(tmp_path / "w.npz"))) == 2


@pytest.mark.parametrize(
    ("changes", "record", "said"),
    [
        ({"bert.encoder.layer.9.output.dense.weight": (8, 16)}, {}, "which is not there"),
        ({LAYER: (8, 8)}, {}, "does not fit"),
        ({LAYER: (8, 16)}, {"first_stage_weight": 0}, "makes no sense"),
        ({LAYER: (8, 16)}, {"weights_sha256": "ab" * 32}, "the adapter of other weights"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused(
    tmp_path: Path, adapters: Path, changes: dict[str, tuple[int, int]], record: dict[str, object], said: str
) -> None:
    random_weights().save(tmp_path / "w.npz")
    ship_adapter(adapters, tmp_path / "w.npz", changes, **record)
    with pytest.raises(ModelError, match=said):
        RerankerWeights.load(tmp_path / "w.npz")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_weights_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"w\.npz: no weights of a reranker"):
        RerankerWeights.load(path)


def test_off_and_an_unknown_model_have_no_reranker() -> None:
    assert load_reranker("off", HashingEncoder()) is None
    assert load_reranker("", HashingEncoder()) is None


def test_a_wrong_choice_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="set QA_RERANK to a folder"):
        load_reranker("no such folder", HashingEncoder())
    with pytest.raises(ModelError, match="is no folder of a cross-encoder"):
        load_reranker(str(tmp_path), HashingEncoder())


def test_a_folder_with_code_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "modeling.py").write_text("")
    with pytest.raises(ModelError, match="program"):
        CrossEncoderReranker(tmp_path, "given")


def test_a_classifier_of_several_labels_is_no_reranker(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"id2label": {"0": "a", "1": "b"}}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="gives 2 numbers a pair"):
        CrossEncoderReranker(tmp_path, "given")


@pytest.mark.model
def test_a_cross_encoder_in_a_folder_reads_as_its_library_does(
    encoder: Encoder, model_folder: Path, tmp_path: Path
) -> None:
    config = BertConfig(
        vocab_size=250_037,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=1,
    )
    torch.manual_seed(1)
    model = BertForSequenceClassification(config).eval()
    model.save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(model_folder / name, tmp_path)
    loaded = load_reranker(str(tmp_path), encoder)
    assert loaded is not None
    assert loaded.name == str(tmp_path)
    readings = loaded.read(QUESTIONS[0], [RIGHT, WRONG])
    tokens = AutoTokenizer.from_pretrained(tmp_path)(
        [QUESTIONS[0]] * 2, [RIGHT, WRONG], padding=True, return_tensors="pt"
    )
    with torch.inference_mode():
        expected = model(**tokens).logits[:, 0]
    np.testing.assert_allclose([reading.score for reading in readings], expected.numpy(), atol=1e-4)
    assert all(len(reading.places) == len(reading.pointers) == 0 for reading in readings)
    assert loaded.read(QUESTIONS[0], []) == []


@pytest.fixture(scope="module", params=["encoder", "torch_encoder"])
def reranker(request: pytest.FixtureRequest) -> Reranker:
    """The shipped one on each runtime."""
    shipped = load_reranker("", request.getfixturevalue(request.param))
    assert shipped is not None
    return shipped


@pytest.mark.model
@pytest.mark.parametrize("question", QUESTIONS)
def test_what_answers_scores_higher_whatever_the_language(reranker: Reranker, question: str) -> None:
    right, wrong = reranker.read(question, [RIGHT, WRONG])
    assert right.score > wrong.score


@pytest.mark.model
@pytest.mark.parametrize("question", QUESTIONS)
def test_it_points_to_the_answer_whatever_the_language(reranker: Reranker, question: str) -> None:
    passage = f"{WRONG} {RIGHT} He thanked the hosts for their hospitality."
    (reading,) = reranker.read(question, [passage])
    start, end = reading.places[int(reading.pointers.argmax())]
    assert passage.index(RIGHT) <= start < end <= passage.index(RIGHT) + len(RIGHT)


@pytest.mark.model
def test_places_are_stretches_of_the_passage_in_order(reranker: Reranker) -> None:
    passage = "中国🙂与Central Asiá ﬁve ２０２４年 — Қазақстан"
    (reading,) = reranker.read("多少？", [passage])
    assert len(reading.places) == len(reading.pointers) > 10
    assert all(0 <= start <= end <= len(passage) for start, end in reading.places)
    assert list(reading.places) == sorted(reading.places)
    assert not passage[max(end for _, end in reading.places) :].strip()


@pytest.mark.model
def test_a_pair_scores_the_same_alone_in_a_batch_and_beside_others(reranker: Reranker) -> None:
    passages = [RIGHT, WRONG, RIGHT + WRONG, "a", "中亚 " * 400] * 5
    together = scores(reranker, passages)
    assert len(together) == 25
    alone = [scores(reranker, [passage])[0] for passage in passages[:5]]
    np.testing.assert_allclose(together[:5], alone, atol=0.2)  # bfloat16
    assert reranker.read(QUESTIONS[0], []) == []
    with ThreadPoolExecutor(4) as pool:
        for again in pool.map(lambda _: scores(reranker, passages), range(8)):
            np.testing.assert_allclose(again, together, atol=1e-3)


def scores(reranker: Reranker, passages: Sequence[str]) -> list[float]:
    return [reading.score for reading in reranker.read(QUESTIONS[0], passages)]


@pytest.mark.model
def test_weights_that_do_not_fit_the_encoder_are_refused(torch_encoder: Encoder) -> None:
    assert isinstance(torch_encoder, SentenceTransformerEncoder)
    with pytest.raises(ModelError, match=r"does not fit the encoder.*QA_RERANK=off"):
        BundledReranker(torch_encoder, random_weights())

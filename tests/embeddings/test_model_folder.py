import json
import os
import struct
from pathlib import Path

import pytest

from embeddings.errors import ModelError
from embeddings.folder_spec import read_spec
from embeddings.model_choice import load_encoder
from embeddings.model_folder import check_folder
from embeddings.sentence_transformer import SentenceTransformerEncoder

TYPES = "sentence_transformers.models."
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": TYPES + "Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": TYPES + "Pooling"},
]


def _save(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def _safetensors(tensors: dict[str, tuple[str, int]]) -> bytes:
    header, end = {}, 0
    for name, (dtype, size) in tensors.items():
        header[name] = {"dtype": dtype, "shape": [size], "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"\0" * end


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that passes every check; its weights are nonsense."""
    folder = tmp_path / "multilingual-e5-base"
    _save(folder / "modules.json", MODULES)
    _save(folder / "config.json", {"model_type": "xlm-roberta", "hidden_size": 16, "max_position_embeddings": 514})
    _save(folder / "1_Pooling/config.json", {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True})
    (folder / "model.safetensors").write_bytes(_safetensors({"a": ("F16", 64), "b": ("F32", 8)}))
    return folder


def refusal(folder: Path) -> str:
    """Why a folder is refused, nothing if it passes."""
    try:
        check_folder(folder)
    except ModelError as error:
        return str(error)
    return ""


def test_a_plain_folder_passes(folder: Path) -> None:
    assert refusal(folder) == ""


@pytest.mark.parametrize("name", ["modules.json", "config.json", "model.safetensors"])
def test_a_needed_file_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=r"modules\.json|config\.json|safetensors"):
        check_folder(folder)


@pytest.mark.parametrize(
    "name",
    ["pytorch_model.bin", "1_Pooling/x.pt", "deep/er/weights.PKL", "model.ckpt", "tf_model.h5", "training_args.bin"],
)
def test_weights_that_can_run_code_are_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"")
    with pytest.raises(ModelError, match=r"can run code.*safetensors"):
        check_folder(folder)


@pytest.mark.parametrize("name", ["modeling_x.py", "deep/er/__init__.py", "x.so", "deep/X.PY"])
def test_programs_are_refused_anywhere_below(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"")
    with pytest.raises(ModelError, match="holds a program"):
        check_folder(folder)


@pytest.mark.parametrize("name", ["model.onnx", "openvino/openvino_model.bin", "README.md", "sentencepiece.bpe.model"])
def test_files_that_no_loader_runs_are_left_alone(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"")
    assert refusal(folder) == ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", {"auto_map": {"AutoModel": "modeling.Evil"}}),
        ("tokenizer_config.json", {"a": [{"b": {"auto_map": {}}}]}),
        ("1_Pooling/config.json", {"custom_code": "x"}),
        ("sentence_bert_config.json", {"model_args": {"trust_remote_code": True}}),
    ],
)
def test_references_to_own_code_are_refused(folder: Path, name: str, content: object) -> None:
    _save(folder / name, content)
    with pytest.raises(ModelError, match="asks for code of its own"):
        check_folder(folder)


def test_a_vocabulary_may_hold_any_word(folder: Path) -> None:
    _save(folder / "vocab.json", {"auto_map": 7})
    assert refusal(folder) == ""


@pytest.mark.parametrize(
    "kind",
    ["modeling.Evil", "os.system", "sentence_transformersx.models.Pooling", TYPES + "WordWeights", TYPES + "Router"],
)
def test_modules_other_than_the_four_known_are_refused(folder: Path, kind: str) -> None:
    _save(folder / "modules.json", [*MODULES, {"idx": 2, "name": "2", "path": "2_X", "type": kind}])
    with pytest.raises(ModelError, match="names the module"):
        check_folder(folder)


@pytest.mark.parametrize("modules", [{}, [], ["x"], [{"type": TYPES + "Pooling"}], [{"path": "", "type": 3}]])
def test_a_malformed_list_of_modules_is_refused(folder: Path, modules: object) -> None:
    _save(folder / "modules.json", modules)
    with pytest.raises(ModelError, match=r"modules\.json"):
        check_folder(folder)


def test_a_module_outside_of_the_folder_is_refused(folder: Path) -> None:
    _save(folder / "modules.json", [*MODULES, {"path": "../other", "type": TYPES + "Pooling"}])
    with pytest.raises(ModelError, match="not inside"):
        check_folder(folder)


def test_an_activation_that_is_not_of_torch_is_refused(folder: Path) -> None:
    _save(folder / "modules.json", [*MODULES, {"path": "2_Dense", "type": TYPES + "Dense"}])
    _save(folder / "2_Dense/config.json", {"out_features": 8, "activation_function": "torch.hub.load"})
    with pytest.raises(ModelError, match=r"torch\.hub\.load"):
        check_folder(folder)


def test_unreadable_json_is_refused(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text("{")
    with pytest.raises(ModelError, match="not readable as JSON"):
        check_folder(folder)


@pytest.mark.parametrize("target", ["../outside.json", "/etc/hostname", "nowhere", "1_Pooling"])
def test_links_out_of_the_folder_or_to_folders_are_refused(folder: Path, target: str) -> None:
    (folder.parent / "outside.json").write_text("{}")
    (folder / "link.json").symlink_to(target)
    with pytest.raises(ModelError, match="outside of its model folder"):
        check_folder(folder)


def test_the_hubs_cache_layout_is_accepted_and_gives_the_name(folder: Path) -> None:
    repository = folder.parent / "models--BAAI--bge-m3"
    snapshot, blobs = repository / "snapshots" / "0123", repository / "blobs"
    blobs.mkdir(parents=True)
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        blob = path.rename(blobs / path.relative_to(folder).as_posix().replace("/", "-"))
        link = snapshot / path.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    assert read_spec(snapshot).name == "BAAI/bge-m3"
    (snapshot / "other.json").symlink_to("../../refs")
    with pytest.raises(ModelError, match="outside of its model folder"):
        check_folder(snapshot)


def test_the_spec_comes_from_the_folder(folder: Path) -> None:
    spec = read_spec(folder)
    assert (spec.name, spec.precision, spec.dimension, spec.max_tokens) == ("multilingual-e5-base", "float16", 16, 512)
    assert (spec.query_prefix, spec.passage_prefix) == ("query: ", "passage: ")


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ({"query": "q: ", "document": "d: "}, ("q: ", "d: ")),
        ({"query": "q: ", "passage": "p: ", "document": "d: "}, ("q: ", "p: ")),
        ({"query": "q: "}, ("q: ", "")),
        ({"query": "", "document": ""}, ("query: ", "passage: ")),
    ],
)
def test_prompts_of_the_folder_win_over_the_table(
    folder: Path, prompts: dict[str, str], expected: tuple[str, str]
) -> None:
    _save(folder / "config_sentence_transformers.json", {"prompts": prompts})
    spec = read_spec(folder)
    assert (spec.query_prefix, spec.passage_prefix) == expected


@pytest.mark.parametrize(
    ("name", "query", "passage"),
    [
        ("bge-m3", "", ""),
        ("gte-multilingual-base", "", ""),
        ("unknown", "", ""),
        ("e5-small-v2", "query: ", "passage: "),
        ("multilingual-e5-large-instruct", "Instruct: ", ""),
    ],
)
def test_prefixes_by_name(folder: Path, name: str, query: str, passage: str) -> None:
    spec = read_spec(folder.rename(folder.with_name(name)))
    assert spec.query_prefix.startswith(query)
    assert bool(spec.query_prefix) == bool(query)
    assert spec.passage_prefix == passage


def test_the_dimension_is_that_of_what_comes_out(folder: Path) -> None:
    pooling = {"embedding_dimension": 16, "pooling_mode": ["mean", "max"]}
    _save(folder / "1_Pooling/config.json", pooling)
    assert read_spec(folder).dimension == 32
    _save(folder / "modules.json", [*MODULES, {"path": "2_Dense", "type": TYPES + "Dense"}])
    _save(
        folder / "2_Dense/config.json", {"out_features": 8, "activation_function": "torch.nn.modules.linear.Identity"}
    )
    assert read_spec(folder).dimension == 8
    _save(folder / "config_sentence_transformers.json", {"truncate_dim": 4})
    assert read_spec(folder).dimension == 4


def test_other_weights_give_another_spec(folder: Path) -> None:
    before = read_spec(folder)
    (folder / "model.safetensors").write_bytes(_safetensors({"a": ("F16", 66)}))
    assert read_spec(folder).weights_sha256 != before.weights_sha256
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense/model.safetensors").write_bytes(_safetensors({"a": ("F16", 66)}))
    assert len({before.weights_sha256, read_spec(folder).weights_sha256}) == 2


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 64, struct.pack("<Q", 2) + b"[]", struct.pack("<Q", 9) + b'{"a": {}}']
)
def test_damaged_weights_are_refused(folder: Path, content: bytes) -> None:
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        read_spec(folder)


def test_a_folder_that_does_not_load_is_a_model_error(folder: Path) -> None:
    with pytest.raises(ModelError, match="doesn't load"):
        SentenceTransformerEncoder(folder)


def test_another_dimension_than_the_index_needs_is_refused_before_loading(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"dimension 16, not 384.*reindex"):
        SentenceTransformerEncoder(folder, dimension=384)


def test_a_hub_name_without_download_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"not in the hub's local cache.*QA_MODEL"):
        load_encoder("nobody/no-such-model", tmp_path)


def test_a_path_that_is_not_there_is_not_taken_for_a_hub_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model folder"):
        load_encoder(str(tmp_path / "nothing"), tmp_path)

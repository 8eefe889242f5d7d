"""The ModelSpec of a checked model folder, read from its files."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from embeddings.durable import file_sha256
from embeddings.errors import ModelError
from embeddings.model_folder import check_folder, load_json, load_object, weight_files
from embeddings.spec import ModelSpec

FACTS_FILE = "qa_model.json"  # what the bundled model's builder knows of it, with the sha256 of every file

# Query and passage prefix by model name, for folders that don't state them (most don't). From the models' cards.
_WEB_SEARCH = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: "
PREFIXES = [
    (r"\be5-.*instruct", _WEB_SEARCH, ""),
    (r"\be5-", "query: ", "passage: "),
]
PASSAGE_PROMPTS = ("passage", "document", "corpus")
PRECISIONS = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors library itself


def read_spec(folder: Path) -> ModelSpec:
    """Checks the folder and reads its facts, in about 1 s a GB (its weights are hashed).

    Raises ModelError when the folder may not be loaded, is damaged, or doesn't say what is needed.
    """
    check_folder(folder)
    facts = load_object(folder / FACTS_FILE)
    files = facts.get("files") or {}
    if not isinstance(files, dict):
        raise ModelError(f"{folder / FACTS_FILE} is damaged: files is no object; remove it or get the model again")
    _check_hashes(folder, files)
    name = str(facts.get("name") or _name_of(folder))
    query_prefix, passage_prefix = _prefixes(folder, name)
    return ModelSpec(
        name=name,
        weights_sha256=_weights_sha256(folder, files),
        precision=str(facts.get("precision") or _precision(folder)),
        dimension=_dimension(folder),
        max_tokens=_max_tokens(folder),
        query_prefix=query_prefix,
        passage_prefix=passage_prefix,
    )


def _check_hashes(folder: Path, expected: dict[str, str]) -> None:
    for name, sha256 in expected.items():
        path = folder / name
        if not path.is_file() or file_sha256(path) != sha256:
            raise ModelError(
                f"{path} is missing or damaged: it is not the file that {FACTS_FILE} names; build it again"
            )


def _weights_sha256(folder: Path, known: dict[str, str]) -> str:
    """The sha256 of the one weights file, or of the list of them in the form of sha256sum."""
    names = [path.relative_to(folder).as_posix() for path in weight_files(folder)]
    hashes = [known.get(name) or file_sha256(folder / name) for name in names]
    if len(hashes) == 1:
        return hashes[0]
    lines = "".join(f"{sha256}  {name}\n" for sha256, name in zip(hashes, names, strict=True))
    return hashlib.sha256(lines.encode()).hexdigest()


def _name_of(folder: Path) -> str:
    """`org/name` of a snapshot in the hub's cache, else the folder's own name."""
    cached = re.search(r"/models--([^/]+)/snapshots/[^/]+$", folder.resolve().as_posix())
    return cached[1].replace("--", "/", 1) if cached else folder.resolve().name


def _prefixes(folder: Path, name: str) -> tuple[str, str]:
    prompts = load_object(folder / "config_sentence_transformers.json").get("prompts") or {}
    stated = {key: prefix for key, prefix in prompts.items() if isinstance(prefix, str)}
    # Newer versions save {"query": "", "document": ""} for a model whose prompts were never set: that says nothing.
    if any(stated.values()):
        passage = next((stated[key] for key in PASSAGE_PROMPTS if stated.get(key)), "")
        return stated.get("query", ""), passage
    for pattern, query, passage in PREFIXES:
        if re.search(pattern, name.lower()):
            return query, passage
    return "", ""


def _precision(folder: Path) -> str:
    """How most of the weights are stored, from the header of the first weights file."""
    path = weight_files(folder)[0]
    bytes_by_type: dict[str, int] = {}
    for name, tensor in _safetensors_header(path).items():
        if name != "__metadata__":
            first, last = tensor["data_offsets"]
            bytes_by_type[tensor["dtype"]] = bytes_by_type.get(tensor["dtype"], 0) + last - first
    if not bytes_by_type:
        raise ModelError(f"{path} holds no tensor; get the model again")
    most = max(bytes_by_type, key=lambda kind: bytes_by_type[kind])
    return PRECISIONS.get(most, most.lower())


def _safetensors_header(path: Path) -> dict[str, Any]:
    """Eight bytes of length, then JSON: tensor name -> dtype, shape, data_offsets."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(length) if length <= MAX_HEADER_BYTES else b""
    try:
        header: dict[str, Any] = json.loads(text)
        sound = all(name == "__metadata__" or _is_tensor(entry) for name, entry in header.items())
    except (ValueError, AttributeError) as error:
        raise ModelError(f"{path} is damaged: its header is no JSON object; get the model again") from error
    if not sound:
        raise ModelError(f"{path} is damaged: its header has an entry that is no tensor; get the model again")
    return header


def _is_tensor(entry: object) -> bool:
    match entry:
        case {"dtype": str(), "data_offsets": [int(), int()]}:
            return True
    return False


def _dimension(folder: Path) -> int:
    """The width of what comes out: truncated, else of the last Dense module, else pooled, else the hidden size."""
    cut = load_object(folder / "config_sentence_transformers.json").get("truncate_dim")
    found = [load_object(folder / "config.json").get("hidden_size")]
    for module in load_json(folder / "modules.json"):
        config = load_object(folder / module["path"] / "config.json")
        if module["type"].endswith(".Pooling"):
            width = config.get("embedding_dimension", config.get("word_embedding_dimension"))
            found.append(width and width * _pooling_modes(config))
        elif module["type"].endswith(".Dense"):
            found.append(config.get("out_features"))
    dimension = cut or next((value for value in reversed(found) if value), None)
    if not isinstance(dimension, int):
        raise ModelError(f"{folder} doesn't say the dimension of its vectors (config.json: hidden_size); get it again")
    return dimension


def _pooling_modes(config: dict[str, Any]) -> int:
    """How many pooled vectors stand side by side."""
    modes = config.get("pooling_mode")
    if isinstance(modes, list):
        return len(modes)
    return max(1, sum(value is True for key, value in config.items() if key.startswith("pooling_mode_")))


def _max_tokens(folder: Path) -> int:
    config = load_object(folder / "config.json")
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int) and "roberta" in str(config.get("model_type")):
        positions -= 2  # RoBERTa's positions begin behind the padding id
    limits = [
        load_object(folder / "sentence_bert_config.json").get("max_seq_length"),
        load_object(folder / "tokenizer_config.json").get("model_max_length"),
        positions,
    ]
    known = [int(limit) for limit in limits if isinstance(limit, int | float) and limit > 0]
    if not known:
        raise ModelError(f"{folder} doesn't say how many tokens it takes (max_position_embeddings); get it again")
    return min(known)

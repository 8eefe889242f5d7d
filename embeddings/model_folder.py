"""A sentence-transformers folder: may it be loaded, and what is in it?

A model folder is treated as code: pickled weights, Python files and references to custom classes run code when they
are loaded, in a local folder too (CVE-2026-68770). Nothing here loads anything.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from embeddings.errors import ModelError

CODE_SUFFIXES = {".py", ".pyc", ".pyd", ".so", ".dylib", ".dll"}
PICKLE_SUFFIXES = {
    ".bin",
    ".pt",
    ".pth",
    ".pkl",
    ".pickle",
    ".ckpt",
    ".joblib",
    ".dill",
    ".h5",
    ".keras",
    ".npy",
    ".npz",
}
CODE_KEYS = {"auto_map", "custom_code", "custom_pipelines", "custom_generate"}
# Modules that hold weights or arithmetic only; others of sentence-transformers name further classes or read pickles.
MODULES = {"Transformer", "Pooling", "Normalize", "Dense"}
# A vocabulary may hold any word as a key, and no loader looks for classes in it.
VOCABULARIES = {"tokenizer.json", "vocab.json", "added_tokens.json"}
SAFE_WEIGHTS = "ask for or save a copy with safetensors: model.save_pretrained(folder, safe_serialization=True)"


def check_folder(folder: Path) -> None:
    """Raises ModelError, with what is wrong and what to do, unless the folder holds data only."""
    for name in ("modules.json", "config.json"):
        if not (folder / name).is_file():
            raise ModelError(
                f"{folder} is no sentence-transformers folder: {name} is missing; "
                "give the folder that SentenceTransformer.save() wrote"
            )
    check_files(folder)
    _check_modules(folder)


def check_files(folder: Path) -> None:
    """Raises ModelError unless the files of any model's folder are data, its weights among them."""
    files = list(_files(folder))
    for path in files:
        _check_file(path, folder)
    for path in files:
        if path.suffix.lower() == ".json" and path.name not in VOCABULARIES:
            _refuse_code_keys(load_json(path), path)
    if not weight_files(folder):
        raise ModelError(f"{folder} has no *.safetensors file; {SAFE_WEIGHTS}")


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files below the folder, sorted."""
    return sorted(folder.rglob("*.safetensors"))


def load_json(path: Path) -> Any:
    """The content of a JSON file; raises ModelError if it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not readable as JSON ({error}); get the model again") from error


def load_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file, empty where there is no such file; raises ModelError on anything else."""
    content = load_json(path) if path.is_file() else {}
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds no JSON object; get the model again")
    return content


def _files(folder: Path) -> Iterator[Path]:
    """All files below, symbolic links checked: a link to a folder is not followed by rglob, so it is refused."""
    for path in folder.rglob("*"):
        if path.is_symlink():
            _check_link(path, folder)
        if not path.is_dir():
            yield path


def _check_link(link: Path, folder: Path) -> None:
    target = link.resolve()
    homes = [folder.resolve()]
    # The hub's cache: models--x--y/snapshots/<revision>/file -> models--x--y/blobs/<hash>.
    if folder.resolve().parent.name == "snapshots":
        homes.append(folder.resolve().parent.parent / "blobs")
    if not target.is_file() or not any(target.is_relative_to(home) for home in homes):
        raise ModelError(f"{link} points to {target}, outside of its model folder; replace the link by the file itself")


def _check_file(path: Path, folder: Path) -> None:
    suffix = path.suffix.lower()
    place = path.relative_to(folder)
    if suffix in CODE_SUFFIXES:
        raise ModelError(f"{folder} holds a program, {place}; remove it, or use a model that needs no code of its own")
    # OpenVINO's .bin holds bare numbers, and no loader of pickles takes a file of this name.
    if suffix in PICKLE_SUFFIXES and not re.fullmatch(r"openvino_\w+\.bin", path.name):
        raise ModelError(
            f"{folder} holds {place}, a file type that can run code when loaded; remove it, or {SAFE_WEIGHTS}"
        )


def _refuse_code_keys(content: Any, path: Path) -> None:
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for key in value:
                if key in CODE_KEYS or (key == "trust_remote_code" and value[key]):
                    raise ModelError(f"{path} asks for code of its own ({key}); use a model that transformers knows")
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _check_modules(folder: Path) -> None:
    path = folder / "modules.json"
    modules = load_json(path)
    if not isinstance(modules, list) or not all(isinstance(module, dict) for module in modules) or not modules:
        raise ModelError(f"{path} is no list of modules; get the model again")
    for module in modules:
        kind, place = module.get("type"), module.get("path")
        if not isinstance(kind, str) or not isinstance(place, str):
            raise ModelError(f"{path} has a module without type or path; get the model again")
        if not kind.startswith("sentence_transformers.") or kind.rpartition(".")[2] not in MODULES:
            raise ModelError(f"{path} names the module {kind}; use a model made of {', '.join(sorted(MODULES))} only")
        inside = (folder / place).resolve()
        if not inside.is_relative_to(folder.resolve()):
            raise ModelError(f"{path} names the folder {place!r}, which is not inside the model's; get the model again")
        activation = load_object(inside / "config.json").get("activation_function", "torch.nn.")
        if kind.endswith(".Dense") and not str(activation).startswith("torch.nn."):
            raise ModelError(
                f"{inside / 'config.json'} names {activation}, which is not of torch.nn; use another model"
            )

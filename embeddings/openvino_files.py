"""The exported networks of a model: where they are kept, whether they are sound, and how they come about.

A folder is complete or it is not there. It is keyed by all that its networks are made of, so that other weights never
meet an old export.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embeddings.bundled import Progress
from embeddings.durable import file_sha256, sync_folder
from embeddings.errors import ModelError
from embeddings.model_folder import load_json, load_object
from embeddings.reranker_weights import shipped_hashes, shipped_weights_file
from embeddings.spec import ModelSpec

FACTS_FILE = "facts.json"
EXPORT_FORMAT = 3
"""Raised when the same model gives other files: older ones are then made again."""
_STEPS = 7
_OWN_TREATMENT = ("do_lower_case", "processing_kwargs", "query_length", "document_length", "query_expansion")


@dataclass(frozen=True, slots=True)
class Networks:
    """`reranker` is None where none was made from the model."""

    encoder: Path
    reranker: Path | None


def ready_networks(folder: Path, spec: ModelSpec, home: Path, progress: Progress | None = None) -> Networks:
    """The networks of the model in `folder`, found in `home` or beside it and checked, else made, in some 20 s.

    One process at a time. Raises ModelError when they cannot be made of this model or on this machine.
    """
    weights = shipped_weights_file(spec)
    name = f"{folder.name}-{_key(folder, spec, weights)}"
    places = [home / name, folder.parent / home.name / name]
    exported = next((place for place in places if _is_sound(place)), None)
    if exported is None:
        exported = home / name
        _check_structure(folder)
        _make(folder, exported, weights, progress)
    return Networks(exported / "encoder.xml", exported / "reranker.xml" if weights else None)


def _key(folder: Path, spec: ModelSpec, weights: Path | None) -> str:
    configs = {path.relative_to(folder).as_posix(): file_sha256(path) for path in sorted(folder.rglob("*.json"))}
    reranker = list(shipped_hashes(weights)) if weights else []
    made_of = [EXPORT_FORMAT, spec.weights_sha256, configs, reranker]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]


def _check_structure(folder: Path) -> None:
    """Only what is known to give the same vectors: a transformer, pooling, normalisation."""
    kinds = [str(module["type"]).rpartition(".")[2] for module in load_json(folder / "modules.json")]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise ModelError(f"{folder} is made of {', '.join(kinds)}; only Transformer, Pooling, Normalize are exported")
    settings = load_object(folder / "sentence_bert_config.json")
    if own := [name for name in _OWN_TREATMENT if settings.get(name)]:
        raise ModelError(f"{folder} treats texts in its own way ({', '.join(own)})")
    if not (folder / "tokenizer.json").is_file():
        raise ModelError(f"{folder} has no tokenizer.json")


def _is_sound(exported: Path) -> bool:
    try:
        files = load_object(exported / FACTS_FILE).get("files") or {}
    except ModelError:
        return False
    return bool(files) and all(_is_file(exported / name, sha256) for name, sha256 in files.items())


def _is_file(path: Path, sha256: str) -> bool:
    return path.is_file() and file_sha256(path) == sha256


def _make(folder: Path, exported: Path, weights: Path | None, progress: Progress | None) -> None:
    try:
        exported.parent.mkdir(parents=True, exist_ok=True)
        for other in _others(exported.parent, folder.name):  # of other weights, damaged, or begun and not ended
            shutil.rmtree(other, ignore_errors=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=exported.parent))
        try:
            _run_export([folder, aside, *([weights] if weights else [])], progress)
            files = {path.name: file_sha256(path) for path in sorted(aside.iterdir())}
            facts = {"format": EXPORT_FORMAT, "model": folder.name, "files": files}
            (aside / FACTS_FILE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
            _flush(aside)
            aside.chmod(0o755)
            aside.rename(exported)
            sync_folder(exported.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise ModelError(f"the networks of {folder} cannot be written to {exported} ({error})") from error


def _others(home: Path, name: str) -> Iterator[Path]:
    """What was exported, or begun, of models of this name."""
    for path in home.iterdir():
        if path.name.removeprefix(".").rpartition("-")[0] == name:
            yield path


def _flush(folder: Path) -> None:
    for path in [*folder.iterdir(), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _run_export(arguments: list[Path], progress: Progress | None) -> None:
    root = Path(__file__).resolve().parents[1]
    paths = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "embeddings.openvino_export", *map(str, (path.resolve() for path in arguments))]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as said,
        subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, stderr=said, text=True
        ) as export,
    ):
        assert export.stdout is not None
        for done, _ in enumerate(export.stdout, start=1):
            if progress is not None:
                progress(min(done, _STEPS), _STEPS)
        if export.wait() != 0:
            said.seek(0)
            why = (said.read().strip().splitlines() or [""])[-1]
            raise ModelError(
                f"the export was killed by signal {-export.returncode}, for lack of memory perhaps"
                if export.returncode < 0
                else f"the export failed: {why}"
            )

"""The encoder of a run, behind the cache of vectors."""

from pathlib import Path

from rich.progress import Progress

from embeddings.hashing import HashingEncoder
from eval.cache import CachedEncoder
from qa_service.app import choose_encoder
from qa_service.config import read_settings

HASHING = "hashing"


def open_encoder(model: str, cache: Path, progress: Progress) -> CachedEncoder:
    """The model named, else that of `QA_MODEL`, else the bundled one; `hashing` is for trials and kept nowhere."""
    if model == HASHING:
        return CachedEncoder(HashingEncoder())
    settings = read_settings(model=model or None, data_dir=cache.parent)  # a model of its own: no service owns it
    task = progress.add_task("loading the model", total=None)
    encoder = choose_encoder(settings, lambda done, total: progress.update(task, completed=done, total=total))
    progress.remove_task(task)
    return CachedEncoder(encoder, cache)

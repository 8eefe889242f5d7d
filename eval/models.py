"""The models of a run: the encoder behind the cache of vectors, and the second stage."""

from pathlib import Path

from rich.progress import Progress

from embeddings.hashing import HashingEncoder
from embeddings.reranker import Reranker
from eval.cache import CachedEncoder
from qa_service.app import choose_encoder, choose_reranker
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


def open_reranker(encoder: CachedEncoder) -> Reranker | None:
    """That of `QA_RERANK`, else the one that ships for the encoder, if any."""
    return choose_reranker(read_settings(), encoder.encoder)

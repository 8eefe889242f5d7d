"""Any cross-encoder of sentence-transformers as Reranker, e.g. BAAI/bge-reranker-v2-m3 from a local folder."""

import threading
from collections.abc import Sequence
from pathlib import Path

from safetensors import SafetensorError
from sentence_transformers import CrossEncoder
from torch import nn

from embeddings.errors import ModelError
from embeddings.model_folder import check_files, load_object
from embeddings.reranker import NO_POINTERS, Reading

FIRST_STAGE_WEIGHT = 12.0
"""As with the bundled one: log-odds of other models lie in about the same range."""
_BATCH = 16


class CrossEncoderReranker:
    """A folder with one output a pair."""

    def __init__(self, folder: Path, name: str) -> None:
        """Without the network; `name` is what the user calls it.

        Raises ModelError when the folder may not be loaded or doesn't load.
        """
        self._lock = threading.Lock()
        self._name = name
        if not (folder / "config.json").is_file():
            raise ModelError(f"{folder} is no folder of a cross-encoder: config.json is missing; get the model again")
        check_files(folder)
        self._model = _load(folder)

    @property
    def name(self) -> str:
        return self._name

    @property
    def first_stage_weight(self) -> float:
        return FIRST_STAGE_WEIGHT

    def read(self, query: str, passages: Sequence[str]) -> Sequence[Reading]:
        if not passages:
            return []
        with self._lock:
            scores = self._model.predict(
                [(query, passage) for passage in passages],
                batch_size=_BATCH,
                activation_fn=nn.Identity(),  # log-odds, whatever the folder says
                show_progress_bar=False,
            )
        return [Reading(float(score), (), NO_POINTERS) for score in scores]


def _load(folder: Path) -> CrossEncoder:
    labels = load_object(folder / "config.json").get("id2label", {"0": ""})
    if len(labels) != 1:
        raise ModelError(f"{folder} gives {len(labels)} numbers a pair; a reranker gives one: set QA_RERANK to another")
    try:
        model: CrossEncoder = CrossEncoder(
            str(folder), local_files_only=True, trust_remote_code=False, model_kwargs={"use_safetensors": True}
        )
        return model
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"the reranker in {folder} doesn't load ({type(error).__name__}: {error}); get it again"
        ) from error

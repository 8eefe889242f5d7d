"""The reranker that ships with the project on OpenVINO, beside an encoder that runs there too."""

from collections.abc import Sequence
from pathlib import Path

from embeddings.batches import batches
from embeddings.encoder import Encoder
from embeddings.openvino_encoder import OpenVinoEncoder
from embeddings.openvino_model import OpenVinoModel, fast_precision
from embeddings.reranker import Reading
from embeddings.reranker_weights import MAX_TOKENS, RerankerWeights
from embeddings.token_ids import padded

BATCH_TOKENS = 1_024
"""Of one batch, padding included."""
_AT_ONCE = 2
"""Halves of a question's passages: each of two processors is faster with one than both with the whole."""
_MULTIPLE = 16
"""Of tokens: each shape is compiled for once and kept, at some milliseconds and megabytes."""


def shipped_reranker(encoder: Encoder, weights: Path) -> "OpenVinoReranker | None":
    """The reranker that was exported with this encoder, None for an encoder that runs elsewhere. Raises ModelError."""
    if not isinstance(encoder, OpenVinoEncoder) or encoder.networks.reranker is None:
        return None
    record = RerankerWeights.load_record(weights)
    name, first_stage_weight = str(record["name"]), float(record["first_stage_weight"])
    return OpenVinoReranker(encoder, encoder.networks.reranker, name, first_stage_weight)


class OpenVinoReranker:
    """Runs in bfloat16 where the processor multiplies it natively, else in float32, as on torch."""

    def __init__(self, encoder: OpenVinoEncoder, network: Path, name: str, first_stage_weight: float) -> None:
        """`network` was exported from this encoder and the weights of this name. Raises ModelError."""
        self._encoder = encoder
        self._name, self._first_stage_weight = name, first_stage_weight
        self._model = OpenVinoModel(network, fast_precision(), _AT_ONCE)

    @property
    def name(self) -> str:
        return self._name

    @property
    def first_stage_weight(self) -> float:
        return self._first_stage_weight

    def read(self, query: str, passages: Sequence[str]) -> Sequence[Reading]:
        tokens = self._encoder.tokens
        pairs = tokens.of_pairs(query, passages, MAX_TOKENS)
        together = batches([len(pair.ids) for pair in pairs], BATCH_TOKENS, self._model.at_once)
        given = [padded([pairs[i].ids for i in batch], tokens.padding, _MULTIPLE) for batch in together]
        found: dict[int, Reading] = {}
        for batch, (answers, pointers) in zip(together, self._model.run(given), strict=True):
            for row, i in enumerate(batch):
                first, places = pairs[i].first, pairs[i].places
                found[i] = Reading(float(answers[row]), places, pointers[row, first : first + len(places)])
        return [found[i] for i in range(len(passages))]

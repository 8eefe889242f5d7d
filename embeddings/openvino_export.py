"""A model folder's networks, and those of the reranker made from it, from torch to OpenVINO's files.

    python -m embeddings.openvino_export FOLDER OUT [RERANKER.npz]

A process of its own (openvino_files.py starts it): whoever serves has no torch in memory.
"""

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from embeddings.bundled_reranker import BundledReranker, build_reading_model
from embeddings.encoder import Vectors
from embeddings.errors import ModelError
from embeddings.openvino_encoder import OpenVinoEncoder
from embeddings.openvino_files import Networks
from embeddings.openvino_model import INPUTS, OpenVinoModel, save_network
from embeddings.pieces import UNIGRAM_PIECES, UNIGRAM_RULES, Tokenizer, Unigram
from embeddings.pieces_export import write_unigram
from embeddings.reranker_weights import MAX_TOKENS, RerankerWeights
from embeddings.sentence_transformer import SentenceTransformerEncoder
from embeddings.token_ids import padded

ENCODER, RERANKER = "encoder.xml", "reranker.xml"
MIN_COSINE = 0.9999
_MAX_SCORE_DIFFERENCE = 0.05
_PROBES = (
    "Trade grew by a third in 2024.", "  Сауда үштен бірге өсті.", "贸易额增长了三分之一。", "a", "",
    "नमस्ते दुनिया 🙂", "التجارة نمت بمقدار الثلث", "Thương mại với Việt Nam", "무역이 3분의 1 증가했다\n\tและการค้า",
    "The second summit was held in Astana. " * 12, "第二届峰会在阿斯塔纳举行。" * 90,
)  # fmt: skip


class _Encoding(nn.Module):
    """A sentence-transformers pipeline as a function of tensors, its vectors of length 1."""

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        super().__init__()
        self._steps = nn.ModuleList(modules)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        features: dict[str, Any] = dict(zip(INPUTS, (ids, mask), strict=True))
        for step in self._steps:
            features = step(features)
        return nn.functional.normalize(features["sentence_embedding"], dim=-1)


class _Reading(nn.Module):
    """The reading model as a function of tensors."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self._model = model

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        answers, pointers = self._model(dict(zip(INPUTS, (ids, mask), strict=True)))
        return answers, pointers


def export(folder: Path, out: Path, reranker: Path | None, step: Callable[[str], None]) -> None:
    """Writes networks and vocabulary into `out`, each read again and compared with torch. Raises ModelError."""
    step("load the model")
    encoder = SentenceTransformerEncoder(folder, device="cpu")
    step("convert the encoder")
    _save(_Encoding(list(encoder.modules)), out / ENCODER)
    step("convert the vocabulary")
    _write_vocabulary(folder, out)
    step("compare the encoder")
    exported = OpenVinoEncoder(Networks(out / ENCODER, None), folder, encoder.spec, "f32")
    _check_encoder(encoder, exported)
    if reranker is not None:
        step("convert the reranker")
        weights = RerankerWeights.load(reranker)
        _save(_Reading(build_reading_model(encoder.transformer, weights, torch.float32)), out / RERANKER)
        step("compare the reranker")
        _check_reranker(encoder, exported, weights, out / RERANKER)


def _save(network: nn.Module, path: Path) -> None:
    example = torch.arange(5, 37).view(2, 16)
    network.eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, about branches that do not depend on the texts
        save_network(network, (example, torch.ones_like(example)), path)


def _write_vocabulary(folder: Path, out: Path) -> None:
    """Writes none where it would split otherwise than the model's own."""
    if write_unigram(folder, out):
        own, small = Tokenizer(folder).ids_with_places(_PROBES), Unigram(out).ids_with_places(_PROBES)
        if own != small:
            for name in (UNIGRAM_PIECES, UNIGRAM_RULES):
                (out / name).unlink()


def _check_encoder(encoder: SentenceTransformerEncoder, exported: OpenVinoEncoder) -> None:
    for name in ("encode_queries", "encode_passages"):
        given, found = (_encode(each, name) for each in (encoder, exported))
        cosine = float((given * found).sum(axis=1).min())
        if not cosine >= MIN_COSINE:
            raise ModelError(f"OpenVINO gives other vectors than torch for {encoder.spec.name} (cosine {cosine:.5f})")


def _encode(encoder: SentenceTransformerEncoder | OpenVinoEncoder, method: str) -> Vectors:
    vectors: Vectors = getattr(encoder, method)(_PROBES)
    return vectors


def _check_reranker(
    encoder: SentenceTransformerEncoder, exported: OpenVinoEncoder, weights: RerankerWeights, network: Path
) -> None:
    passages = [probe for probe in _PROBES if probe]
    given = [each.score for each in BundledReranker(encoder, weights, torch.float32).read(_PROBES[0], passages)]
    model = OpenVinoModel(network, "f32")
    pairs = exported.tokens.of_pairs(_PROBES[0], passages, MAX_TOKENS)
    read = model.run([padded([pair.ids], exported.tokens.padding) for pair in pairs])
    found = [float(answers[0]) for answers, _ in read]
    difference = float(np.abs(np.subtract(given, found)).max())
    if not difference <= _MAX_SCORE_DIFFERENCE:
        raise ModelError(f"OpenVINO reads otherwise than torch with {weights.record['name']} (by {difference:.3f})")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m embeddings.openvino_export", description=__doc__)
    parser.add_argument("folder", type=Path, help="a sentence-transformers folder")
    parser.add_argument("out", type=Path, help="an empty folder")
    parser.add_argument("reranker", type=Path, nargs="?", help="the weights of a reranker made from it")
    options = parser.parse_args()
    try:
        export(options.folder, options.out, options.reranker, lambda what: print(what, flush=True))
    except (ModelError, OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        # What a model that cannot be traced raises depends on what it does.
        print(f"{error}" if isinstance(error, ModelError) else f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

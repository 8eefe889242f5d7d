"""Takes the language out of a vector.

Multilingual encoders place languages in clusters, so that a question prefers passages of its own language, right or
wrong. Projecting out the span of the languages' mean vectors repairs most of it without labels or training (after
Yang et al. 2021, "A Simple and Effective Method To Eliminate the Self Language Bias in Multilingual Representations";
figures in eval/LOG.md). The means come from reference texts, one file a language, and from the corpus itself.

    python -m embeddings.neutral fit --texts FOLDER --model FOLDER --out FILE.npz
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, is_zipfile

import numpy as np

from embeddings.encoder import Encoder, Vectors
from embeddings.errors import ModelError
from embeddings.spec import ModelSpec

SHIPPED = Path(__file__).parent / "means"
MIN_CORPUS_PASSAGES = 10
_SHRINKAGE = 20
"""What n passages say of a language beyond the reference counts n / (n + 20): a few speak of their topic too."""
_MAX_SHARE = 0.25
"""At most this share of the dimensions is taken out, however many languages there are."""
_MIN_SINGULAR = 1e-4


@dataclass(frozen=True)
class LanguageMeans:
    """The mean vector of each language, shape [d], for one model."""

    weights_sha256: str
    means: Mapping[str, Vectors]

    def save(self, path: Path) -> None:
        languages = sorted(self.means)
        with path.open("wb") as file:
            np.savez(
                file,
                weights_sha256=self.weights_sha256,
                languages=np.array(languages),
                means=np.stack([self.means[language] for language in languages]).astype(np.float32),
            )

    @classmethod
    def load(cls, path: Path, spec: ModelSpec) -> "LanguageMeans":
        """Raises ModelError, naming the file, for means of another model or dimension, or no such file."""
        if not is_zipfile(path):
            raise ModelError(f"{path}: no file of language means; make it anew: {_HOW}")
        try:
            with np.load(path, allow_pickle=False) as arrays:
                weights = str(arrays["weights_sha256"])
                languages, means = arrays["languages"].tolist(), arrays["means"]
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise ModelError(f"{path}: no file of language means ({error}); make it anew: {_HOW}") from error
        if weights != spec.weights_sha256 or means.shape[1:] != (spec.dimension,):
            raise ModelError(f"{path}: the language means of another model than {spec.name}; make its own: {_HOW}")
        return cls(weights, dict(zip(languages, means, strict=True)))


_HOW = "python -m embeddings.neutral fit --help"


def shipped_means(spec: ModelSpec) -> LanguageMeans | None:
    """The means that come with the package for these very weights, None for other models."""
    path = SHIPPED / f"{spec.weights_sha256[:16]}.npz"
    return LanguageMeans.load(path, spec) if path.is_file() else None


class LanguageNeutralizer:
    """Projects out `directions`, orthogonal rows of shape [r, d]; a row shorter than 1 is taken out in part."""

    def __init__(self, directions: Vectors) -> None:
        self.directions = directions

    @classmethod
    def fit(
        cls, dimension: int, reference: LanguageMeans | None, corpus: Mapping[str, tuple[Vectors, int]]
    ) -> "LanguageNeutralizer":
        """`corpus` gives for each language the mean of its passages, shape [d], and how many there are."""
        known = _span(list(reference.means.values()) if reference else [], dimension)
        counted = [(mean, count) for mean, count in corpus.values() if count >= MIN_CORPUS_PASSAGES]
        rest = [(mean - (mean @ known.T) @ known).astype(np.float32) for mean, _ in counted]
        own = _span(rest, dimension)
        if reference and len(own):
            counts = np.array([count for _, count in counted])
            parts = (np.stack(rest) @ own.T) ** 2  # how much each language has of each direction
            shares = (counts / (counts + _SHRINKAGE)) @ parts / parts.sum(axis=0)
            own = own * np.sqrt(shares)[:, np.newaxis]
        directions = np.vstack([known, own])[: int(_MAX_SHARE * dimension)]
        return cls(directions.astype(np.float32))

    def apply(self, vectors: Vectors) -> Vectors:
        """Unit vectors of shape [n, d] without the language; one that is nothing else stays as it is."""
        neutral = vectors - (vectors @ self.directions.T) @ self.directions
        lengths = np.linalg.norm(neutral, axis=1, keepdims=True)
        return np.where(lengths > _MIN_SINGULAR, neutral / np.maximum(lengths, _MIN_SINGULAR), vectors)


def _span(vectors: Sequence[Vectors], dimension: int) -> Vectors:
    """Orthonormal rows of shape [r, d] for what the vectors span, the strongest first."""
    if not vectors:
        return np.empty((0, dimension), dtype=np.float32)
    _, singular, directions = np.linalg.svd(np.stack(vectors).astype(np.float64), full_matrices=False)
    span: Vectors = directions[singular > _MIN_SINGULAR * max(1.0, singular[0])].astype(np.float32)
    return span


def fit_means(encoder: Encoder, folder: Path) -> LanguageMeans:
    """The mean of the lines of each LANGUAGE.txt in `folder`, encoded as passages. Raises ModelError."""
    texts = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in sorted(folder.glob("*.txt"))}
    lines = {language: [line for line in found if line.strip()] for language, found in texts.items()}
    if len([found for found in lines.values() if found]) < 2:
        raise ModelError(f"{folder}: needs a LANGUAGE.txt with some lines for each of at least two languages")
    means = {language: encoder.encode_passages(found).mean(axis=0) for language, found in lines.items() if found}
    return LanguageMeans(encoder.spec.weights_sha256, means)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m embeddings.neutral", description="Fits the means of languages.")
    fit = parser.add_subparsers(dest="command", required=True).add_parser("fit")
    fit.add_argument("--texts", type=Path, required=True, help="folder of LANGUAGE.txt, a sentence or paragraph a line")
    fit.add_argument("--model", type=Path, required=True, help="folder of the sentence-transformers model")
    fit.add_argument("--out", type=Path, help="file to write (default: where the service looks, in the package)")
    options = parser.parse_args()
    from embeddings.sentence_transformer import SentenceTransformerEncoder  # noqa: PLC0415  torch, for fitting only

    encoder = SentenceTransformerEncoder(options.model)
    out = options.out or SHIPPED / f"{encoder.spec.weights_sha256[:16]}.npz"
    means = fit_means(encoder, options.texts)
    means.save(out)
    print(f"{out}: {len(means.means)} languages of {encoder.spec.name}")


if __name__ == "__main__":
    main()

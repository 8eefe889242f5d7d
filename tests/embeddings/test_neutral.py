"""The neutralizer takes the languages' means out, and nothing of another model is let in."""

from pathlib import Path

import numpy as np
import pytest

from embeddings.encoder import Encoder
from embeddings.errors import ModelError
from embeddings.hashing import HashingEncoder
from embeddings.neutral import LanguageMeans, LanguageNeutralizer, fit_means, shipped_means

DIMENSION = 32


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def clusters(passages: int) -> tuple[np.ndarray, np.ndarray]:
    """The same meanings in two languages, each far to its own side: shapes [n, d]."""
    random = np.random.default_rng(1)
    meaning = random.normal(size=(passages, DIMENSION))
    sides = 9 * random.normal(size=(2, DIMENSION))
    return unit(meaning + sides[0]), unit(meaning + sides[1])


def test_the_translation_comes_first_once_the_language_is_out() -> None:
    english, chinese = clusters(50)
    both = np.vstack([english, chinese])
    corpus = {"en": (english.mean(axis=0), 50), "zh": (chinese.mean(axis=0), 50)}
    neutralizer = LanguageNeutralizer.fit(DIMENSION, None, corpus)

    def translations_before_neighbours(passages: np.ndarray) -> float:
        scores = passages[:50] @ passages.T
        np.fill_diagonal(scores, -1)
        return float(np.mean(scores.argmax(axis=1) == np.arange(50) + 50))

    assert translations_before_neighbours(both) < 0.1
    assert translations_before_neighbours(neutralizer.apply(both)) == 1.0


def test_the_means_are_gone_and_lengths_are_one() -> None:
    english, chinese = clusters(50)
    means = LanguageMeans("", {"en": english.mean(axis=0), "zh": chinese.mean(axis=0)})
    neutralizer = LanguageNeutralizer.fit(DIMENSION, means, {})
    neutral = neutralizer.apply(english)
    assert neutral.dtype == np.float32
    assert np.allclose(np.linalg.norm(neutral, axis=1), 1, atol=1e-5)
    for mean in means.means.values():
        assert np.allclose(neutral @ mean, 0, atol=1e-5)


def test_without_any_means_nothing_changes() -> None:
    english, _ = clusters(5)
    neutralizer = LanguageNeutralizer.fit(DIMENSION, None, {"en": (english.mean(axis=0), 9)})
    assert neutralizer.directions.shape == (0, DIMENSION)
    assert np.allclose(neutralizer.apply(english), english)
    assert neutralizer.apply(english[:0]).shape == (0, DIMENSION)


def test_a_vector_that_is_nothing_but_language_stays_as_it_is() -> None:
    mean = unit(np.ones((1, DIMENSION)))
    neutralizer = LanguageNeutralizer.fit(DIMENSION, LanguageMeans("", {"en": mean[0]}), {})
    assert np.allclose(neutralizer.apply(mean), mean)


def test_most_dimensions_are_left_however_many_languages_there_are() -> None:
    random = np.random.default_rng(2)
    corpus = {f"l{i}": (unit(random.normal(size=(1, DIMENSION)))[0], 100) for i in range(60)}
    assert len(LanguageNeutralizer.fit(DIMENSION, None, corpus).directions) == DIMENSION // 4


def test_a_small_language_leans_on_its_reference() -> None:
    axes = np.eye(DIMENSION, dtype=np.float32)
    reference = LanguageMeans("", {"en": axes[0]})
    few = LanguageNeutralizer.fit(DIMENSION, reference, {"en": (axes[1], 5)})
    assert np.allclose(few.directions @ axes[1], 0)
    for count in (10, 100, 10_000):
        more = LanguageNeutralizer.fit(DIMENSION, reference, {"en": (axes[1], count)})
        assert np.sum((more.directions @ axes[1]) ** 2) == pytest.approx(count / (count + 20), abs=1e-5)
        assert np.sum((more.directions @ axes[0]) ** 2) == pytest.approx(1, abs=1e-5)


def test_means_are_fitted_saved_and_loaded(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("All human beings are born free.\n\nEveryone has rights.", encoding="utf-8")
    (tmp_path / "kk.txt").write_text("Барлық адамдар тең.\n", encoding="utf-8")
    encoder = HashingEncoder()
    means = fit_means(encoder, tmp_path)
    means.save(tmp_path / "means.npz")
    loaded = LanguageMeans.load(tmp_path / "means.npz", encoder.spec)
    assert set(loaded.means) == {"en", "kk"}
    assert np.allclose(loaded.means["kk"], encoder.encode_passages(["Барлық адамдар тең."])[0])


def test_one_language_is_too_few_to_fit(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("Alone.", encoding="utf-8")
    (tmp_path / "kk.txt").write_text(" \n", encoding="utf-8")
    with pytest.raises(ModelError, match="two languages"):
        fit_means(HashingEncoder(), tmp_path)


def test_means_of_another_model_or_dimension_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "means.npz"
    LanguageMeans("other weights", {"en": np.ones(64, dtype=np.float32)}).save(path)
    with pytest.raises(ModelError, match="another model than hashing"):
        LanguageMeans.load(path, HashingEncoder().spec)
    LanguageMeans("", {"en": np.ones(63, dtype=np.float32)}).save(path)
    with pytest.raises(ModelError, match="another model than hashing"):
        LanguageMeans.load(path, HashingEncoder().spec)


@pytest.mark.parametrize("content", [b"", b"no numbers", b"PK\x03\x04damaged"])
def test_a_file_that_holds_no_means_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "means.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"means\.npz"):
        LanguageMeans.load(path, HashingEncoder().spec)


def test_other_models_have_no_shipped_means() -> None:
    assert shipped_means(HashingEncoder().spec) is None


@pytest.mark.model
def test_the_shipped_means_are_those_of_the_bundled_model(encoder: Encoder) -> None:
    means = shipped_means(encoder.spec)
    assert means is not None
    assert {"en", "zh", "ru", "kk", "ky", "uz", "tg", "tk"} <= set(means.means)

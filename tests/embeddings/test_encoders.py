"""What holds for the real encoder, whatever runs it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from embeddings.encoder import Encoder
from embeddings.model_choice import load_encoder

pytestmark = pytest.mark.model


@pytest.fixture(params=["encoder", "torch_encoder"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    """The bundled model on each runtime."""
    found: Encoder = request.getfixturevalue(request.param)
    return found


TEXTS = ["Trade grew by a third.", "Сауда үштен бірге өсті.", "贸易增长了三分之一。", "a", "", "зөв " * 900]


def test_rows_are_unit_vectors_of_the_stated_dimension(encoder: Encoder) -> None:
    vectors = encoder.encode_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.spec.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_query_and_passage_are_different_inputs(encoder: Encoder) -> None:
    same = (encoder.encode_queries(TEXTS[:3]) * encoder.encode_passages(TEXTS[:3])).sum(axis=1)
    assert (same < 0.995).all()


def test_prefixes_are_those_of_the_spec(encoder: Encoder, model_folder: Path) -> None:
    model = SentenceTransformer(str(model_folder), device="cpu", local_files_only=True)
    np.testing.assert_allclose(encoder.encode_queries(["a b"])[0], model.encode("query: a b"), atol=2e-3)
    np.testing.assert_allclose(encoder.encode_passages(["a b"])[0], model.encode_document("a b"), atol=2e-3)


def test_no_text_gives_no_row(encoder: Encoder) -> None:
    assert encoder.encode_queries([]).shape == (0, encoder.spec.dimension)
    assert encoder.encode_passages([]).dtype == np.float32


def test_a_text_gets_the_same_vector_alone_and_in_a_batch(encoder: Encoder) -> None:
    together = encoder.encode_passages([*TEXTS, *TEXTS[:3] * 12])
    alone = np.concatenate([encoder.encode_passages([text]) for text in TEXTS])
    np.testing.assert_allclose(together[: len(TEXTS)], alone, atol=1e-5)
    np.testing.assert_allclose(together[-3:], alone[:3], atol=1e-5)


def test_composed_and_decomposed_texts_get_the_same_vector(encoder: Encoder) -> None:
    composed, decomposed = encoder.encode_queries(["Thương mại với Việt Nam", "Thương mại với Việt Nam"])
    np.testing.assert_allclose(composed, decomposed, atol=1e-6)


def test_threads_get_what_one_thread_gets(encoder: Encoder) -> None:
    texts = [f"{text} {i}" for i in range(4) for text in TEXTS[:3]]
    expected = [encoder.encode_queries([text]) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: encoder.encode_queries([text]), texts))
    np.testing.assert_allclose(np.concatenate(found), np.concatenate(expected), atol=1e-5)


def test_a_folder_given_by_path_is_the_same_model(encoder: Encoder, model_folder: Path, model_home: Path) -> None:
    given = load_encoder(str(model_folder), model_home)
    assert given.spec == encoder.spec
    np.testing.assert_allclose(given.encode_queries(TEXTS), encoder.encode_queries(TEXTS), atol=5e-3)

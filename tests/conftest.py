"""Fixtures for all tests: the real model, built once and kept between runs."""

import os
from pathlib import Path

import pytest

from embeddings.encoder import Encoder
from embeddings.model_choice import load_encoder, ready_folder
from embeddings.openvino_files import ready_networks

ARTIFACTS = Path(__file__).parents[1] / "artifacts"


@pytest.fixture(scope="session")
def model_home() -> Path:
    """The directory whose `models/` holds the built model: QA_TEST_MODEL_DIR, else the git-ignored artifacts/."""
    return Path(os.environ.get("QA_TEST_MODEL_DIR", ARTIFACTS / "model"))


@pytest.fixture(scope="session")
def model_folder(model_home: Path) -> Path:
    """The bundled model as a sentence-transformers folder, its networks beside it; never write into it."""
    folder, spec = ready_folder(model_home)
    ready_networks(folder, spec, model_home / "models" / "openvino")
    return folder


@pytest.fixture(scope="session")
def encoder(model_home: Path, model_folder: Path) -> Encoder:
    """The real encoder, on OpenVINO."""
    return load_encoder(None, model_home)


@pytest.fixture(scope="session")
def torch_encoder(model_home: Path, model_folder: Path) -> Encoder:
    """The same on torch."""
    return load_encoder(None, model_home, runtime="torch")

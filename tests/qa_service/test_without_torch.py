"""Who asks pays for no torch once the networks are there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "transformers", "sentence_transformers")
SAY = f"print('loaded:', [name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
AT_EXIT = f"import atexit, sys; atexit.register(lambda: {SAY})"

pytestmark = pytest.mark.model


@pytest.fixture
def data_dir(tmp_path: Path, model_home: Path, model_folder: Path) -> Path:
    """An empty data directory with the built model."""
    (tmp_path / "models").symlink_to((model_home / "models").resolve())
    return tmp_path


def run(script: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QA_DATA_DIR": str(data_dir)}
    return subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)


def test_the_commands_and_the_service_answer_without_it(data_dir: Path) -> None:
    command = AT_EXIT + "; from qa_service.cli.commands import run; sys.argv = {}; sys.exit(run())"
    taken_in = run(command.format(["qa_service", "index", str(ROOT / "seeds")]), data_dir)
    assert "loaded: []" in taken_in.stderr, taken_in.stderr
    question = "How many students from Kazakhstan are in China?"
    asked = run(command.format(["qa_service", "ask", "--json", question]), data_dir)
    assert "loaded: []" in asked.stderr, asked.stderr
    assert "11 thousand" in json.loads(asked.stdout)["answer"]
    served = run(
        f"""
{AT_EXIT}
from fastapi.testclient import TestClient
from qa_service import app
from qa_service.config import read_settings
from qa_service.web.app import create_app
settings = read_settings()
encoder = app.choose_encoder(settings)
service = app.open_service(settings, encoder, app.choose_reranker(settings, encoder))
client = TestClient(create_app(service, settings), base_url="http://localhost")
print(client.post("/ask", json={{"question": "{question}"}}).text)
""",
        data_dir,
    )
    assert "loaded: []" in served.stderr, served.stderr
    assert "11 thousand" in json.loads(served.stdout)["answer"]


def test_the_command_line_loads_no_model(data_dir: Path) -> None:
    loaded = run("import sys, qa_service.cli.commands; print(*sys.modules, sep='\\n')", data_dir).stdout.split()
    assert "qa_service.cli.commands" in loaded
    assert not {*HEAVY, "openvino", "tokenizers", "gradio", "langchain_text_splitters"} & set(loaded)

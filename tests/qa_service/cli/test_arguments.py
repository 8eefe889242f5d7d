"""What cannot be meant is refused in words that say what can, with a service or without."""

import sys
from pathlib import Path

import pytest

from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.cli.commands import run
from qa_service.config import Settings

NO_ID = "is not a document's id, 32 digits 0-9 a-f; the list of documents shows them"


def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said on standard error of bad input."""
    monkeypatch.setattr(sys, "argv", ["qa_service", *arguments])
    try:
        code: object = run()
    except SystemExit as end:
        code = end.code
    assert code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("receipt", "zz"),
        ("delete", "zz"),
        ("restore", "zz", "0"),
        ("quarantine", "zz", "0", "1"),
        ("accept", "zz"),
        ("describe", "zz", "--title", "A"),
        ("verify", "a quote", "--document", "zz"),
    ],
)
def test_what_is_no_id_is_refused_by_every_command(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QA_DATA_DIR", str(tmp_path))
    open_service(Settings(data_dir=tmp_path), HashingEncoder()).close()
    assert refusal(monkeypatch, capsys, *arguments) == f"error: zz: {NO_ID}\n"


def test_a_field_that_cannot_be_taken_back_is_refused_with_those_that_can(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refusal(monkeypatch, capsys, "describe", "0" * 32, "--take-back", "foo")
    assert said == "error: --take-back: foo is not among title, source, author, date, url, language\n"

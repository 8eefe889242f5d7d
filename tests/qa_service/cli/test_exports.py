"""`ask --export` and `check-record`: through a service in a thread, and on the data directory; no model is loaded."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from pybtex.database import parse_string

from embeddings.hashing import HashingEncoder
from qa_service.answering.export.record import write_record
from qa_service.app import open_service
from qa_service.cli.commands import run
from qa_service.config import Settings
from qa_service.records import RawFile
from qa_service.service import Service
from qa_service.store.lock import DataDirectoryLock
from qa_service.web.app import create_app
from tests.qa_service.answering.recorded import SCRIPTS

QUESTION = "How large was trade in 2024?"
TEXT = f"{SCRIPTS['en']}\n"


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str


Call = Callable[..., Done]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """A command line, run in this process over the data directory `tmp_path/data`."""
    monkeypatch.setenv("QA_DATA_DIR", str(tmp_path / "data"))

    def call(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["qa_service", *map(str, arguments)])
        try:
            code: object = run()
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert isinstance(code, int)
        return Done(code, said.out, said.err)

    return call


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = open_service(Settings(data_dir=tmp_path / "data", min_confidence=0), HashingEncoder())
    service.add(RawFile("trade.txt", TEXT.encode(), {"source": "Press", "date": "2025-06-14", "title": "贸易 & more"}))
    yield service
    service.close()


@pytest.fixture
def running(service: Service, tmp_path: Path) -> Iterator[None]:
    """The service answers over HTTP, as its data directory's lock says."""
    app = create_app(service, Settings(data_dir=tmp_path / "data"))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with DataDirectoryLock(tmp_path / "data", "serve", f"http://127.0.0.1:{port}"):
            yield
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def kept(service: Service, tmp_path: Path) -> Path:
    """The file of a record that cites trade.txt."""
    path = tmp_path / "record.json"
    path.write_text(write_record(service.record(service.ask(QUESTION))), encoding="utf-8")
    return path


@pytest.mark.usefixtures("running")
def test_an_export_is_printed_instead_of_the_answer(call: Call) -> None:
    assert call("ask", QUESTION, "--export", "gbt7714") == Done(0, "[1] 贸易 & more[N]. Press, 2025-06-14.\n", "")
    markdown = call("ask", QUESTION, "--export", "markdown").out
    assert markdown.startswith(f"# {QUESTION}\n\nTrade reached a record &#36;94.8 billion")
    assert list(parse_string(call("ask", QUESTION, "--export", "bibtex").out, "bibtex").entries.values())
    assert json.loads(call("ask", QUESTION, "--export", "record").out)["question"] == QUESTION


@pytest.mark.usefixtures("running")
def test_an_export_is_written_beside_the_answer_and_checked_later(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "записи 记录.json"
    done = call("ask", QUESTION, "--export", "record", "--out", path)
    assert done.code == 0
    assert "confidence" in done.out
    checked = call("check-record", path)
    assert (checked.code, checked.err) == (0, "")
    first, second = checked.out.splitlines()
    assert first == "record unaltered"
    assert second.startswith("[1] stands - trade.txt ")
    as_json = call("ask", QUESTION, "--json", "--export", "markdown", "--out", tmp_path / "answer.md")
    assert json.loads(as_json.out)["exports"]["markdown"] == (tmp_path / "answer.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("running")
def test_a_refusal_is_exported_with_its_exit_code(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    assert call("ask", QUESTION, "--language", "fr", "--export", "record", "--out", path).code == 1
    assert call("check-record", path) == Done(0, "record unaltered\n", "")


@pytest.mark.usefixtures("running")
def test_a_printed_record_is_the_record(call: Call, service: Service, tmp_path: Path) -> None:
    """Whatever is in it: control characters, wide spaces, what looks like markup of the terminal."""
    service.add(RawFile("odd.txt", "Observatory \x1b[31m\x9b2J\x7f　[bold]red[/bold] 👩‍👩‍👧 :smile:.".encode(), {}))
    done = call("ask", "Observatory red bold", "--export", "record")
    assert not {"\x1b", "\x9b", "\x7f"} & set(done.out)
    path = tmp_path / "record.json"
    path.write_text(done.out, encoding="utf-8")
    assert call("check-record", path).code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--export", "pdf"),
        ("--out", "answer.md"),
        ("--out", "answer.md", "--export", "markdown", "--export", "record"),
        ("--export", "markdown", "--out", "/no/such/folder/answer.md"),
        ("--export", "markdown", "--out", "/"),
    ],
)
@pytest.mark.usefixtures("running")
def test_an_export_that_cannot_be_is_refused(call: Call, arguments: tuple[str, ...]) -> None:
    done = call("ask", QUESTION, *arguments)
    assert done.code == 2
    assert arguments[-2] in done.err


def test_a_record_is_checked_without_a_service(call: Call, service: Service, kept: Path) -> None:
    document_id = service.documents(1, 1)[0][0].id
    done = call("check-record", kept, "--json")
    assert (done.code, json.loads(done.out)["stands"]) == (0, True)
    service.delete(document_id)
    assert call("check-record", kept) == Done(1, f"record unaltered\n[1] gone - trade.txt {document_id}\n", "")
    edited = service.add(RawFile("trade.txt", f"Edited.\n{TEXT}".encode(), {})).document_id
    assert call("check-record", kept) == Done(1, f"record unaltered\n[1] moved - trade.txt {edited} [8:72]\n", "")
    service.delete(edited)
    service.add(RawFile("trade.txt", TEXT.replace("94.8", "95.8").encode(), {}))
    assert call("check-record", kept).out.splitlines()[1] == f"[1] changed - trade.txt {document_id}"
    service.add(RawFile("again.txt", TEXT.encode(), {}))
    assert call("check-record", kept).code == 0


@pytest.mark.usefixtures("running")
def test_a_record_is_checked_through_the_service(call: Call, service: Service, kept: Path) -> None:
    assert call("check-record", kept).code == 0
    service.delete(service.documents(1, 1)[0][0].id)
    done = call("check-record", kept)
    assert done.code == 1
    assert "[1] gone" in done.out


def test_an_altered_record_is_noticed(call: Call, kept: Path) -> None:
    text = kept.read_text(encoding="utf-8")
    kept.write_text(text.replace('"answered_at": "2', '"answered_at": "3'), encoding="utf-8")
    done = call("check-record", kept)
    assert done.code == 1
    assert done.out.startswith("record ALTERED")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"no JSON", "not JSON"),
        (b"\x00\xff", "not JSON"),
        (b"{}", "format: "),
        (b'{"format": "qa-service-record", "version": 2}', "version: is 2"),
        (b'{"format": "qa-service-record", "version": 1}', "id: "),
        (b" " * 5_000_000, "larger than 4 MB"),
    ],
)
@pytest.mark.usefixtures("service")
def test_a_file_that_is_no_record_is_named_with_what_is_wrong(
    call: Call, tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    done = call("check-record", path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {path}: ")
    assert problem in done.err
    assert len(done.err.splitlines()) == 1


def test_a_file_that_cannot_be_read_is_named(call: Call, tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path):
        done = call("check-record", path)
        assert done.code == 2
        assert str(path) in done.err


def test_without_documents_nothing_can_be_checked(call: Call, kept: Path, tmp_path: Path) -> None:
    assert call("check-record", kept, "--data-dir", tmp_path / "empty").code == 3

"""The command `verify`, which needs no model: in its own process and through a running service."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.cli.output import print_verification
from qa_service.cli.remote import RemoteSession
from qa_service.config import Settings
from qa_service.errors import BadInput, NotFound
from qa_service.ingest.files import FileEntry, find_files
from qa_service.records import RawFile
from qa_service.service import Service
from qa_service.store.lock import Holder
from qa_service.web.app import create_app
from qa_service.web.responses import VerifyOut

ROOT = Path(__file__).parents[3]
QUOTE = "There are over 11 thousand Kazakhstan students in China"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("data")
    service = open_service(Settings(data_dir=directory), HashingEncoder())
    for entry in find_files([ROOT / "seeds"]):
        assert isinstance(entry, FileEntry)
        service.add(entry.read(1_000_000))
    service.close()
    return directory


def run(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qa_service", "verify", *arguments],
        cwd=ROOT,
        env={**os.environ, "QA_DATA_DIR": str(data_dir), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_quote_that_stands_there_is_printed_with_its_place(data_dir: Path) -> None:
    done = run(data_dir, QUOTE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "Exact: it stands there word for word."
    assert "002_e12e1a648fca8381.txt [667:722]" in done.stdout
    assert done.stdout.splitlines()[-1] == QUOTE


def test_an_altered_quote_is_printed_with_what_differs(data_dir: Path) -> None:
    done = run(data_dir, QUOTE.replace("11", "12"))
    assert (done.returncode, done.stderr) == (1, "")
    assert "There are over [-12-]{+11+} thousand" in done.stdout


def test_json_is_what_the_api_returns(data_dir: Path) -> None:
    done = run(data_dir, QUOTE, "--json", "--document", "0" * 32)
    assert (done.returncode, done.stdout) == (2, "")
    found = VerifyOut.model_validate_json(run(data_dir, QUOTE, "--json").stdout)
    again = run(data_dir, QUOTE, "--json", "--document", found.places[0].document_id)
    assert json.loads(again.stdout) == found.model_dump()


@pytest.mark.parametrize("arguments", [(" ",), ("x" * 10_001,), ()])
def test_bad_input_is_an_exit_code_and_no_traceback(data_dir: Path, arguments: tuple[str, ...]) -> None:
    done = run(data_dir, *arguments)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def service(data_dir: Path) -> Iterator[Service]:
    service = open_service(Settings(data_dir=data_dir), HashingEncoder())
    yield service
    service.close()


@pytest.fixture
def url(service: Service, data_dir: Path) -> Iterator[str]:
    app = create_app(service, Settings(data_dir=data_dir))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_a_running_service_is_asked(service: Service, url: str) -> None:
    remote = RemoteSession(Holder(os.getpid(), "serve", url), url)
    found = remote.verify(QUOTE, None)
    assert found == VerifyOut.of(service.verify(QUOTE))
    assert remote.verify(QUOTE, found.places[0].document_id) == found
    with pytest.raises(NotFound):
        remote.verify(QUOTE, "0" * 32)
    with pytest.raises(BadInput, match="document_id"):
        remote.verify(QUOTE, "seeds")
    remote.close()


def test_a_running_service_is_told_where_metadata_stood(url: str) -> None:
    remote = RemoteSession(Holder(os.getpid(), "serve", url), url)
    file = RawFile("b.txt", b"A harvest.", {"title": "Harvest", "date": "2024"}, metadata_origins={"title": "sidecar"})
    origins = remote.add(file).metadata_origins
    assert (origins["title"], origins["date"]) == ("sidecar", "given")
    remote.close()


def test_more_places_than_are_listed_are_counted(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    found = VerifyOut.of(service.verify("a"))
    print_verification(found)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Exact: it stands there word for word ({found.total:,} places)."
    assert lines[-1] == f"and {found.total - 100:,} more"
    assert any(", inside a word" in line for line in lines)


def test_an_absent_quote_is_said(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    print_verification(VerifyOut.of(service.verify("Nothing of the kind was written anywhere")))
    assert capsys.readouterr().out == "Absent: it stands in no document.\n"

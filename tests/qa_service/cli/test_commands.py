"""The commands with the real model, in processes of their own: output, exit codes, and through a running service."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from qa_service.store.lock import DataDirectoryLock, read_holder

pytestmark = pytest.mark.model

ROOT = Path(__file__).parents[3]
FIRST_SEED = "3dd684efc7d487530fed1469bf34a889"


@pytest.fixture(scope="module")
def environment(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A data directory with the seeds, indexed once."""
    data_dir = tmp_path_factory.mktemp("data")
    environment = {**os.environ, "QA_DATA_DIR": str(data_dir), "QA_MODEL": str(model_folder), "COLUMNS": "200"}
    done = run(environment, "index", "seeds")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("added") == 4
    return environment


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qa_service", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def only_id(table: str) -> str:
    """The document's id in the table of a batch of one file."""
    [document_id] = re.findall(r"\b[0-9a-f]{32}\b", table)
    return str(document_id)


@pytest.fixture(scope="module")
def service(environment: dict[str, str]) -> Iterator[str]:
    """The address of a service over the same data directory."""
    data_dir = Path(environment["QA_DATA_DIR"])
    with subprocess.Popen(
        [sys.executable, "-m", "qa_service", "serve", "--port", "0"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield wait_for_service(data_dir, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def wait_for_service(data_dir: Path, process: subprocess.Popen[bytes]) -> str:
    for _ in range(600):
        holder = read_holder(data_dir)
        if holder is not None and holder.url is not None:
            try:
                if httpx.get(f"{holder.url}/readyz", trust_env=False).status_code == 200:
                    return holder.url
            except httpx.TransportError:
                pass
        assert process.poll() is None
        time.sleep(0.1)
    raise AssertionError("the service did not get ready")


def test_ask_answers_with_a_checked_place(environment: dict[str, str]) -> None:
    done = run(environment, "ask", "How many students from Kazakhstan are in China?", "--json")
    assert done.returncode == 0
    citation = json.loads(done.stdout)["citations"][0]
    text = (ROOT / "seeds" / citation["file_name"]).read_bytes().decode()
    assert text[citation["quote_start_char_index"] : citation["quote_end_char_index"]] == citation["quote"]
    assert "11 thousand" in citation["quote"]


def test_ask_says_by_its_exit_code_that_nothing_answers(environment: dict[str, str]) -> None:
    done = run(environment, "ask", "How are zebrafish fed?", "--min-confidence", "1")
    assert done.returncode == 1
    assert "These documents don’t hold an answer" in done.stdout


def sources_found(environment: dict[str, str], *options: str) -> set[str]:
    done = run(environment, "search", "trade and media", "--top-k", "50", "--json", *options)
    assert (done.returncode, done.stderr) == (0, "")
    return {hit["source"] for hit in json.loads(done.stdout)["hits"]}


def assert_filters_are_kept(environment: dict[str, str]) -> None:
    sources = ["--source", "china DAILY", "--source", "kazinform", "--language", "EN"]
    assert sources_found(environment, *sources, "--from", "2016", "--to", "2025-06-13") == {"Kazinform"}
    done = run(environment, "ask", "How is the media forum?", "--document", FIRST_SEED, "--language", "zh")
    refusal = "These documents don’t hold an answer to this question.\nconfidence 0.00\n"
    assert (done.returncode, done.stdout) == (1, refusal)


def test_only_what_the_options_let_through_is_found(environment: dict[str, str]) -> None:
    assert_filters_are_kept(environment)


def test_search_prints_a_passage_and_its_place(environment: dict[str, str]) -> None:
    done = run(environment, "search", "students from Kazakhstan in China", "--top-k", "2", "--source", "Kazinform")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split(".")[0] for line in lines[::2]] == ["1", "2"]
    assert all(", Kazinform, 2016-10-24, en - 002_e12e1a648fca8381.txt [" in line for line in lines[::2])


def test_a_bad_file_is_one_line_and_the_rest_goes_on(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0\0")
    (tmp_path / "good.txt").write_text("A good text about nothing.", encoding="utf-8")
    done = run(
        {**environment, "QA_DATA_DIR": str(tmp_path / "data")},
        "index",
        str(tmp_path / "missing.txt"),
        *map(str, sorted(tmp_path.glob("*.*"))),
    )
    assert done.returncode == 2
    assert done.stdout.count("added") == 1
    lines = done.stderr.splitlines()
    assert [line.split(":")[0] for line in lines] == ["error"] * 4
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("ask", "  "), 2),
        (("ask", "x" * 2001), 2),
        (("ask", "a", "--top-k", "0"), 2),
        (("ask", "a", "--language", "english"), 2),
        (("search", "a", "--from", "2025-02-30"), 2),
        (("delete", "nothing"), 2),
        (("unknown",), 2),
        (("ask", "a", "--model", "/no/such/model"), 3),
        (("ask", "a", "--min-confidence", "7"), 2),
        (("serve", "--host", "no.such.host.invalid"), 2),
        (("serve", "--port", "99999"), 2),
    ],
)
def test_bad_input_is_an_exit_code_and_no_traceback(
    environment: dict[str, str], arguments: tuple[str, ...], code: int
) -> None:
    done = run(environment, *arguments)
    assert done.returncode == code
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_a_data_directory_that_is_a_file_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder", encoding="utf-8")
    done = run({**environment, "QA_DATA_DIR": str(tmp_path / "data")}, "documents")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_the_holder_of_the_lock_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    with DataDirectoryLock(tmp_path, "index"):
        done = run({**environment, "QA_DATA_DIR": str(tmp_path)}, "documents")
    assert done.returncode == 3
    assert f"process {os.getpid()} (index)" in done.stderr


def test_commands_go_through_the_service_that_owns_the_data(
    environment: dict[str, str], service: str, tmp_path: Path
) -> None:
    assert service.startswith("http://127.0.0.1:")
    (tmp_path / "note.txt").write_text("The observatory on Mount Kumbel opened in 1957.", encoding="utf-8")
    added = run(environment, "index", str(tmp_path / "note.txt"))
    assert (added.returncode, added.stderr) == (0, "")
    document_id = only_id(added.stdout)
    assert document_id in run(environment, "documents").stdout
    answer = run(environment, "ask", "When did the observatory on Mount Kumbel open?", "--json")
    assert json.loads(answer.stdout)["citations"][0]["document_id"] == document_id
    assert_filters_are_kept(environment)
    assert sources_found(environment, "--to", "1999", "--include-undated") == {None}  # the note
    assert run(environment, "reindex").returncode == 0
    assert run(environment, "delete", document_id).returncode == 0
    assert document_id not in run(environment, "documents").stdout
    assert run(environment, "delete", document_id).returncode == 2
    bad = run(environment, "index", str(ROOT / "docs" / "chat.png"))
    assert bad.returncode == 2
    assert "Traceback" not in bad.stderr


def test_a_service_that_does_not_answer_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    with DataDirectoryLock(tmp_path, "serve", "http://127.0.0.1:9"):
        done = run({**environment, "QA_DATA_DIR": str(tmp_path)}, "documents")
    assert done.returncode == 3
    assert f"process {os.getpid()} (serve)" in done.stderr


def test_a_port_that_is_taken_is_named(environment: dict[str, str], service: str, tmp_path: Path) -> None:
    port = service.rsplit(":", 1)[1]
    done = run({**environment, "QA_DATA_DIR": str(tmp_path)}, "serve", "--port", port)
    assert done.returncode == 2
    assert port in done.stderr


def test_help_names_every_command(environment: dict[str, str]) -> None:
    done = run(environment, "--help")
    assert done.returncode == 0
    for command in (
        *("serve", "index", "ask", "search", "verify", "documents", "receipt", "delete", "audit", "restore"),
        *("reindex", "quarantine", "accept"),
    ):
        assert command in done.stdout


def test_deleting_goes_on_after_an_id_that_is_not_there(environment: dict[str, str], tmp_path: Path) -> None:
    environment = {**environment, "QA_DATA_DIR": str(tmp_path / "data")}
    (tmp_path / "note.txt").write_text("A note to delete.", encoding="utf-8")
    document_id = only_id(run(environment, "index", str(tmp_path / "note.txt")).stdout)
    done = run(environment, "delete", f"{document_id}?x", document_id)
    assert done.returncode == 2
    assert done.stdout == f"deleted {document_id}\n"
    assert len(done.stderr.splitlines()) == 1


def test_what_is_quarantined_by_command_can_be_restored(environment: dict[str, str], tmp_path: Path) -> None:
    environment = {**environment, "QA_DATA_DIR": str(tmp_path / "data")}
    (tmp_path / "note.txt").write_text("A note to keep out. Another one.", encoding="utf-8")
    indexed = run(environment, "index", str(tmp_path / "note.txt"))
    (document_id,) = re.findall(r"\b[0-9a-f]{32}\b", indexed.stdout)
    done = run(environment, "quarantine", document_id, "0", "19", "--spam")
    assert done.stdout == f"quarantined {document_id} note.txt: 1 passages; 1 quarantined\n"
    done = run(environment, "restore", document_id, "0")
    assert done.stdout == f"restored {document_id} note.txt: 1 passages; 1 kept\n"
    done = run(environment, "accept", document_id)
    assert (done.returncode, done.stderr) == (2, f"error: document {document_id} does not wait for a decision\n")
    assert run(environment, "quarantine", document_id, "9", "9").returncode == 2


def test_the_data_directory_is_not_taken_in(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("A note beside the data.", encoding="utf-8")
    done = run({**environment, "QA_DATA_DIR": str(tmp_path / "data")}, "index", str(tmp_path))
    assert (done.returncode, done.stdout.count("added")) == (0, 1)


def test_a_data_directory_without_a_store_is_not_made(environment: dict[str, str], tmp_path: Path) -> None:
    done = run({**environment, "QA_DATA_DIR": str(tmp_path / "typo")}, "documents")
    assert done.returncode == 3
    assert "index PATH" in done.stderr
    assert not (tmp_path / "typo").exists()


def test_what_steers_a_terminal_is_not_printed(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("Title \x1b]0;PWNED\x07\nThe lighthouse of Aral is red.", encoding="utf-8")
    environment = {**environment, "QA_DATA_DIR": str(tmp_path / "data")}
    assert run(environment, "index", str(tmp_path / "note.txt")).returncode == 0
    done = run(environment, "ask", "What colour is the lighthouse of Aral?", "--min-confidence", "0")
    assert "lighthouse" in done.stdout
    assert "\x1b" not in done.stdout + run(environment, "documents").stdout


def test_a_connection_over_which_nothing_comes_is_closed(service: str) -> None:
    address = httpx.URL(service)
    with socket.create_connection((address.host, address.port), timeout=60) as client:
        assert client.recv(1) == b""

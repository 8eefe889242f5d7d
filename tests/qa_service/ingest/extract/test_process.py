"""Files are read in a process within limits: a bomb costs that file only."""

import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest

from qa_service.errors import BadFile
from qa_service.ingest.extract.process import MEMORY, Workers
from qa_service.records import RawFile
from tests.qa_service.ingest.extract import made_files as made

TABLE = RawFile("ok.csv", b"a,b\n1,2", {})
READ = "a | b\na: 1 | b: 2"


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with closing(Workers(memory=400_000_000)) as workers:
        yield workers


def reason(workers: Workers, name: str, content: bytes, kind: str) -> str:
    with pytest.raises(BadFile) as caught:
        workers.extract(RawFile(name, content, {}), kind)
    assert workers.extract(TABLE, "csv").text == READ, "the next file is read as ever"
    return str(caught.value)


def test_a_small_document_that_wants_all_memory(workers: Workers) -> None:
    content = made.word_body("<w:p>" + "<w:r><w:t>x</w:t></w:r>" * 1_000_000 + "</w:p>")
    assert len(content) < 104_000
    assert reason(workers, "a.docx", content, "docx") == (
        "a.docx: needs more than 400 MB of memory to be read; save the text in parts"
    )


def test_a_pdf_that_wants_all_memory(workers: Workers) -> None:
    content = made.pdf_of([zlib.compress(b"BT /F1 12 Tf (a) Tj " + b" " * 400_000_000, 1)])
    assert "needs more than 400 MB of memory" in reason(workers, "a.pdf", content, "pdf")


def test_a_sheet_with_its_last_cell_filled(workers: Workers, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"], book.active["XFD1048576"] = "a", "z"
    book.save(tmp_path / "a.xlsx")
    assert "needs more than 400 MB" in reason(workers, "a.xlsx", (tmp_path / "a.xlsx").read_bytes(), "xlsx")


def test_thousands_of_pages_that_take_for_ever() -> None:
    page = zlib.compress(b"BT /F1 12 Tf 10 700 Td " + b"(Hello world) Tj " * 10_000 + b" ET", 9)
    content = made.pdf_of([page] * 2_000)
    with closing(Workers(seconds=0.1)) as workers, pytest.raises(BadFile, match="seconds to be read; save the text"):
        workers.extract(RawFile("a.pdf", content, {}), "pdf")


@pytest.mark.parametrize(
    ("name", "content", "kind", "message"),
    [
        (
            "a.docx",
            made.zipped(
                {
                    "word/document.xml": '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
                    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
                    "<w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body></w:document>"
                }
            ),
            "docx",
            "declares XML entities",
        ),
        ("a.docx", made.word_body("<w:p>" * 100_000), "docx", "damaged (its XML: Excessive depth"),
        ("a.json", b'[{"a":' * 100_000 + b"1", "json", "nested too deep to be read"),
        ("a.json", b'{"a":' * 500 + b"1" + b"}" * 500, "json", "nested too deep to be read"),
        (
            "a.eml",
            b"From: a\nMessage-ID: x\nMIME-Version: 1.0\n"
            + b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(1_500)),
            "eml",
            "an e-mail that cannot be read (RecursionError)",
        ),
    ],
)
def test_what_is_nested_without_end(workers: Workers, name: str, content: bytes, kind: str, message: str) -> None:
    assert message in reason(workers, name, content, kind)


def test_a_text_without_end(workers: Workers) -> None:
    with closing(Workers()) as roomy:
        content = made.word_body("<w:p><w:r><w:t>" + "x" * 50_000_001 + "</w:t></w:r></w:p>")
        assert reason(roomy, "a.docx", content, "docx") == "a.docx: holds more than 50 million characters; split it"


def readers() -> set[int]:
    """The processes that read files for this one and still run."""
    found = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "extract.worker"], capture_output=True, text=True, check=False
    )
    return {int(pid) for pid in found.stdout.split() if "Z" not in state_of(int(pid))}


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


def test_a_process_is_kept_for_the_next_file_and_ended_on_close() -> None:
    before = readers()
    workers = Workers()
    assert workers.extract(TABLE, "csv").text == READ
    (kept,) = readers() - before
    assert workers.extract(TABLE, "csv").text == READ
    assert kept in readers()
    workers.close()
    assert kept not in readers()


def test_a_process_that_was_killed_is_replaced() -> None:
    before = readers()
    with closing(Workers()) as workers:
        workers.extract(TABLE, "csv")
        (reader,) = readers() - before
        os.kill(reader, signal.SIGKILL)
        while state_of(reader) != "Z":
            time.sleep(0.01)
        assert workers.extract(TABLE, "csv").text == READ


def test_files_from_many_threads_get_each_their_own_text() -> None:
    found: dict[int, str] = {}

    def read(number: int) -> None:
        found[number] = workers.extract(RawFile("a.csv", f"head,x\n{number},2".encode(), {}), "csv").text

    with closing(Workers()) as workers:
        threads = [threading.Thread(target=read, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {number: f"head | x\nhead: {number} | x: 2" for number in range(12)}


def test_no_process_outlives_the_one_it_reads_for() -> None:
    script = (
        "import os, subprocess\n"
        "from qa_service.ingest.extract.process import Workers\n"
        "from qa_service.records import RawFile\n"
        "Workers().extract(RawFile('a.csv', b'a,b', {}), 'csv')\n"
        "print(subprocess.run(['pgrep', '-P', str(os.getpid())], capture_output=True, text=True).stdout.split()[0])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    pid = int(found.stdout.split()[0])
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_a_process_has_no_more_than_it_is_given() -> None:
    assert MEMORY <= 1_000_000_000
    with pytest.raises(RuntimeError, match="does not start"):
        Workers(memory=10_000_000).extract(TABLE, "csv")

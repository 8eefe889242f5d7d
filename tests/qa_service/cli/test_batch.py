"""What became of each file of a batch: in a table, and in a file of JSON lines."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.cli.batch import Batch, add_files, receipts_file
from qa_service.cli.output import print_batch, print_receipt
from qa_service.config import Settings
from qa_service.errors import BadInput
from qa_service.web.document_responses import ReceiptOut
from tests.qa_service.cli.direct_session import DirectSession


@pytest.fixture
def session(tmp_path: Path) -> Iterator[DirectSession]:
    service = open_service(Settings(data_dir=tmp_path / "data"), HashingEncoder())
    yield DirectSession(service)
    service.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder: of many"
    folder.mkdir()
    (folder / "a.txt").write_text("A text of one file.")
    (folder / "b.txt").write_bytes(b"")
    (folder / "c\x1b[31m.txt").write_text("Another text of one file.")
    (folder / "link.txt").symlink_to("/etc/hostname")
    return folder


def test_all_receipts_and_failures_are_written_a_line_each(
    session: DirectSession, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch: Batch[ReceiptOut] = Batch()
    with receipts_file(tmp_path / "receipts.jsonl") as tell:
        add_files(session.add, [folder], Settings(data_dir=tmp_path / "data"), batch, tell)
    lines = [json.loads(line) for line in (tmp_path / "receipts.jsonl").read_text().splitlines()]
    by_file = {Path(line["file"]).name: line for line in lines}
    assert [name for name, line in by_file.items() if "error" in line] == ["b.txt", "link.txt"]
    assert by_file["a.txt"]["document_id"] == batch.taken[str(folder / "a.txt")].document_id
    assert by_file["link.txt"]["file"] == str(folder / "link.txt")
    print_batch(batch)
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    rows = [line.split() for line in printed.out.splitlines() if "added" in line]
    assert [row[0] for row in rows] == ["a.txt", "c"]
    assert rows[0][1:7] == [by_file["a.txt"]["document_id"], "added", "txt", "utf-8", "en", "1"]
    assert len(printed.err.splitlines()) == len(batch.failures) == 2


def test_the_table_says_what_waits_also_when_it_comes_again(
    session: DirectSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spam = "|".join(f"免费在线观看无码影院{a}字幕{b}" for a in "一二三四五" for b in "甲乙丙丁")
    (tmp_path / "spam.txt").write_text(spam)
    for _ in range(2):
        batch: Batch[ReceiptOut] = Batch()
        add_files(session.add, [tmp_path / "spam.txt"], Settings(data_dir=tmp_path / "data"), batch)
        print_batch(batch)
        printed = capsys.readouterr().out
        assert [receipt.status for receipt in batch.taken.values()] == ["waiting"]
        assert "nothing of it is searched until you accept" in printed


def test_receipts_are_written_as_they_come(session: DirectSession, folder: Path, tmp_path: Path) -> None:
    with receipts_file(tmp_path / "receipts.jsonl") as tell:
        tell("a", BadInput("no"))
        assert json.loads((tmp_path / "receipts.jsonl").read_text()) == {"file": "a", "error": "no"}


def test_receipts_that_cannot_be_written_are_refused_first(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--receipts"), receipts_file(tmp_path / "missing" / "file"):
        raise AssertionError("not reached")


def test_a_receipt_is_printed_with_origins_and_near_duplicates(
    session: DirectSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "\n".join(f"Item {n} of the list costs {n * 7} tenge in the shop of Almaty." for n in range(30))
    (tmp_path / "first.txt").write_text(text)
    (tmp_path / "second.txt").write_text(text + "\nOne more line.")
    batch: Batch[ReceiptOut] = Batch()
    add_files(
        session.add, [tmp_path / "first.txt", tmp_path / "second.txt"], Settings(data_dir=tmp_path / "data"), batch
    )
    first, second = batch.taken.values()
    print_receipt(ReceiptOut.of(session.service.receipt(second.document_id)))
    printed = capsys.readouterr().out.splitlines()
    assert f"id: {second.document_id}" in printed
    assert "language: en (detected)" in printed
    assert [line for line in printed if line.startswith("near duplicate")] == [
        f"near duplicate of {first.document_id} first.txt: 100%"
    ]

"""A process killed at any moment of indexing leaves a store that opens and an index that is the truth."""

import multiprocessing
import random
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.config import Settings
from qa_service.records import RawFile
from qa_service.store.lock import DataDirectoryLock
from tests.qa_service.store.opened import assert_index_is_the_truth, assert_store_is_whole, made_text, opened

KILLS = 30
KILLS_OF_FRESH_STORES = 6
MOST_FILES = 10  # before a kill: counted, since a busy machine takes in fewer in the same time
LONGEST = 0.02  # seconds after the last of them
ENCODER = HashingEncoder()

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.qa_service.store.test_kill"])


def index_files(data_dir: Path, first: int, taken_in: object) -> None:
    """What `index` does, on and on: files are added, some deleted, some stretches restored; bases are rebuilt."""
    with DataDirectoryLock(data_dir, "index"):
        service = open_service(Settings(data_dir=data_dir), ENCODER)
        taken_in.value = 0  # type: ignore[attr-defined]
        for number in range(first, first + 10_000):
            text = f"Home / News\nShare\n{made_text(number, sentences=20)}"
            receipt = service.add(RawFile(f"{number}.txt", text.encode(), {}))
            if number % 3 == 0:
                service.delete(receipt.document_id)
            elif receipt.quarantined:
                service.restore(receipt.document_id, receipt.quarantined[0].span.start)
            taken_in.value += 1  # type: ignore[attr-defined]


def kill_while_indexing(data_dir: Path, first: int, delay: float, files: int | None) -> None:
    """Kills it `delay` seconds after it took in so many files; None does not even wait until it has started."""
    taken_in = _processes.Value("i", -1)
    process: ForkServerProcess = _processes.Process(target=index_files, args=(data_dir, first, taken_in))
    process.start()
    deadline = time.monotonic() + 60
    try:
        while files is not None and taken_in.value < files:
            assert process.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(delay)
        assert process.is_alive()
    finally:
        process.kill()
        process.join()
        process.close()


def assert_agrees(data_dir: Path) -> tuple[int, str | None]:
    """The passages that the store holds, and the base file of its index."""
    with DataDirectoryLock(data_dir, "test"), opened(data_dir) as each:
        with each.store.database.reading() as connection:
            base = connection.execute("SELECT file_name FROM base_index").fetchone()
        assert_store_is_whole(each.store, ENCODER)
        assert_index_is_the_truth(each.store, each.index, ENCODER)
        return len(each.store.passage_ids()), base["file_name"] if base else None


def test_a_kill_while_indexing_never_harms_a_growing_store(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    states = []
    for number in range(KILLS):
        kill_while_indexing(tmp_path, 10_000 * number, random.random() * LONGEST, random.randrange(MOST_FILES))
        states.append(assert_agrees(tmp_path))
        assert caplog.text == "", "nothing had to be mended at the start"
    passages, bases = zip(*states, strict=True)
    assert max(passages) > 50, "too little was indexed for the test to say anything"
    assert len(set(bases) - {None}) > 2, "the base was not rebuilt between the kills"


def test_a_kill_never_harms_a_fresh_store(tmp_path: Path) -> None:
    """Also before the first table is made."""
    for number in range(KILLS_OF_FRESH_STORES):
        data_dir = tmp_path / str(number)
        kill_while_indexing(data_dir, 0, random.random() * 0.1, 0 if number % 2 == 0 else None)
        before, _ = assert_agrees(data_dir)
        kill_while_indexing(data_dir, 10_000, 0.1, 0)
        assert assert_agrees(data_dir)[0] >= before

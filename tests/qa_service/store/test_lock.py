"""One process owns a data directory; others are told which, and it is free when that process is gone."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qa_service.errors import DataDirectoryInUse, StoreError
from qa_service.store.lock import LOCK_FILE, DataDirectoryLock, Holder, read_holder

HOLD = """
    import sys
    from pathlib import Path
    from qa_service.store.lock import DataDirectoryLock

    with DataDirectoryLock(Path(sys.argv[1]), "serve", "http://127.0.0.1:8000"):
        print("held", flush=True)
        sys.stdin.readline()
"""


@contextmanager
def python_process(script: str, data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def holding_process(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    with python_process(HOLD, data_dir) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_a_second_process_is_refused_with_the_first_ones_pid_and_command(tmp_path: Path) -> None:
    with holding_process(tmp_path) as process:
        with pytest.raises(DataDirectoryInUse) as caught:
            DataDirectoryLock(tmp_path, "index")
        assert str(caught.value) == f"{tmp_path} is in use by process {process.pid} (serve); wait for it or end it"
        assert read_holder(tmp_path) == Holder(process.pid, "serve", "http://127.0.0.1:8000")


def test_the_lock_is_free_when_its_holder_ends(tmp_path: Path) -> None:
    with holding_process(tmp_path) as process:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(timeout=10) == 0
        assert read_holder(tmp_path) is None
        with DataDirectoryLock(tmp_path, "index"):
            assert read_holder(tmp_path) == Holder(os.getpid(), "index", None)


def test_the_lock_is_free_when_its_holder_is_killed_and_what_it_wrote_is_not_believed(tmp_path: Path) -> None:
    with holding_process(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        assert "serve" in (tmp_path / LOCK_FILE).read_text()
        assert read_holder(tmp_path) is None
        with DataDirectoryLock(tmp_path, "index"):
            assert read_holder(tmp_path) == Holder(os.getpid(), "index", None)


def test_longer_content_of_an_earlier_holder_does_not_remain(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text("x" * 5_000)
    assert read_holder(tmp_path) is None
    with DataDirectoryLock(tmp_path, "serve", "http://127.0.0.1:1"):
        assert read_holder(tmp_path) == Holder(os.getpid(), "serve", "http://127.0.0.1:1")


def test_the_lock_can_be_taken_again_after_it_was_closed(tmp_path: Path) -> None:
    for _ in range(3):
        with DataDirectoryLock(tmp_path / "data", "index"):
            with pytest.raises(DataDirectoryInUse):
                DataDirectoryLock(tmp_path / "data", "delete")
            assert read_holder(tmp_path / "data") == Holder(os.getpid(), "index", None)
        assert read_holder(tmp_path / "data") is None


def test_nobody_holds_a_directory_that_is_not_there(tmp_path: Path) -> None:
    assert read_holder(tmp_path / "nowhere") is None


def test_a_data_directory_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for data_dir in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreError, match="cannot be used as the data directory"):
            DataDirectoryLock(data_dir, "index")
        with pytest.raises(StoreError, match="cannot be used as the data directory"):
            read_holder(data_dir)


def test_a_holder_that_has_not_written_yet_is_unknown_not_absent(tmp_path: Path) -> None:
    with DataDirectoryLock(tmp_path, "serve"):
        (tmp_path / LOCK_FILE).write_text("{")
        assert read_holder(tmp_path) == Holder(0, "unknown", None)


LOOK = """
    import sys
    from pathlib import Path
    from qa_service.store.lock import read_holder

    print("looking", flush=True)
    while True:
        read_holder(Path(sys.argv[1]))
"""


def test_looking_who_holds_the_lock_keeps_nobody_from_taking_it(tmp_path: Path) -> None:
    with python_process(LOOK, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "looking\n"
        taken = 0
        for _ in range(1_000):
            time.sleep(0.001)
            with DataDirectoryLock(tmp_path, "index"):
                taken += 1
        assert process.poll() is None
    assert taken == 1_000

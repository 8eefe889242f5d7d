"""A file is read whole and at rest or not at all, whatever it is called and whatever it is."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_service.errors import BadFile
from qa_service.ingest import files
from qa_service.ingest.files import FileEntry, find_files

LIMIT = 1_000_000


def only(folder: Path) -> FileEntry | BadFile:
    [entry] = find_files([folder])
    return entry


def test_a_file_stands_at_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.txt").write_text("A text.")
    monkeypatch.chdir(tmp_path)
    for folder in (Path("inner"), Path("inner/../inner"), tmp_path / "inner"):
        entry = only(folder)
        assert isinstance(entry, FileEntry)
        assert entry.read(LIMIT).path == str(tmp_path / "inner" / "a.txt")


@pytest.mark.parametrize("name", ["CON.txt", "😀🇰🇿.txt", "\u202etxt.exe", "a\nb.txt", " .txt", "x" * 250, "a.txt."])
def test_an_odd_name_is_a_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("A text.")
    entry = only(tmp_path)
    assert isinstance(entry, FileEntry)
    assert (entry.read(LIMIT).name, entry.read(LIMIT).content) == (name, b"A text.")


@pytest.mark.parametrize("name", ["x" * 5_000, "a\0b", "../../../no/such/file"])
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    error = only(tmp_path / name)
    assert isinstance(error, BadFile)
    assert error.file


@pytest.fixture
def special(tmp_path: Path) -> Iterator[Path]:
    """A folder with a pipe, a socket, a device, a link to nowhere and one file."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "a.txt").write_text("A text.")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        yield tmp_path


def test_what_is_no_regular_file_is_reported_and_never_waited_for(special: Path) -> None:
    found = list(find_files([special]))
    reasons = {Path(each.file or "").name: str(each).rpartition(": ")[2] for each in found if isinstance(each, BadFile)}
    assert reasons == {
        "pipe": "not a regular file",
        "socket": "not a regular file",
        "device": "not a regular file",
        "nowhere": "a link that leads nowhere",
    }
    assert [entry.name for entry in found if isinstance(entry, FileEntry)] == ["a.txt"]


def test_a_pipe_that_takes_a_files_place_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("A text.")
    entry = only(tmp_path)
    assert isinstance(entry, FileEntry)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(BadFile, match="not a regular file"):
        entry.read(LIMIT)


def read_often(entry: FileEntry) -> None:
    for _ in range(50):  # between two writes it may look at rest
        entry.read(100_000_000)


def test_a_file_that_never_rests_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("A line.\n")
    stop = threading.Event()

    def write() -> None:
        with path.open("a") as file:
            while not stop.is_set():
                file.write("Another line.\n" * 1_000)
                file.flush()

    writer = threading.Thread(target=write)
    entry = only(tmp_path)
    assert isinstance(entry, FileEntry)
    writer.start()
    try:
        while path.stat().st_size < 1_000_000:
            pass
        with pytest.raises(BadFile, match="changed while it was read"):
            read_often(entry)
    finally:
        stop.set()
        writer.join()


def test_a_file_that_was_changed_once_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The old text.")
    entry = only(tmp_path)
    assert isinstance(entry, FileEntry)
    looked: list[Path] = []
    stat = Path.stat

    def changed_at_the_first_look(self: Path, **options: bool) -> os.stat_result:
        if not looked:
            looked.append(self)
            self.write_text("The new text, longer.")
        return stat(self, **options)

    monkeypatch.setattr(files.Path, "stat", changed_at_the_first_look)
    assert entry.read(LIMIT).content == b"The new text, longer."
    assert looked


def test_a_folder_that_cannot_be_read_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "a.txt").write_text("A text.")
    found = list(find_files([tmp_path]))
    assert [type(each) for each in found] == [BadFile, FileEntry]

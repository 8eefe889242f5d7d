"""A folder is followed: what is new or changed comes in once it is at rest, what went is told or deleted."""

import os
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.cli.batch import Batch, add_files
from qa_service.cli.watch import AT_REST_S, GONE_S, FolderWatch, Follower, delete_missing, take_in_replaced
from qa_service.config import Settings
from qa_service.errors import BadFile, BadInput, DataDirectoryInUse
from qa_service.ingest.files import FileEntry, find_files
from qa_service.records import RawFile
from qa_service.web.document_responses import ReceiptOut
from tests.qa_service.cli.direct_session import DirectSession

SPAM = "|".join(f"免费在线观看无码影院{a}字幕{b}" for a in "一二三四五" for b in "甲乙丙丁") + "\nThe forum opened."
"""What waits for an operator."""


def ignore(_file: str, _outcome: ReceiptOut | BadInput) -> None:
    """Nobody is told."""


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "stays.txt").write_text("This file stays.")
    return folder


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def follower(folder: Path, clock: Clock) -> Follower:
    follower = Follower(lambda: find_files([folder]), clock)
    follower.begin()
    return follower


def came(follower: Follower) -> list[str]:
    return [entry.name if isinstance(entry, FileEntry) else "error" for entry in follower.changes().entries]


def test_a_file_comes_in_when_it_did_not_change_for_a_while(folder: Path, follower: Follower, clock: Clock) -> None:
    assert came(follower) == []
    assert not follower.is_waiting
    for text in ("A", "A text", "A text that grows."):
        (folder / "new.txt").write_text(text)
        assert came(follower) == []
        assert follower.is_waiting
        clock.now += AT_REST_S / 2
        assert came(follower) == []
    clock.now += AT_REST_S
    assert came(follower) == ["new.txt"]
    assert came(follower) == []
    assert not follower.is_waiting


def test_a_changed_file_comes_in_again_also_one_of_the_same_size(
    folder: Path, follower: Follower, clock: Clock
) -> None:
    path = folder / "stays.txt"
    before = path.stat()
    path.write_text("This file moves.")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000))
    assert came(follower) == []
    clock.now += AT_REST_S
    assert came(follower) == ["stays.txt"]


def test_a_file_that_went_is_told_after_a_while_and_not_when_it_comes_back(
    folder: Path, follower: Follower, clock: Clock
) -> None:
    (folder / "other.txt").write_text("Another.")
    follower.changes()
    clock.now += AT_REST_S
    assert came(follower) == ["other.txt"]
    text = (folder / "other.txt").read_text()
    (folder / "other.txt").unlink()
    assert follower.changes().gone == []
    clock.now += GONE_S / 2
    (folder / "other.txt").write_text(text)
    clock.now += GONE_S
    assert follower.changes().gone == []
    (folder / "other.txt").unlink()
    assert follower.changes().gone == []
    clock.now += GONE_S
    assert follower.changes().gone == [str(folder / "other.txt")]
    assert follower.changes().gone == []


def test_a_folder_that_is_suddenly_empty_is_not_mounted(folder: Path, follower: Follower, clock: Clock) -> None:
    (folder / "stays.txt").unlink()
    for _ in range(3):
        assert follower.changes().gone == []
        clock.now += 10 * GONE_S


def test_a_bad_file_is_told_once(folder: Path, follower: Follower, clock: Clock) -> None:
    os.mkfifo(folder / "pipe")
    follower.changes()
    clock.now += AT_REST_S
    assert came(follower) == ["error"]
    clock.now += AT_REST_S
    assert came(follower) == []


@pytest.fixture
def session(tmp_path: Path) -> Iterator[DirectSession]:
    service = open_service(Settings(data_dir=tmp_path / "data", min_confidence=0), HashingEncoder())
    yield DirectSession(service)
    service.close()


class Watched:
    """A watch with a clock of its own, begun after what is there was taken in."""

    def __init__(self, session: DirectSession, folder: Path, tmp_path: Path, deletes: bool) -> None:
        settings = Settings(data_dir=tmp_path / "data")
        self.session, self.told, self.clock = session, list[str](), Clock()
        self.batch: Batch[ReceiptOut] = Batch()
        self.watch = FolderWatch(session, [folder], settings, self.tell, deletes, self.batch, clock=self.clock)
        add_files(session.add, [folder], settings, self.batch)

    def tell(self, file: str, outcome: ReceiptOut | BadInput) -> None:
        self.told.append(outcome.status if isinstance(outcome, ReceiptOut) else "error")

    def look(self) -> list[str]:
        """What is told after everything is at rest."""
        self.told.clear()
        self.watch.look()
        self.clock.now += GONE_S
        self.watch.look()
        return list(self.told)

    def texts(self) -> set[str]:
        found = self.session.service.search("file", top_k=50).hits
        return {hit.text for hit in found}


@pytest.fixture
def watched(session: DirectSession, folder: Path, tmp_path: Path) -> Watched:
    return Watched(session, folder, tmp_path, deletes=True)


def test_new_changed_moved_and_removed_files_are_followed(watched: Watched, folder: Path) -> None:
    (folder / "new.txt").write_text("A new file.")
    (folder / "data.bin").write_bytes(b"\0\1\2")
    assert sorted(watched.look()) == ["added", "error"]
    (folder / "new.txt").write_text("A changed file.")
    assert watched.look() == ["replaced"]
    assert watched.texts() == {"This file stays.", "A changed file."}
    (folder / "deep").mkdir()
    (folder / "new.txt").rename(folder / "deep" / "moved.txt")
    assert watched.look() == ["unchanged"]
    assert watched.texts() == {"This file stays.", "A changed file."}
    (folder / "deep" / "moved.txt").unlink()
    assert watched.look() == []
    assert watched.texts() == {"This file stays."}
    assert [entry.status for entry in watched.session.documents()] == ["indexed"]


def test_what_another_file_still_says_stays(watched: Watched, folder: Path) -> None:
    (folder / "copy.txt").write_text("This file stays.")
    assert watched.look() == ["unchanged"]
    (folder / "copy.txt").write_text("This file is another one now.")
    assert watched.look() == ["replaced", "restored"]
    assert watched.texts() == {"This file stays.", "This file is another one now."}
    (folder / "copy.txt").write_text("This file stays.")
    assert watched.look() == ["replaced"]
    (folder / "copy.txt").unlink()
    assert watched.look() == ["unchanged"]
    assert watched.texts() == {"This file stays."}


def test_what_another_file_still_says_stays_when_a_waiting_version_is_accepted(watched: Watched, folder: Path) -> None:
    (folder / "copy.txt").write_text("This file stays.")
    assert watched.look() == ["unchanged"]
    (folder / "copy.txt").write_text(SPAM)
    assert watched.look() == ["waiting", "unchanged"]
    assert watched.texts() == {"This file stays."}
    [waiting] = [entry for entry in watched.session.documents() if entry.status == "waiting"]
    watched.session.service.accept(waiting.document_id)
    assert watched.texts() == {"This file stays.", "The forum opened."}


def test_a_file_that_went_takes_along_what_waits_for_its_place(watched: Watched, folder: Path) -> None:
    (folder / "new.txt").write_text("A new file.")
    assert watched.look() == ["added"]
    (folder / "new.txt").write_text(SPAM)
    assert watched.look() == ["waiting"]
    assert watched.texts() == {"This file stays.", "A new file."}
    (folder / "new.txt").unlink()
    assert watched.look() == []
    assert [entry.file_name for entry in watched.session.documents()] == ["stays.txt"]


def test_a_file_whose_sidecar_cannot_be_read_is_not_gone(watched: Watched, folder: Path) -> None:
    (folder / "new.txt").write_text("A new file.")
    assert watched.look() == ["added"]
    (folder / "new.txt.meta.json").write_text('{"title": ')
    assert watched.look() == ["error"]
    assert watched.look() == []
    assert watched.texts() == {"This file stays.", "A new file."}
    (folder / "new.txt.meta.json").write_text('{"title": "New"}')
    assert watched.look() == ["described"]
    (folder / "new.txt.meta.json").write_text('{"title": "Newer"}')
    assert watched.look() == ["described"]
    (folder / "new.txt.meta.json").unlink()
    assert watched.look() == ["described"]
    assert {entry.title for entry in watched.session.documents() if entry.file_name == "new.txt"} == {"A new file."}
    assert watched.look() == []


def test_a_file_below_a_manifest_that_cannot_be_read_is_not_gone(watched: Watched, folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "new.txt").write_text("A new file.")
    assert watched.look() == ["added"]
    (folder / "deep" / "manifest.jsonl").write_text("{")
    watched.look()
    assert watched.texts() == {"This file stays.", "A new file."}


@pytest.mark.parametrize("watches", [True, False])
def test_what_came_from_an_archive_goes_with_it(watched: Watched, folder: Path, tmp_path: Path, watches: bool) -> None:
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("one.txt", "The first file.")
        archive.writestr("two.txt", "The second file.")
    assert watched.look() == ["added", "added"]
    (folder / "all.zip").unlink()
    if watches:
        watched.look()
    else:
        delete_missing(watched.session, [folder], Settings(data_dir=tmp_path / "data"), watched.batch, ignore)
    assert watched.texts() == {"This file stays."}


@pytest.mark.parametrize("watches", [True, False])
def test_what_an_archive_holds_no_more_is_deleted(
    watched: Watched, folder: Path, tmp_path: Path, watches: bool
) -> None:
    def pack(**texts: str) -> None:
        with zipfile.ZipFile(folder / "all.zip", "w") as archive:
            for name, text in texts.items():
                archive.writestr(f"{name}.txt", text)

    pack(one="The first file.", two="The second file.")
    assert watched.look() == ["added", "added"]
    pack(one="The first file.", three="The third file.")
    if watches:
        assert watched.look() == ["unchanged", "added"]
    else:
        batch: Batch[ReceiptOut] = Batch()
        add_files(watched.session.add, [folder], Settings(data_dir=tmp_path / "data"), batch)
        delete_missing(watched.session, [folder], Settings(data_dir=tmp_path / "data"), batch, ignore)
    assert watched.texts() == {"This file stays.", "The first file.", "The third file."}
    (folder / "all.zip").write_bytes((folder / "all.zip").read_bytes()[:-30])
    watched.look()
    assert watched.texts() == {"This file stays.", "The first file.", "The third file."}, "a damaged one tells nothing"


def test_a_folder_that_went_and_came_back_lost_nothing(watched: Watched, folder: Path, tmp_path: Path) -> None:
    (folder / "new.txt").write_text("A new file.")
    assert watched.look() == ["added"]
    folder.rename(tmp_path / "away")
    assert watched.look() == ["error"]
    (tmp_path / "away").rename(folder)
    watched.look()
    assert watched.look() == []
    assert watched.texts() == {"This file stays.", "A new file."}


def test_of_two_folders_one_may_be_away(session: DirectSession, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "new.txt").write_text("A new file.")
    settings, clock = Settings(data_dir=tmp_path / "data"), Clock()
    batch: Batch[ReceiptOut] = Batch()
    watch = FolderWatch(session, [folder, other], settings, ignore, delete_missing=True, batch=batch, clock=clock)
    add_files(session.add, [folder, other], settings, batch)
    other.rename(tmp_path / "away")
    for _ in range(3):
        watch.look()
        clock.now += GONE_S
    assert {entry.file_name for entry in session.documents()} == {"stays.txt", "new.txt"}


def test_a_place_where_other_bytes_stand_by_now_is_no_other_place(
    session: DirectSession, folder: Path, tmp_path: Path
) -> None:
    settings, other = Settings(data_dir=tmp_path / "data"), tmp_path / "other"
    other.mkdir()
    pack(other / "a.zip", a="A file of many places.", b="Another file.")
    for path in (other / "b.txt", other / "c.txt", folder / "d.txt"):
        path.write_text("A file of many places.")
    for each in (other, folder):
        add_files(session.add, [each], settings, Batch())
    pack(other / "a.zip", b="Another file.")  # unseen
    (other / "b.txt").write_text("A file that nobody looked at yet.")
    (folder / "d.txt").write_text("A file that changed.")
    batch: Batch[ReceiptOut] = Batch()
    add_files(session.add, [folder], settings, batch)
    take_in_replaced(session, settings, batch, ignore, dict(batch.taken))
    watched = Watched(session, folder, tmp_path, deletes=True)
    texts = {"This file stays.", "A file that changed.", "A file of many places.", "Another file."}
    assert watched.texts() == texts
    assert str(other / "c.txt") in {entry.path for entry in session.documents()}
    (other / "c.txt").unlink()
    delete_missing(session, [other], settings, Batch(), ignore)
    assert watched.texts() == texts - {"A file of many places."}


def test_what_came_while_the_service_was_away_is_taken_in_when_it_is_back(
    watched: Watched, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: object, **_named: object) -> None:
        raise DataDirectoryInUse("the service does not answer")

    (folder / "goes.txt").write_text("A file that goes.")
    assert watched.look() == ["added"]
    with monkeypatch.context() as patched:
        for call in ("add", "documents"):
            patched.setattr(watched.session, call, away)
        (folder / "new.txt").write_text("A new file.")
        (folder / "goes.txt").unlink()
        assert watched.look() == watched.look() == []
    assert watched.look() == ["added"]
    assert watched.texts() == {"This file stays.", "A new file."}


def pack(path: Path, **texts: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in texts.items():
            archive.writestr(f"{name}.txt", text)


def test_bytes_that_stand_in_an_archive_too_stay_when_another_file_of_them_goes(
    watched: Watched, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack(folder / "one.zip", a="The first file.", b="The second file.")
    assert watched.look() == ["added", "added"]
    (folder / "a copy.txt").write_text("The first file.")
    pack(folder / "two.zip", c="The first file.", d="The second file.")
    assert watched.look() == ["unchanged"] * 3
    everything = {"This file stays.", "The first file.", "The second file."}
    (folder / "a copy.txt").unlink()
    watched.look()
    assert watched.texts() == everything
    pack(folder / "two.zip", d="The second file.")
    assert watched.look() == ["unchanged", "unchanged"]  # what is in it, and what stands in the other one
    assert watched.texts() == everything
    (folder / "two.zip").unlink()
    watched.look()
    assert watched.texts() == everything
    assert {entry.path for entry in watched.session.documents() if entry.file_name != "stays.txt"} == {
        str(folder / "one.zip" / name) for name in ("a.txt", "b.txt")
    }
    assert f"gone, kept as {folder / 'one.zip' / 'b.txt'}: " in capsys.readouterr().out
    pack(folder / "one.zip", b="The second file.")
    watched.look()
    assert watched.texts() == everything - {"The first file."}
    (folder / "one.zip").unlink()
    watched.look()
    assert watched.texts() == {"This file stays."}


def test_bytes_that_stand_in_another_folder_too_stay_there(
    session: DirectSession, folder: Path, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    other = tmp_path / "other"
    other.mkdir()
    for each in (other / "b.txt", folder / "a.txt"):
        each.write_text("A file of both folders.")
        add_files(session.add, [each.parent], settings, Batch())
    (folder / "a.txt").unlink()
    delete_missing(session, [folder], settings, Batch(), ignore)
    assert {entry.path for entry in session.documents()} == {str(other / "b.txt"), str(folder / "stays.txt")}
    (folder / "a.txt").write_text("A file of both folders.")
    add_files(session.add, [folder], settings, Batch())
    (folder / "a.txt").unlink()
    (other / "b.txt").unlink()
    delete_missing(session, [folder], settings, Batch(), ignore)
    assert str(other / "b.txt") in {entry.path for entry in session.documents()}, "the other folder may not be mounted"
    (other / "c.txt").write_text("Another file.")
    delete_missing(session, [other], settings, Batch(), ignore)
    assert {entry.path for entry in session.documents()} == {str(folder / "stays.txt")}


@pytest.mark.parametrize("watches", [True, False])
def test_what_is_replaced_in_one_folder_stays_in_the_other(
    session: DirectSession, folder: Path, tmp_path: Path, watches: bool
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    other = tmp_path / "other"
    other.mkdir()
    pack(other / "b.zip", b="A file of both folders.", c="Another file.")
    (folder / "a.txt").write_text("A file of both folders.")
    for each in (other, folder):
        add_files(session.add, [each], settings, Batch())
    watched = Watched(session, folder, tmp_path, deletes=True)
    (folder / "a.txt").write_text("A file that changed.")
    if watches:
        assert watched.look()[0] == "replaced"
    else:
        batch: Batch[ReceiptOut] = Batch()
        add_files(session.add, [folder], settings, batch)
        take_in_replaced(session, settings, batch, ignore, dict(batch.taken))
    texts = {"This file stays.", "Another file.", "A file of both folders.", "A file that changed."}
    assert watched.texts() == texts
    (folder / "a.txt").unlink()
    delete_missing(session, [folder], settings, Batch(), ignore)
    assert watched.texts() == texts - {"A file that changed."}


def test_what_is_replaced_and_stood_elsewhere_before_only_stays_replaced(
    session: DirectSession, folder: Path, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    (folder / "old name.txt").write_text("A file.")
    add_files(session.add, [folder], settings, Batch())
    (folder / "old name.txt").rename(folder / "name.txt")
    add_files(session.add, [folder], settings, Batch())
    (folder / "name.txt").write_text("A file that changed.")
    batch: Batch[ReceiptOut] = Batch()
    add_files(session.add, [folder], settings, batch)
    take_in_replaced(session, settings, batch, ignore, dict(batch.taken))
    assert Watched(session, folder, tmp_path, deletes=True).texts() == {"This file stays.", "A file that changed."}


@pytest.mark.parametrize("sent_first", [True, False])
def test_what_was_sent_stays_when_a_file_of_the_same_bytes_goes(
    session: DirectSession, folder: Path, tmp_path: Path, sent_first: bool
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    (folder / "a.txt").write_text("A file that was sent.")
    for sends in (sent_first, not sent_first):
        if sends:
            session.add(RawFile("sent.txt", b"A file that was sent.", {}))
        else:
            add_files(session.add, [folder], settings, Batch())
    (folder / "a.txt").unlink()
    delete_missing(session, [folder], settings, Batch(), ignore)
    assert Watched(session, folder, tmp_path, deletes=True).texts() == {"This file stays.", "A file that was sent."}
    (folder / "a.txt").write_text("A file that was sent.")
    add_files(session.add, [folder], settings, Batch())
    assert str(folder / "a.txt") in {entry.path for entry in session.documents()}


def test_what_was_taken_in_from_a_folder_inside_is_missed_from_above(
    session: DirectSession, folder: Path, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    (folder / "deep").mkdir()
    (folder / "deep" / "gone.txt").write_text("A file that goes.")
    for root in (folder / "deep", folder):
        add_files(session.add, [root], settings, Batch())
    (folder / "deep" / "gone.txt").unlink()
    delete_missing(session, [folder], settings, Batch(), ignore)
    assert [entry.file_name for entry in session.documents()] == ["stays.txt"]


def test_removed_files_are_kept_unless_told_otherwise(
    session: DirectSession, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = Watched(session, folder, tmp_path, deletes=False)
    (folder / "new.txt").write_text("A new file.")
    assert watched.look() == ["added"]
    (folder / "new.txt").unlink()
    assert watched.look() == []
    assert watched.texts() == {"This file stays.", "A new file."}
    assert f"{folder / 'new.txt'}\n" in capsys.readouterr().out


def test_what_went_while_nobody_watched_is_deleted_when_asked(
    watched: Watched, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    (folder / "new.txt").write_text("A new file.")
    watched.look()
    other = tmp_path / "new.txt"
    other.write_text("Another file.")
    add_files(watched.session.add, [other], settings, Batch())
    (folder / "new.txt").unlink()
    other.unlink()
    delete_missing(watched.session, [folder], settings, Batch(), ignore)
    assert watched.texts() == {"This file stays.", "Another file."}
    (folder / "stays.txt").unlink()
    capsys.readouterr()
    delete_missing(watched.session, [folder, tmp_path / "missing"], settings, Batch(), ignore)
    told = [f"nothing deleted: {each} holds no files, it may not be mounted" for each in (folder, tmp_path / "missing")]
    assert capsys.readouterr().out.splitlines() == told
    assert watched.texts() == {"This file stays.", "Another file."}, "an empty folder may not be mounted"


def test_a_document_whose_file_moved_and_then_went_is_deleted(watched: Watched, folder: Path, tmp_path: Path) -> None:
    (folder / "a.txt").write_text("A new file.")
    watched.look()
    (folder / "deep").mkdir()
    (folder / "a.txt").rename(folder / "deep" / "z.txt")
    add_files(watched.session.add, [folder], Settings(data_dir=tmp_path / "data"), Batch())
    delete_missing(watched.session, [folder], Settings(data_dir=tmp_path / "data"), watched.batch, ignore)
    assert watched.texts() == {"This file stays.", "A new file."}
    (folder / "deep" / "z.txt").unlink()
    delete_missing(watched.session, [folder], Settings(data_dir=tmp_path / "data"), watched.batch, ignore)
    assert watched.texts() == {"This file stays."}


def test_a_copy_that_went_takes_along_the_bytes_that_stood_there_last(
    session: DirectSession, folder: Path, tmp_path: Path
) -> None:
    def index() -> set[str]:
        add_files(session.add, [folder], Settings(data_dir=tmp_path / "data"), Batch())
        delete_missing(session, [folder], Settings(data_dir=tmp_path / "data"), Batch(), ignore)
        return {hit.text for hit in session.service.search("file", top_k=50).hits}

    (folder / "a.txt").write_text("The same file.")
    (folder / "b.txt").write_text("The same file.")
    assert index() == {"This file stays.", "The same file."}
    (folder / "a.txt").write_text("A changed file.")
    (folder / "b.txt").unlink()
    assert index() == {"This file stays.", "A changed file."}


def test_a_folder_that_was_taken_in_from_above_is_its_own_when_taken_in_itself(
    session: DirectSession, folder: Path, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    (folder / "gone.txt").write_text("A file that goes.")
    for root in (tmp_path, folder):
        add_files(session.add, [root], settings, Batch())
    (folder / "gone.txt").unlink()
    delete_missing(session, [folder], settings, Batch(), ignore)
    assert [entry.file_name for entry in session.documents()] == ["stays.txt"]


def test_a_running_watch_takes_in_what_comes_and_stops(session: DirectSession, folder: Path, tmp_path: Path) -> None:
    told = threading.Event()
    stop = threading.Event()
    watch = FolderWatch(
        session, [folder], Settings(data_dir=tmp_path / "data"), lambda _file, _outcome: told.set(), False, Batch()
    )
    running = threading.Thread(target=watch.run, args=(stop,))
    running.start()
    try:
        time.sleep(0.2)
        (folder / "new.txt").write_text("A new file.")
        assert told.wait(timeout=30)
    finally:
        stop.set()
        running.join(timeout=30)
    assert not running.is_alive()


def test_only_folders_are_watched(session: DirectSession, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a folder"):
        FolderWatch(
            session, [folder / "stays.txt"], Settings(data_dir=tmp_path), lambda _file, _outcome: None, False, Batch()
        )


def test_what_is_told_of_a_bad_file_names_it(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    [error] = [each for each in find_files([folder]) if isinstance(each, BadFile)]
    assert error.file == str(folder / "pipe")

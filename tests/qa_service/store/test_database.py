"""The one file that is true: its transactions, its schema, and what is said when it cannot be used."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from embeddings.hashing import HashingEncoder
from qa_service.errors import StoreError
from qa_service.store.database import FILE_NAME, SCHEMA_VERSION, Database
from tests.qa_service.store.opened import assert_index_is_the_truth, assert_store_is_whole, made_text, opened


def count(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM manifests").fetchone()[0])


def insert(database: Database, text: str, after: Callable[[sqlite3.Connection], object] = id) -> None:
    """Inserts a row and does what comes after in the same transaction."""
    with database.writing() as connection:
        connection.execute("INSERT INTO manifests (json) VALUES (?)", [text])
        after(connection)


def interrupt(connection: sqlite3.Connection) -> None:
    raise KeyboardInterrupt


def test_every_connection_is_durable_and_forgets_what_is_deleted(tmp_path: Path) -> None:
    with (
        closing(Database(tmp_path / FILE_NAME)) as database,
        database.writing() as writer,
        database.reading() as reader,
    ):
        for connection in (writer, reader):
            values = [
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "user_version")
            ]
            assert values == ["wal", 2, 1, 1, SCHEMA_VERSION]


def test_an_error_rolls_the_whole_transaction_back(tmp_path: Path) -> None:
    with closing(Database(tmp_path / FILE_NAME)) as database:
        with pytest.raises(KeyboardInterrupt):
            insert(database, "a", after=interrupt)
        with pytest.raises(StoreError, match="nothing was changed"):
            insert(database, "a", after=lambda connection: connection.execute("INSERT INTO manifests SELECT 2, 'a'"))
        assert count(database) == 0
        insert(database, "a")
        assert count(database) == 1


def break_a_reference(connection: sqlite3.Connection) -> None:
    """Found at the commit only, which leaves the transaction open."""
    connection.execute("PRAGMA defer_foreign_keys = ON")
    connection.execute("INSERT INTO texts VALUES ('no such document', 'text')")


def test_a_transaction_that_cannot_be_committed_does_not_stay_open(tmp_path: Path) -> None:
    with closing(Database(tmp_path / FILE_NAME)) as database:
        with pytest.raises(StoreError, match="FOREIGN KEY"):
            insert(database, "a", after=break_a_reference)
        assert count(database) == 0
        insert(database, "b")
        assert count(database) == 1


def test_a_reader_sees_one_state_while_others_write(tmp_path: Path) -> None:
    with closing(Database(tmp_path / FILE_NAME)) as database:
        with database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM manifests").fetchone()[0] == 0
            insert(database, "a")
            assert connection.execute("SELECT count(*) FROM manifests").fetchone()[0] == 0
            assert count(database) == 1
        assert count(database) == 1


def test_readers_cannot_keep_what_they_write(tmp_path: Path) -> None:
    with closing(Database(tmp_path / FILE_NAME)) as database:
        with database.reading() as connection:
            connection.execute("INSERT INTO manifests (json) VALUES ('a')")
        assert count(database) == 0


def test_after_a_full_disk_the_next_commit_works(tmp_path: Path) -> None:
    """The disk is full at the commit: no file may grow any more."""
    script = """
        import resource, sys
        from pathlib import Path
        from qa_service.errors import StoreError
        from qa_service.store.database import Database
        from tests.qa_service.store.test_database import count, insert

        database = Database(Path(sys.argv[1]))
        insert(database, "before")
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        size = Path(sys.argv[1] + "-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5_000, hard))
        try:
            insert(database, "x" * 100_000)
        except StoreError as error:
            print(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert count(database) == 1
        insert(database, "after")
        print(count(database))
        database.close()
    """
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / FILE_NAME)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert process.stderr == ""
    error, number = process.stdout.splitlines()
    assert "disk" in error
    assert number == "2"


def test_a_store_of_a_newer_version_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    Database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StoreError, match=r"newer qa-service \(schema \d+, this one knows \d+\): install the newer"):
        Database(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION + 1


def test_vectors_of_an_earlier_version_are_halved_and_found_as_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path) as each:
        for number in range(3):
            each.add(made_text(number))
        asked = each.indexer.encoder.encode_queries(["trade in Astana"])[0]
        each.index.rebuild()
        found = each.index.search(asked, 5)
    as_of_before(tmp_path / FILE_NAME)
    assert caplog.messages == []
    with opened(tmp_path) as each:
        assert f"changes from schema 5 to {SCHEMA_VERSION}" in caplog.text
        assert each.index.search(asked, 5) == found
        assert_store_is_whole(each.store, HashingEncoder())
        each.index.rebuild()
        assert_index_is_the_truth(each.store, each.index, HashingEncoder())


def test_two_that_open_an_earlier_version_at_once_change_it_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_store_of_before(tmp_path, documents=1)
    late = Mock(side_effect=[5, SCHEMA_VERSION])  # it looked before the other one changed it
    Database(tmp_path / FILE_NAME).close()
    with monkeypatch.context() as patched:
        patched.setattr(Database, "_version", late)
        Database(tmp_path / FILE_NAME).close()
    assert late.call_count == 2
    with opened(tmp_path) as each:
        assert_store_is_whole(each.store, HashingEncoder())


def test_a_store_of_before_gives_back_what_it_does_not_need(tmp_path: Path) -> None:
    before = make_store_of_before(tmp_path, documents=10)
    larger = (tmp_path / FILE_NAME).stat().st_size
    Database(tmp_path / FILE_NAME).close()
    assert (tmp_path / FILE_NAME).stat().st_size <= before < larger


def test_an_interrupted_change_is_an_interruption_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_store_of_before(tmp_path, documents=1)
    open_interrupted(tmp_path, monkeypatch, np, "frombuffer")
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 5
    with opened(tmp_path) as each:
        assert_store_is_whole(each.store, HashingEncoder())


def test_what_could_not_be_given_back_is_given_back_at_the_next_opening(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_store_of_before(tmp_path, documents=10)
    open_interrupted(tmp_path, monkeypatch, Database, "_shrink")
    large = (tmp_path / FILE_NAME).stat().st_size
    Database(tmp_path / FILE_NAME).close()
    smaller = (tmp_path / FILE_NAME).stat().st_size
    assert smaller < large
    with monkeypatch.context() as patched:
        patched.setattr(Database, "_shrink", Mock(side_effect=AssertionError))
        Database(tmp_path / FILE_NAME).close()


def open_interrupted(folder: Path, monkeypatch: pytest.MonkeyPatch, target: object, name: str) -> None:
    """Opens the store and is interrupted in a function of `target`, whose interruption comes through as one."""
    with monkeypatch.context() as patched:
        patched.setattr(target, name, Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            Database(folder / FILE_NAME)


def make_store_of_before(folder: Path, documents: int) -> int:
    """A store as schema 5 had it; how large it is as it is now."""
    with opened(folder) as each:
        for number in range(documents):
            each.add(made_text(number, sentences=100))
    size = (folder / FILE_NAME).stat().st_size
    as_of_before(folder / FILE_NAME)
    return size


def as_of_before(path: Path) -> None:
    """Vectors as schema 5 had them."""
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("doubled", 1, lambda vector: np.frombuffer(vector, "f2").astype("f4").tobytes())
        for table in ("vectors", "sentences"):
            connection.execute(f"UPDATE {table} SET vector = doubled(vector)")
        connection.execute("DROP TABLE paths")
        connection.execute("ALTER TABLE documents DROP COLUMN was_sent")
        for column in ("was_overruled", "sent_as"):
            connection.execute(f"ALTER TABLE documents DROP COLUMN {column}")
        connection.execute("ALTER TABLE job_files DROP COLUMN metadata_origins")
        connection.execute("ALTER TABLE state DROP COLUMN shrink_due")
        connection.execute("DROP INDEX documents_replaces")
        connection.execute("ALTER TABLE documents DROP COLUMN was_waiting")
        connection.execute("PRAGMA user_version = 5")
        connection.commit()


@pytest.mark.parametrize(
    "content", [b"this is no database, however long it is" * 100, b"SQLite format 3\0" + b"\1" * 5_000]
)
def test_what_is_no_database_is_refused_and_not_touched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"the file is damaged: restore it from a copy, or move it away"):
        Database(path)
    assert path.read_bytes() == content


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(
        StoreError, match=r"unable to open database file \(make the data directory readable and writable"
    ):
        Database(tmp_path / FILE_NAME)


@contextmanager
def powerless() -> Iterator[None]:
    """Root may write everywhere: give that up for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with closing(Database(folder / FILE_NAME)) as database:
            insert(database, "a")
        (folder / FILE_NAME).chmod(0o444)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def test_a_read_only_folder_is_refused_with_what_to_do(read_only_folder: Path) -> None:
    with powerless(), pytest.raises(StoreError, match=r"make the data directory (readable and )?writable"):
        Database(read_only_folder / FILE_NAME)


def test_what_was_committed_is_there_after_opening_again(tmp_path: Path) -> None:
    for number in range(3):
        with closing(Database(tmp_path / FILE_NAME)) as database:
            assert count(database) == number
            insert(database, str(number))

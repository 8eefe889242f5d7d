"""The index is derived: whatever happens to its files, it is what the store says."""

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from embeddings.base_index import BaseIndex
from embeddings.hashing import HashingEncoder
from qa_service.store import indexer
from tests.qa_service.store.opened import Opened, assert_index_is_the_truth, assert_store_is_whole, made_text, opened

ENCODER = HashingEncoder()


def assert_agrees(each: Opened) -> None:
    assert_store_is_whole(each.store, ENCODER)
    assert_index_is_the_truth(each.store, each.index, ENCODER)


def base_files(data_dir: Path) -> list[Path]:
    return sorted((data_dir / "index").glob("base-*.faiss"))


def committed(each: Opened) -> tuple[str, int] | None:
    """The name of the base file in the store and how many vectors it holds."""
    with each.store.database.reading() as connection:
        row = connection.execute("SELECT file_name, count FROM base_index").fetchone()
    return (row["file_name"], row["count"]) if row else None


def test_the_base_is_rebuilt_in_the_background_once_enough_has_changed(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        number = 0
        while each.store.passage_ids() == [] or len(each.store.passage_ids()) <= 70:
            each.add(made_text(number))
            number += 1
        each.index.close()
        base = committed(each)
        assert base is not None
        assert len(each.store.passage_ids()) - base[1] <= max(16, base[1] // 4)
        assert [path.name for path in base_files(tmp_path)] == [base[0]]
        each.add(made_text(number))
        assert_agrees(each)


@pytest.mark.parametrize("reopened", [False, True])
def test_search_is_the_truth_over_base_delta_and_deletions(tmp_path: Path, reopened: bool) -> None:
    with opened(tmp_path) as each:
        ids = [each.add(made_text(number)).document_id for number in range(8)]
        each.index.rebuild()
        ids += [each.add(made_text(number)).document_id for number in range(8, 12)]
        for gone in (0, 7, 9, 11):  # of the base and of the delta, the last of each
            each.indexer.delete(ids[gone])
        assert_agrees(each)
        if not reopened:
            each.index.rebuild()
            assert_agrees(each)
    with opened(tmp_path) as each:
        assert_agrees(each)
        each.add(made_text(0))
        assert_agrees(each)


def test_an_emptied_store_has_an_empty_index(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        ids = [each.add(made_text(number)).document_id for number in range(3)]
        each.index.rebuild()
        for document_id in ids:
            each.indexer.delete(document_id)
        assert_agrees(each)
        each.index.rebuild()
        assert_agrees(each)
    with opened(tmp_path) as each:
        assert_agrees(each)
        each.add(made_text(7))
        assert_agrees(each)


def test_changes_during_a_rebuild_are_in_the_index(tmp_path: Path) -> None:
    with opened(tmp_path) as each, ThreadPoolExecutor(2) as pool:
        ids = [each.add(made_text(number)).document_id for number in range(10)]
        stop = threading.Event()

        def rebuild() -> int:
            rounds = 0
            while not stop.is_set():
                each.index.rebuild()
                rounds += 1
            return rounds

        rebuilds = [pool.submit(rebuild) for _ in range(2)]
        try:
            for number in range(10, 40):
                ids.append(each.add(made_text(number)).document_id)
                each.indexer.delete(ids.pop(number % len(ids)))
                # scores are compared below: a rebuild fits the neutralizer anew between two looks at it
                assert len(each.index) == len(each.store.passage_ids())
        finally:
            stop.set()
        assert all(rebuild.result(timeout=30) > 1 for rebuild in rebuilds)
        each.index.close()
        assert_agrees(each)
        assert len(base_files(tmp_path)) == 1
    with opened(tmp_path) as each:
        assert_agrees(each)


def missing(path: Path) -> None:
    path.unlink()


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def zeroed(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(4096) + content[8192:])


def from_elsewhere(path: Path) -> None:
    other = np.eye(64, dtype=np.float32)
    BaseIndex.build(np.arange(1, 65, dtype=np.int64), other).save(path)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [missing, flipped, truncated, zeroed, from_elsewhere, a_folder])
@pytest.mark.parametrize("documents", [3, 20])
def test_a_base_that_is_not_the_committed_one_is_set_aside_and_rebuilt(
    tmp_path: Path, damage: Callable[[Path], None], documents: int, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path) as each:
        for number in range(documents):
            each.add(made_text(number))
        each.indexer.delete(each.store.document_ids()[1])
        each.index.close()
        each.index.rebuild()
        query = ENCODER.encode_queries(["trade 铁路"])[0]
        before = each.index.search(query, 5)
    [path] = base_files(tmp_path)
    damage(path)
    left = path.read_bytes() if path.is_file() else None
    with caplog.at_level(logging.WARNING), opened(tmp_path) as each:
        assert "set aside, rebuilding the index from the store" in caplog.text
        assert [i for i, _ in each.index.search(query, 5)] == [i for i, _ in before]
        assert_agrees(each)
    aside = [each for each in (tmp_path / "index").iterdir() if each.name == "base.damaged"]
    assert [each.read_bytes() for each in aside if each.is_file()] == ([left] if left is not None else [])
    caplog.clear()
    with caplog.at_level(logging.WARNING), opened(tmp_path) as each:
        assert caplog.text == ""
        assert_agrees(each)


def test_an_index_that_holds_other_passages_than_the_store_is_rebuilt(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path) as each:
        for number in range(5):
            each.add(made_text(number))
        each.index.rebuild()
        with each.store.database.writing() as connection:  # behind the index' back
            connection.execute("DELETE FROM passages WHERE ordinal = 0")
            connection.execute("DELETE FROM documents WHERE id NOT IN (SELECT document_id FROM passages)")
    with caplog.at_level(logging.WARNING), opened(tmp_path) as each:
        assert "rebuilding it" in caplog.text
        assert_index_is_the_truth(each.store, each.index, ENCODER)


def test_what_a_killed_rebuild_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        each.add(made_text(1))
        each.index.rebuild()
    kept = base_files(tmp_path)
    (tmp_path / "index" / "base-9-abc.faiss").write_bytes(b"complete, never committed")
    (tmp_path / "index" / "base-9-abd.tmp").write_bytes(b"half")
    with opened(tmp_path) as each:
        assert sorted((tmp_path / "index").iterdir()) == kept
        assert_agrees(each)


def test_a_rebuild_that_fails_leaves_search_as_it_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with opened(tmp_path) as each:
        each.add(made_text(0))
        each.index.close()  # the first base is built at once
        shutil.rmtree(tmp_path / "index")
        (tmp_path / "index").write_text("in the way")
        with caplog.at_level(logging.ERROR):
            for number in range(1, 40):
                each.add(made_text(number))
            each.index.close()
        assert "searching goes on with what is there" in caplog.text
        assert_agrees(each)
        (tmp_path / "index").unlink()
    with opened(tmp_path) as each:
        assert_agrees(each)


def test_a_deletion_shows_in_the_next_search(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        ids = [each.add(made_text(number)).document_id for number in range(5)]
        query = ENCODER.encode_queries(["Document 3."])[0]
        for document_id in ids:
            gone = {passage_id for passage_id, _ in each.index.search(query, 1_000)}
            each.indexer.delete(document_id)
            left = {passage_id for passage_id, _ in each.index.search(query, 1_000)}
            assert left < gone
            assert left == set(each.store.passage_ids())


def test_no_base_is_built_while_the_index_rests(tmp_path: Path) -> None:
    with opened(tmp_path) as each, ThreadPoolExecutor(1) as pool:
        each.add(made_text(1))
        each.index.close()
        with each.index.resting():
            rebuilt = pool.submit(each.index.rebuild)
            each.add(made_text(2))  # what comes meanwhile is found
            assert len(each.index) == len(each.store.passage_ids())
            assert not rebuilt.done()
        rebuilt.result(timeout=60)
        assert_agrees(each)


def test_a_book_lets_the_index_rest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(indexer, "_A_BOOK", 1_000)
    with opened(tmp_path) as each:
        rests: list[int] = []
        resting = each.index.resting

        @contextmanager
        def counted() -> Iterator[None]:
            with resting():
                rests.append(len(each.store.document_ids()))
                yield

        monkeypatch.setattr(each.index, "resting", counted)
        each.add("A short text.")
        assert rests == []
        each.add(made_text(3))
        each.add(made_text(3))  # it is there: nothing is made of it
        assert rests == [1]

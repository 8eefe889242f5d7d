"""Files into the store and out of it again: complete, once, and gone when deleted."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from embeddings.encoder import Vectors
from embeddings.hashing import HashingEncoder
from qa_service.errors import BadFile, BadInput, IndexMismatch, NotFound, StoreError
from qa_service.ingest.decisions import BY_THE_OPERATOR
from qa_service.ingest.terms import STEM, make_terms
from qa_service.records import Quarantined, RawFile, Receipt, Span
from qa_service.store.indexer import Indexer, remake
from qa_service.store.manifest import IndexManifest
from qa_service.store.store import Store
from tests.qa_service.ingest.texts import SEEDS
from tests.qa_service.store.opened import (
    Opened,
    assert_index_is_the_truth,
    assert_store_is_whole,
    candidates,
    made_text,
    opened,
)

ENCODER = HashingEncoder()


def outdated(store: Store, encoder: HashingEncoder) -> list[str]:
    return store.outdated(IndexManifest.current(encoder.spec))


def seed_file(number: str) -> RawFile:
    path = next(SEEDS.glob(f"{number}_*.txt"))
    return RawFile(path.name, path.read_bytes(), {})


def assert_agrees(each: Opened, encoder: HashingEncoder = ENCODER) -> None:
    assert_store_is_whole(each.store, encoder)
    assert_index_is_the_truth(each.store, each.index, encoder)


def test_a_file_is_taken_in_whole(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        receipts = [each.indexer.add(seed_file(number)) for number in ("000", "001", "002", "003")]
        assert {receipt.status for receipt in receipts} == {"added"}
        for receipt in receipts:
            document = each.store.document(receipt.document_id)
            assert (receipt.characters, receipt.passages) == (
                len(document.text),
                len(each.store.passages(receipt.document_id)),
            )
            assert document.text.encode() == seed_file(document.file_name[:3]).content
        assert [entry.kind for entry in receipts[3].quarantined] == ["boilerplate"] * 3 + ["spam"]
        assert_agrees(each)


def test_the_same_bytes_twice_are_one_document(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        first = each.add(made_text(1), "a.txt", title="First")
        generation = each.store.generation
        again = each.add(made_text(1), "b.txt", title="Other")
        assert (again.status, again.document_id) == ("unchanged", first.document_id)
        assert (again.file_name, again.metadata.title) == ("a.txt", "First")
        assert each.store.generation == generation
        assert_agrees(each)


def test_the_same_bytes_from_eight_threads_are_one_document(tmp_path: Path) -> None:
    with opened(tmp_path) as each, ThreadPoolExecutor(8) as pool:
        barrier = threading.Barrier(8)

        def add(number: int) -> str:
            barrier.wait()
            return each.add(made_text(1), f"{number}.txt").status

        assert sorted(pool.map(add, range(8))) == ["added"] + ["unchanged"] * 7
        assert len(each.store.document_ids()) == 1
        assert_agrees(each)


class BookEncoder(HashingEncoder):
    """Reads the book until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.go_on = threading.Event(), threading.Event()

    def encode_passages(self, passages: Sequence[str]) -> Vectors:
        if any("of the book" in passage for passage in passages):
            self.started.set()
            assert self.go_on.wait(60)
        return super().encode_passages(passages)


@pytest.mark.parametrize("replaces", [None, "old.txt"])
def test_nothing_waits_for_a_book_that_is_taken_in(tmp_path: Path, replaces: str | None) -> None:
    encoder = BookEncoder()
    with opened(tmp_path, encoder) as each, ThreadPoolExecutor(1) as reader:
        old = each.add("The first form of what is written.", "old.txt")
        other = each.add("Another text.", "other.txt")
        book = RawFile("book.txt", b"The first line of the book.", {}, replaces=replaces)
        reading = reader.submit(each.indexer.add, book)
        try:
            assert encoder.started.wait(30)
            for number in range(150):  # whatever their ids
                assert each.add(f"A short text {number}.").status == "added"
            again = RawFile("other.txt", b"A newer text.", {}, replaces="other.txt")
            assert each.indexer.add(again).status == "replaced"
            assert (
                each.indexer.add(RawFile("other.txt", b"Another text.", {}, replaces="other.txt")).status == "replaced"
            )
            each.indexer.correct(other.document_id, {"title": "Right"})
            each.indexer.correct(old.document_id, {"author": "Corrected meanwhile"})
        finally:
            encoder.go_on.set()
        receipt = reading.result(60)
        assert receipt.replaces == (old.document_id if replaces else None)
        assert receipt.metadata.author == ("Corrected meanwhile" if replaces else None)
        assert_agrees(each, encoder)


def test_a_file_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        with pytest.raises(BadFile):
            each.indexer.add(RawFile("file.txt", b"\xff\xfe", {}))
        with pytest.raises(BadFile):
            each.add("A text.", date="yesterday")
        assert (each.store.document_ids(), each.store.generation) == ([], 0)


def test_a_document_without_a_passage_is_kept(tmp_path: Path) -> None:
    spam = "|".join(f"国产精品无码{a}字幕影院{b}" for a in "一二三四五" for b in "甲乙丙丁")
    with opened(tmp_path) as each:
        receipt = each.add(spam + "|")
        assert receipt.passages == len(each.store.passages(receipt.document_id))
        assert each.store.document(receipt.document_id).text == spam + "|"
        assert_agrees(each)
        each.indexer.delete(receipt.document_id)
        assert_agrees(each)


class BrokenEncoder(HashingEncoder):
    """Gives vectors that are not of length 1, as a model without normalisation does."""

    def encode_passages(self, passages: list[str]) -> Vectors:  # type: ignore[override]
        vectors: Vectors = super().encode_passages(passages) * np.float32(2)
        return vectors


def test_vectors_that_the_index_would_not_take_are_not_stored(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        with pytest.raises(ValueError, match="of length 1"):
            Indexer(each.store, each.index, BrokenEncoder()).add(RawFile("a.txt", b"Some text.", {}))
        assert each.store.document_ids() == []
    with opened(tmp_path) as each:
        assert_agrees(each)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff\ufeffKaz \ufeffinform. 🙂 e\u0301 𠮷野家。\r\nҚазақ\u2028тілі. مُحَمَّد\u200cها",
        "🇰🇿🇰🇿 flags, 👩\u200d👩\u200d👧 family.",
    ],
)
def test_the_text_of_a_hit_is_a_slice_of_the_document(tmp_path: Path, text: str) -> None:
    with opened(tmp_path) as each:
        document = each.store.document(each.add("x " + text).document_id)
        ids = each.store.passage_ids()
        hits = each.store.hits(candidates(each.store, [(passage_id, 1.0) for passage_id in ids]))
        assert len(hits) == len(ids) > 0
        for hit in hits:
            assert hit.text == document.text[hit.passage.span.start : hit.passage.span.end]
            assert hit.text_sha256 == document.text_sha256


RARE = "Xylofonquastenflosser"
RARE_FOLDED = make_terms(RARE).folded.strip()


def bytes_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("others", [0, 5])
@pytest.mark.parametrize("checkpointed", [False, True])
def test_a_deleted_document_is_gone_from_the_disk(tmp_path: Path, others: int, checkpointed: bool) -> None:
    text = f"The {RARE} lives in the Caspian Sea.\n" + made_text(99)
    with opened(tmp_path) as each:
        for number in range(others):
            each.add(made_text(number))
        receipt = each.add(text, f"{RARE}.txt", author=RARE)
        for number in range(others, 2 * others):
            each.add(made_text(number))
        if checkpointed:
            each.store.database.checkpoint()
        each.index.rebuild()
        passages = each.store.passages(receipt.document_id)
        encoded = ENCODER.encode_passages([p.search_text for p in passages]).astype(np.float16)
        vectors = [vector.tobytes() for vector in encoded]
        before = bytes_on_disk(tmp_path)
        assert RARE.encode() in before
        assert RARE_FOLDED.encode() in before
        assert all(vector in before for vector in vectors)

        each.indexer.delete(receipt.document_id)
        stored = b"".join(path.read_bytes() for path in tmp_path.glob("qa.sqlite3*"))
        assert RARE.encode() not in stored
        assert RARE_FOLDED.encode() not in stored
        assert RARE_FOLDED[1:STEM].encode() not in stored  # the index keeps stems, the first letters packed
        assert not any(vector in stored for vector in vectors)
        assert_agrees(each)

        each.index.rebuild()
        after = bytes_on_disk(tmp_path)
        assert RARE_FOLDED[1:STEM].encode() not in after
        assert not any(vector in after for vector in vectors)
        assert_agrees(each)


def test_a_document_is_deleted_though_the_disk_has_no_room_to_purge_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path) as each:
        receipt = each.add(f"The {RARE} lives in the Caspian Sea.\n" + made_text(99))
        with monkeypatch.context() as patched:
            patched.setattr(Store, "purge", Mock(side_effect=StoreError("the disk is full")))
            assert each.indexer.delete(receipt.document_id) == (receipt.document_id,)
        assert "still on the disk: the disk is full" in caplog.text
        assert each.store.document_ids() == []
        assert_agrees(each)
    with opened(tmp_path) as each:
        each.store.purge()
        assert RARE_FOLDED.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("qa.sqlite3*"))


def test_a_deletion_waits_for_readers_and_then_leaves_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as each, ThreadPoolExecutor(1) as pool:
        receipt = each.add(f"The {RARE} lives in the Caspian Sea.")
        with each.store.database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM documents").fetchone()[0] == 1
            deletion = pool.submit(each.indexer.delete, receipt.document_id)
            while each.store.document_ids():
                pass
            assert connection.execute("SELECT count(*) FROM documents").fetchone()[0] == 1
        deletion.result(timeout=20)
        assert RARE.encode() not in bytes_on_disk(tmp_path)


def test_a_deleted_document_can_come_again(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        first = each.add(made_text(1))
        ids = set(each.store.passage_ids())
        each.indexer.delete(first.document_id)
        assert each.store.passage_ids() == []
        again = each.add(made_text(1))
        assert (again.status, again.document_id) == ("added", first.document_id)
        assert not ids & set(each.store.passage_ids())
        assert_agrees(each)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        receipt = each.add(made_text(1))
        calls: list[Callable[[], object]] = [
            lambda: each.indexer.delete("no such id"),
            lambda: each.store.document("no such id"),
            lambda: each.indexer.restore("no such id", 0),
            lambda: each.indexer.restore(receipt.document_id, 0),
        ]
        generation = each.store.generation
        for call in calls:
            with pytest.raises(NotFound):
                call()
        assert each.store.generation == generation
        each.indexer.delete(receipt.document_id)
        with pytest.raises(NotFound):
            each.indexer.delete(receipt.document_id)
        assert_agrees(each)


def test_a_restored_stretch_is_searched_again(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        receipt = each.indexer.add(seed_file("003"))
        spam = receipt.quarantined[-1]
        restored = each.indexer.restore(receipt.document_id, spam.span.start)
        assert restored.quarantined == (*receipt.quarantined[:-1], replace(spam, state="kept", by="operator"))
        assert restored.passages > receipt.passages
        texts = [passage.search_text for passage in each.store.passages(receipt.document_id)]
        assert any("无码" in text for text in texts)
        assert_agrees(each)
        with pytest.raises(NotFound):
            each.indexer.restore(receipt.document_id, spam.span.start)


def assert_all_are_kept(each: Opened, receipt: Receipt) -> None:
    kept = [replace(entry, state="kept", by="operator") for entry in receipt.quarantined]
    assert list(each.store.quarantined(receipt.document_id)) == kept


def test_what_an_operator_quarantines_is_searched_no_more_whatever_comes(tmp_path: Path) -> None:
    text = (
        "The forum opened in Astana. " * 10 + "\nThe caravan left Kashgar before the snow.\n" + "It closed late. " * 10
    )
    start = text.index("The caravan")
    with opened(tmp_path) as each:
        document_id = each.add(text).document_id
        receipt = each.indexer.quarantine(document_id, Span(start, start + 42), "spam")
        decision = Quarantined(Span(start, start + 42), "spam", BY_THE_OPERATOR, "quarantined", "operator")
        assert (receipt.status, receipt.quarantined) == ("quarantined", (decision,))
        assert not any("Kashgar" in passage.search_text for passage in each.store.passages(document_id))
        assert each.add(text).status == "unchanged"
        each.indexer.remake_all(lambda done, total: None)
        assert each.store.quarantined(document_id) == (decision,)
        assert not any("Kashgar" in passage.search_text for passage in each.store.passages(document_id))
        assert_agrees(each)
        assert each.indexer.restore(document_id, start).quarantined[0].state == "kept"
        with pytest.raises(BadInput, match="the document has"):
            each.indexer.quarantine(document_id, Span(0, len(text) + 1), "spam")


WAITING = "|".join(f"免费在线观看无码影院{a}字幕{b}" for a in "一二三四五" for b in "甲乙丙丁") + "\n论坛开幕了。"


@pytest.mark.parametrize("decision", ["accept", "restore", "quarantine"])
def test_a_document_that_is_mostly_spam_waits_for_an_operator(tmp_path: Path, decision: str) -> None:
    with opened(tmp_path) as each:
        receipt = each.add(WAITING)
        assert (receipt.status, receipt.passages, len(receipt.quarantined)) == ("waiting", 0, 1)
        each.indexer.remake_all(lambda done, total: None)
        assert [entry.status for entry in each.store.documents(1, 9)[0]] == ["waiting"]
        assert each.store.passage_ids() == []
        decide: dict[str, Callable[[], Receipt]] = {
            "accept": lambda: each.indexer.accept(receipt.document_id),
            "restore": lambda: each.indexer.restore(receipt.document_id, 0),
            "quarantine": lambda: each.indexer.quarantine(receipt.document_id, Span(0, 10), "spam"),
        }
        decided = decide[decision]()
        assert [entry.status for entry in each.store.documents(1, 9)[0]] == ["indexed"]
        texts = [passage.search_text for passage in each.store.passages(receipt.document_id)]
        assert len(texts) == decided.passages > 0
        assert any("无码" in text for text in texts) == (decision == "restore")
        assert_agrees(each)
        with pytest.raises(BadInput, match="does not wait"):
            each.indexer.accept(receipt.document_id)


def test_stretches_restored_at_the_same_time_are_all_restored(tmp_path: Path) -> None:
    with opened(tmp_path) as each, ThreadPoolExecutor(4) as pool:
        receipt = each.indexer.add(seed_file("003"))
        starts = [entry.span.start for entry in receipt.quarantined]
        assert len(starts) == 4
        list(pool.map(lambda start: each.indexer.restore(receipt.document_id, start), starts))
        assert_all_are_kept(each, receipt)
        assert_agrees(each)


def test_what_is_restored_while_all_is_made_anew_stays_restored(tmp_path: Path) -> None:
    with opened(tmp_path) as each, ThreadPoolExecutor(1) as pool:
        receipt = each.indexer.add(seed_file("003"))
        making = pool.submit(lambda: [each.indexer.remake_all(lambda done, total: None) for _ in range(10)])
        for entry in receipt.quarantined:
            each.indexer.restore(receipt.document_id, entry.span.start)
        assert making.result(timeout=30) == [1] * 10
        assert_all_are_kept(each, receipt)
        assert_agrees(each)


def test_all_is_made_anew_although_documents_are_deleted_meanwhile(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        ids = [each.add(made_text(number)).document_id for number in range(4)]
        seen = []

        def progress(done: int, total: int) -> None:
            seen.append((done, total))
            if done == 1:
                each.indexer.delete(ids[2])

        assert each.indexer.remake_all(progress) == 4
        assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
        assert each.store.document_ids() == [ids[0], ids[1], ids[3]]
        assert_agrees(each)


class Interrupted(Exception):
    pass


def test_another_model_is_refused_with_the_command_and_an_interrupted_reindex_goes_on(tmp_path: Path) -> None:
    other = HashingEncoder(32)
    with opened(tmp_path) as each:
        for number in range(5):
            each.add(made_text(number))
        each.index.rebuild()
    store = Store(tmp_path)
    manifest = IndexManifest.current(other.spec)
    with pytest.raises(IndexMismatch, match=r"model dimension 64 instead of 32; run: python -m qa_service reindex"):
        store.check_manifest(manifest)

    def interrupt(done: int, total: int) -> None:
        if done == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        remake(store, other, outdated(store, other), interrupt)
    assert len(store.outdated(manifest)) == 3
    with pytest.raises(IndexMismatch):
        store.check_manifest(manifest)
    seen: list[tuple[int, int]] = []
    assert remake(store, other, outdated(store, other), lambda done, total: seen.append((done, total))) == 3
    assert seen == [(1, 3), (2, 3), (3, 3)]
    store.check_manifest(manifest)
    assert remake(store, other, outdated(store, other), interrupt) == 0
    store.close()
    with opened(tmp_path, other) as each:
        assert_agrees(each, other)


def test_the_same_dimension_of_another_model_is_made_anew_too(tmp_path: Path) -> None:
    class Reversed(HashingEncoder):
        def encode_passages(self, passages: list[str]) -> Vectors:  # type: ignore[override]
            return np.ascontiguousarray(super().encode_passages(passages)[:, ::-1])

        encode_queries = encode_passages  # type: ignore[assignment]

    with opened(tmp_path) as each:
        for number in range(5):
            each.add(made_text(number))
        each.index.rebuild()
        manifest = each.indexer.manifest
    store = Store(tmp_path)
    with store.database.writing() as connection:  # as an older chunker would have left it
        connection.execute('UPDATE manifests SET json = replace(json, \'"chunker": "\', \'"chunker": "old \')')
    with pytest.raises(IndexMismatch, match="chunker 'old"):
        store.check_manifest(manifest)
    assert remake(store, Reversed(), outdated(store, Reversed()), lambda done, total: None) == 5
    store.close()
    with opened(tmp_path, Reversed()) as each:
        assert_agrees(each, Reversed())


def test_readers_beside_a_writer_see_whole_documents(tmp_path: Path) -> None:
    stop = threading.Event()
    with opened(tmp_path) as each, ThreadPoolExecutor(5) as pool:
        each.add(made_text(0))

        def read(seed: int) -> int:
            rounds = 0
            query = ENCODER.encode_queries([f"Document {seed} trade"])[0]
            while not stop.is_set():
                nearest = each.index.search(query, 10)
                hits = each.store.hits(candidates(each.store, nearest))
                assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
                for entry in each.store.documents(1, 5)[0]:
                    try:
                        passages = each.store.passages(entry.id)
                        text = each.store.document(entry.id).text
                    except NotFound:
                        continue
                    assert len(passages) in {0, entry.passages}
                    assert all(passage.span.end <= len(text) for passage in passages)
                rounds += 1
            return rounds

        readers = [pool.submit(read, seed) for seed in range(4)]
        try:
            for number in range(1, 40):
                receipt = each.add(made_text(number))
                if number % 3 == 0:
                    each.indexer.delete(receipt.document_id)
        finally:
            stop.set()
        assert all(reader.result(timeout=30) > 0 for reader in readers)
        assert len(each.store.document_ids()) == 27
        assert_agrees(each)


def test_a_closed_store_refuses_with_an_error_of_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.document_ids()


def test_sections_are_found_for_what_an_earlier_version_took_in(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        document_id = each.indexer.add(seed_file("001")).document_id
        document = each.store.document(document_id)
        with each.store.database.writing() as connection:
            connection.execute("DELETE FROM sections")
        assert each.store.document(document_id).sections == ()
        each.indexer.remake_all(lambda done, total: None)
        assert each.store.document(document_id) == document
        assert_agrees(each)
    with opened(tmp_path) as each:
        with each.store.database.writing() as connection:
            connection.execute("DELETE FROM sections")
        remake(each.store, ENCODER, [document_id], lambda done, total: None)
        assert each.store.document(document_id) == document

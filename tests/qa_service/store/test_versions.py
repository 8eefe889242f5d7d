"""Versions of documents, near duplicates, and what is kept of a deletion."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings.hashing import HashingEncoder
from qa_service.answering.quote_check import QuoteChecker
from qa_service.errors import NotFound
from qa_service.ingest.document import document_id
from qa_service.ingest.terms import STEM, make_terms
from qa_service.records import RawFile, Receipt, Span
from qa_service.store.versions import Left
from tests.qa_service.store.opened import (
    Opened,
    assert_index_is_the_truth,
    assert_store_is_whole,
    candidates,
    made_text,
    opened,
)

ENCODER = HashingEncoder()
PATH = "/folder/report.txt"


def put(each: Opened, text: str, path: str | None = PATH, replaces: str | None = None) -> Receipt:
    return each.indexer.add(RawFile((path or "report.txt").rpartition("/")[2], text.encode(), {}, path, replaces))


def assert_agrees(each: Opened) -> None:
    assert_store_is_whole(each.store, ENCODER)
    assert_index_is_the_truth(each.store, each.index, ENCODER)


def statuses(each: Opened) -> list[str]:
    return [entry.status for entry in each.store.documents(1, 50)[0]]


def found(each: Opened) -> set[str]:
    """The documents that a search finds passages of, in both legs."""
    nearest = each.index.search(ENCODER.encode_queries(["Document trade"])[0], 100)
    by_vectors = {hit.passage.document_id for hit in each.store.hits(candidates(each.store, nearest))}
    places = each.store.passage_places(each.store.passage_ids())
    assert by_vectors == {document for document, _ in places}
    return by_vectors


def test_new_content_at_a_path_is_a_new_version(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old = put(each, made_text(1))
        new = put(each, made_text(2))
        assert (old.status, new.status, new.replaces) == ("added", "replaced", old.document_id)
        assert statuses(each) == ["superseded", "indexed"]
        assert found(each) == {new.document_id}
        assert each.store.document(old.document_id).text == made_text(1)
        assert each.store.newest_version(old.document_id) == new.document_id
        assert each.store.newest_version(new.document_id) is None
        assert_agrees(each)


def test_a_quote_of_an_older_version_still_stands_and_is_marked(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        put(each, "The old rate was 5 percent. The forum opened in May.")
        put(each, "The new rate is 6 percent. The forum opened in May.")
        quotes = QuoteChecker(each.store)
        assert [place.superseded for place in quotes.check("The old rate was 5 percent.", None).places] == [True]
        assert [place.superseded for place in quotes.check("The forum opened in May.", None).places] == [False, True]


def test_going_back_to_old_bytes_makes_them_count_again(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        first = put(each, made_text(1))
        second = put(each, made_text(2))
        back = put(each, made_text(1))
        assert (back.document_id, back.status, back.replaces) == (first.document_id, "replaced", second.document_id)
        assert back.passages == first.passages
        assert statuses(each) == ["indexed", "superseded"]
        assert found(each) == {first.document_id}
        assert each.store.newest_version(second.document_id) == first.document_id
        assert put(each, made_text(1)).status == "unchanged"
        assert_agrees(each)


def test_a_moved_file_is_no_new_document_and_leaves_its_place(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        put(each, made_text(1))
        generation = each.store.generation
        moved = put(each, made_text(1), "/folder/moved.txt")
        assert (moved.status, moved.file_name) == ("unchanged", "moved.txt")
        assert each.store.generation > generation, "answers of before name the other file"
        generation = each.store.generation
        assert put(each, made_text(1), "/folder/moved.txt").file_name == "moved.txt"
        assert each.store.generation == generation
        assert put(each, made_text(2)).status == "added"
        assert put(each, made_text(3), "/folder/moved.txt").replaces == document_id(made_text(1).encode())
        assert statuses(each) == ["superseded", "indexed", "indexed"]
        assert each.indexer.add(RawFile("upload.txt", made_text(3).encode(), {})).file_name == "moved.txt"
        assert_agrees(each)


def test_a_replacement_takes_the_place_of_the_newest_of_its_name(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        assert put(each, made_text(0), None, replaces="report.txt").status == "added"
        first, second = put(each, made_text(1), None), put(each, made_text(2), None)
        assert {first.status, second.status} == {"added"}
        third = put(each, made_text(3), None, replaces="report.txt")
        assert (third.status, third.replaces) == ("replaced", second.document_id)
        assert put(each, made_text(3), None, replaces="report.txt").status == "unchanged"
        assert statuses(each) == ["indexed", "indexed", "superseded", "indexed"]
        assert_agrees(each)


def test_old_bytes_from_nowhere_in_particular_count_again_beside_the_newer_version(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        put(each, made_text(1))
        put(each, made_text(2))
        assert put(each, made_text(1), None).status == "restored"
        assert statuses(each) == ["indexed", "indexed"]
        assert put(each, made_text(3)).replaces == document_id(made_text(2).encode())
        assert_agrees(each)


def test_a_correction_holds_in_the_next_version(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        each.indexer.correct(put(each, made_text(1)).document_id, {"author": "A. Smailov"})
        new = put(each, made_text(2))
        assert (new.metadata.author, new.origins["author"]) == ("A. Smailov", "corrected")
        each.indexer.correct(new.document_id, {"author": "B. Smailov"})
        assert put(each, made_text(1)).metadata.author == "B. Smailov"  # the later one


def test_a_deleted_version_is_gone_and_none_comes_back(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        ids = [put(each, made_text(number)).document_id for number in range(3)]
        assert each.indexer.delete(ids[1]) == (ids[1],)
        assert each.store.newest_version(ids[0]) == ids[2]
        assert each.store.document(ids[2]).replaces == ids[0]
        assert each.indexer.delete(ids[2]) == (ids[2],)
        assert statuses(each) == ["superseded"]
        assert each.store.newest_version(ids[0]) is None
        assert found(each) == set()
        with each.store.database.reading() as connection:
            left = connection.execute("SELECT replaces, superseded_by FROM documents").fetchone()
            assert tuple(left) == (None, None)
        assert_agrees(each)


def test_older_versions_are_deleted_when_asked_for(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        ids = [put(each, made_text(number)).document_id for number in range(3)]
        other = put(each, made_text(9), "/folder/other.txt").document_id
        assert set(each.indexer.delete(ids[2], with_versions=True)) == set(ids)
        assert each.store.document_ids() == [other]
        assert_agrees(each)


def test_all_is_made_anew_without_making_older_versions_count(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        put(each, made_text(1))
        new = put(each, made_text(2))
        each.indexer.remake_all(lambda done, total: None)
        assert found(each) == {new.document_id}
        assert_agrees(each)


def test_twenty_additions_of_the_same_bytes_at_once_are_one_document(tmp_path: Path) -> None:
    with opened(tmp_path) as each, ThreadPoolExecutor(20) as pool:
        barrier = threading.Barrier(20)

        def add(number: int) -> str:
            barrier.wait()
            return put(each, made_text(1), f"/folder/{number}.txt").status

        assert sorted(pool.map(add, range(20))) == ["added"] + ["unchanged"] * 19
        assert len(each.store.document_ids()) == 1
        assert_agrees(each)


def test_versions_that_come_at_once_are_one_chain(tmp_path: Path) -> None:
    with opened(tmp_path) as each, ThreadPoolExecutor(8) as pool:
        barrier = threading.Barrier(8)

        def add(number: int) -> str:
            barrier.wait()
            return put(each, made_text(number)).status

        assert sorted(pool.map(add, range(8))) == ["added"] + ["replaced"] * 7
        assert sorted(statuses(each)) == ["indexed"] + ["superseded"] * 7
        [newest] = found(each)
        assert {each.store.newest_version(one) for one in each.store.document_ids()} == {newest, None}
        assert_agrees(each)


steps = st.tuples(
    st.sampled_from(["/a", "/b", None]),
    st.integers(-2, 3),
    st.sampled_from(["add", "add", "add", "replace", "delete", "accept"]),
)


@settings(max_examples=24, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=3, max_size=10))
def test_whatever_comes_and_goes_what_came_last_counts(
    tmp_path_factory: pytest.TempPathFactory, sequence: list[tuple[str | None, int, str]]
) -> None:
    with opened(tmp_path_factory.mktemp("data")) as each:
        accepted = set[str]()
        for path, number, step in sequence:
            text = made_text(number, sentences=3) if number >= 0 else made_spam(number)
            made = document_id(text.encode())
            standing = each.store.standing(made)
            if step == "delete" and standing is not None:
                each.indexer.delete(made)
                accepted -= {made}
            elif step == "accept" and standing is not None and standing.status == "waiting":
                each.indexer.accept(made)
                accepted |= {made}
            elif step == "replace" and path is not None:
                put(each, text, None, replaces=path[1:])
            else:
                was_seen = each.store.was_seen(made, path, (path or "report.txt").rpartition("/")[2])
                receipt = put(each, text, path)
                standing = each.store.standing(made)
                assert standing is not None
                if path is not None and was_seen and receipt.status == "superseded":
                    assert standing.status == "superseded", "a version of it was sent since it was last seen there"
                else:
                    assert standing.status == ("indexed" if number >= 0 or made in accepted else "waiting")
                    assert path in {None, standing.path}
            documents = [each.store.document(entry.id) for entry in each.store.documents(1, 50)[0]]
            for status in ("indexed", "waiting"):
                paths = [one.path for one in documents if one.status == status and one.path]
                assert len(set(paths)) == len(paths), "one document a path, and one that waits there"
            searched = {one.id: one for one in documents if one.status == "indexed"}
            for one in documents:
                standing = each.store.standing(one.id)
                was_sent = standing is not None and standing.was_sent  # then it waits for what it was sent for
                if one.status == "waiting" and one.path and one.replaces in searched and not was_sent:
                    assert searched[one.replaces].path == one.path, "it waits for what stands at its place"
            assert found(each) == set(searched)
        assert_agrees(each)


def test_near_duplicates_are_named_in_the_receipt(tmp_path: Path) -> None:
    text = "\n".join(
        f"Sentence {n} of this report says that item {n * 7} was sold for {n * 13} tenge." for n in range(40)
    )
    with opened(tmp_path) as each:
        first = put(each, text, "/a")
        put(each, made_text(5), "/b")
        copy = put(each, text.replace("tenge", "dollars", 5) + "\nOne more line.", "/c")
        [near] = copy.near_duplicates
        assert (near.document_id, near.file_name) == (first.document_id, "a")
        assert 0.7 < near.share < 1
        assert put(each, text + "!", "/a").near_duplicates[0].document_id == copy.document_id  # not its own past
        each.indexer.delete(copy.document_id)
        assert each.store.taking_in(document_id((text + "!").encode())).near_duplicates == ()


RARE = "Xylofonquastenflosser"
RARE_FOLDED = make_terms(RARE).folded.strip()


def test_nothing_of_a_deleted_document_stays_in_what_others_know_of_it(tmp_path: Path) -> None:
    text = "\n".join(f"Line {n}: the {RARE} of lake {n} weighs {n * 3} grams." for n in range(30))
    with opened(tmp_path) as each:
        old = put(each, f"Home / News\nShare\n{text}", f"/{RARE}/a.txt")
        put(each, "Nothing of it.\n" + made_text(1), f"/{RARE}/a.txt")
        copy = put(each, text.replace(RARE, "Quastenflosser"), "/b.txt")
        assert [near.document_id for near in copy.near_duplicates] in ([], [old.document_id])
        for each_id in [entry.id for entry in each.store.documents(1, 9)[0] if entry.id != copy.document_id]:
            each.indexer.delete(each_id, audit="delete")
        stored = b"".join(path.read_bytes() for path in tmp_path.glob("qa.sqlite3*"))
        assert RARE.encode() not in stored
        assert stored.count(old.document_id.encode()) > 0, "the audit line"
        assert next(line.document_id for line in each.store.audit()) == old.document_id
        assert [line.command for line in each.store.audit()] == ["delete", "delete"]
        assert_agrees(each)


def test_without_an_audit_not_even_the_id_stays(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old = put(each, made_text(1))
        new = put(each, made_text(2))
        back = put(each, made_text(1))
        assert back.document_id == old.document_id
        each.indexer.delete(old.document_id)
        stored = b"".join(path.read_bytes() for path in tmp_path.glob("qa.sqlite3*"))
        assert old.document_id.encode() not in stored
        assert new.document_id.encode() in stored
        assert each.store.audit() == ()
        with pytest.raises(NotFound):
            each.indexer.delete(old.document_id, audit="delete")
        assert each.store.audit() == ()


def test_a_purge_that_was_interrupted_is_done_when_the_store_is_next_opened(tmp_path: Path) -> None:
    def stored() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.glob("qa.sqlite3*"))

    with opened(tmp_path) as each:
        for number in range(5):
            each.add(made_text(number))
        rare = each.add(f"The {RARE} lives there.\n" + made_text(7))
        each.store.delete(rare.document_id)
        each.store.database.checkpoint()
        assert RARE_FOLDED[1:STEM].encode() in stored()
    with opened(tmp_path) as each:
        each.store.database.checkpoint()
        assert RARE_FOLDED[1:STEM].encode() not in stored()
        assert_agrees(each)


def made_spam(number: int) -> str:
    """A text of its own for each number that waits for an operator, but for its last line."""
    links = "|".join(f"免费在线观看无码影院{a}字幕{b}" for a in "一二三四五" for b in "甲乙丙丁")
    return f"{links}\nDocument {number}."


def standings(each: Opened, *receipts: Receipt) -> list[str]:
    found = [each.store.standing(receipt.document_id) for receipt in receipts]
    return [standing.status if standing else "gone" for standing in found]


def test_an_older_version_is_searched_while_the_newer_one_waits(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old, waiting = put(each, made_text(1)), put(each, made_spam(1))
        assert (waiting.status, waiting.replaces, waiting.passages) == ("waiting", old.document_id, 0)
        assert standings(each, old, waiting) == ["indexed", "waiting"]
        assert found(each) == {old.document_id}
        assert each.store.newest_version(old.document_id) is None
        again = put(each, made_spam(1))
        assert (again.status, again.replaces) == ("waiting", old.document_id)
        assert standings(each, old, waiting) == ["indexed", "waiting"]
        assert_agrees(each)


@pytest.mark.parametrize("path", [PATH, None])
@pytest.mark.parametrize("decision", ["accept", "restore", "quarantine"])
def test_a_version_that_waits_takes_its_place_when_an_operator_decides(
    tmp_path: Path, decision: str, path: str | None
) -> None:
    with opened(tmp_path) as each:
        other = put(each, made_text(0), "/folder/other.txt")
        old, waiting = put(each, made_text(1), path), put(each, made_spam(1), path, replaces="report.txt")
        decide: dict[str, Callable[[], Receipt]] = {
            "accept": lambda: each.indexer.accept(waiting.document_id),
            "restore": lambda: each.indexer.restore(waiting.document_id, 0),
            "quarantine": lambda: each.indexer.quarantine(waiting.document_id, Span(0, 10), "spam"),
        }
        decide[decision]()
        assert standings(each, other, old, waiting) == ["indexed", "superseded", "indexed"]
        assert found(each) == {other.document_id, waiting.document_id}
        assert each.store.newest_version(old.document_id) == waiting.document_id
        assert_agrees(each)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_what_is_decided_of_the_searched_version_meanwhile_holds_in_the_one_that_waited(
    tmp_path: Path, is_deleted: bool
) -> None:
    shared = "The lanterns of the camel market were lit by the mayor of the city."
    with opened(tmp_path) as each:
        old = put(each, f"{made_text(1)}\n\n{shared}")
        waiting = put(each, f"{made_spam(1)}\n\n{shared}")
        assert standings(each, old, waiting) == ["indexed", "waiting"]
        start = each.store.document(old.document_id).text.index(shared)
        each.indexer.quarantine(old.document_id, Span(start, start + len(shared)), "boilerplate")
        each.indexer.correct(old.document_id, {"title": "Lanterns", "author": "of the older"})
        each.indexer.correct(waiting.document_id, {"author": "of the newer"})
        if is_deleted:
            each.indexer.delete(old.document_id)
            assert standings(each, old, waiting) == ["gone", "waiting"]
        each.indexer.accept(waiting.document_id)
        newer = each.store.document(waiting.document_id)
        decided = [entry for entry in each.store.quarantined(newer.id) if entry.by == "operator"]
        assert [newer.text[entry.span.start : entry.span.end] for entry in decided] == [shared]
        assert (newer.metadata.title, newer.metadata.author) == ("Lanterns", "of the newer")
        assert_agrees(each)


@pytest.mark.parametrize(("with_versions", "left"), [(False, "indexed"), (True, "gone")])
def test_an_older_version_goes_with_the_one_that_waits_only_if_asked(
    tmp_path: Path, with_versions: bool, left: str
) -> None:
    with opened(tmp_path) as each:
        old, waiting = put(each, made_text(1)), put(each, made_spam(1))
        each.indexer.delete(waiting.document_id, with_versions)
        assert standings(each, old, waiting) == [left, "gone"]
        assert found(each) == (set() if with_versions else {old.document_id})
        assert put(each, made_text(1)).status == ("added" if with_versions else "unchanged")
        assert_agrees(each)


def test_what_waits_for_a_deleted_document_takes_nobodys_place(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        first, old = put(each, made_text(1)), put(each, made_text(2))
        put(each, made_text(1), "/folder/other.txt")  # counts again, elsewhere
        waiting = put(each, made_spam(1))
        each.indexer.delete(old.document_id)
        each.indexer.accept(waiting.document_id)
        assert standings(each, first, waiting) == ["indexed", "indexed"]
        assert_agrees(each)


def test_older_bytes_that_come_again_put_aside_what_waits(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old, waiting = put(each, made_text(1)), put(each, made_spam(1))
        back = put(each, made_text(1))
        assert (back.status, back.passages, back.replaces) == ("replaced", old.passages, waiting.document_id)
        assert standings(each, old, waiting) == ["indexed", "superseded"]
        assert found(each) == {old.document_id}
        again = put(each, made_spam(1))  # nobody accepted it meanwhile
        assert (again.status, again.replaces) == ("waiting", old.document_id)
        assert standings(each, old, waiting) == ["indexed", "waiting"]
        assert put(each, made_text(1)).status == "replaced"
        assert standings(each, old, waiting) == ["indexed", "superseded"]
        elsewhere = put(each, made_spam(1), "/folder/other.txt")
        assert (elsewhere.status, elsewhere.replaces) == ("waiting", None)
        each.indexer.accept(waiting.document_id)
        assert standings(each, old, waiting) == ["indexed", "indexed"]
        assert_agrees(each)


def test_what_was_accepted_counts_when_it_comes_again(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        accepted = put(each, made_spam(1))
        each.indexer.accept(accepted.document_id)
        newer = put(each, made_text(1))
        assert put(each, made_spam(1)).status == "replaced"
        assert standings(each, accepted, newer) == ["indexed", "superseded"]
        assert_agrees(each)


def test_a_third_version_takes_the_place_of_both(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old, waiting, new = put(each, made_text(1)), put(each, made_spam(1)), put(each, made_text(2))
        assert (new.status, new.replaces) == ("replaced", old.document_id)
        assert standings(each, old, waiting, new) == ["superseded", "superseded", "indexed"]
        assert {each.store.newest_version(one.document_id) for one in (old, waiting)} == {new.document_id}
        assert found(each) == {new.document_id}
        assert_agrees(each)


def test_of_two_versions_that_wait_the_later_one_does(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old, first, second = put(each, made_text(1)), put(each, made_spam(1)), put(each, made_spam(2))
        assert second.replaces == old.document_id
        assert standings(each, old, first, second) == ["indexed", "superseded", "waiting"]
        assert found(each) == {old.document_id}
        each.indexer.accept(second.document_id)
        assert standings(each, old, first, second) == ["superseded", "superseded", "indexed"]
        assert {each.store.newest_version(one.document_id) for one in (old, first)} == {second.document_id}
        assert found(each) == {second.document_id}
        assert_agrees(each)


def test_what_moved_away_is_not_taken_the_place_of(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old, waiting = put(each, made_text(1)), put(each, made_spam(1))
        assert put(each, made_text(1), "/folder/moved.txt").status == "unchanged"
        each.indexer.accept(waiting.document_id)
        assert standings(each, old, waiting) == ["indexed", "indexed"]
        assert found(each) == {old.document_id, waiting.document_id}
        assert_agrees(each)


def test_what_is_searched_moves_with_what_waits_for_its_place(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old, waiting = put(each, made_text(1)), put(each, made_spam(1))
        moved = put(each, made_spam(1), "/folder/moved.txt")
        assert (moved.status, moved.replaces) == ("waiting", old.document_id)
        assert found(each) == {old.document_id}
        standing = each.store.standing(old.document_id)
        assert standing is not None
        assert (standing.path, standing.file_name) == ("/folder/moved.txt", "moved.txt")
        other = put(each, made_text(2))  # at the place that they left
        assert (other.status, other.replaces) == ("added", None)
        each.indexer.accept(waiting.document_id)
        assert standings(each, old, waiting) == ["superseded", "indexed"]
        assert found(each) == {waiting.document_id, other.document_id}
        assert_agrees(each)


def test_what_waits_and_moves_waits_for_what_stands_there(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        other, old = put(each, made_text(0), "/folder/other.txt"), put(each, made_text(1))
        waiting, displaced = put(each, made_spam(1)), put(each, made_spam(2), "/folder/other.txt")
        moved = put(each, made_spam(1), "/folder/other.txt")
        assert (moved.status, moved.replaces) == ("waiting", other.document_id)
        assert standings(each, other, old, waiting, displaced) == ["indexed", "indexed", "waiting", "superseded"]
        assert found(each) == {other.document_id, old.document_id}
        each.indexer.accept(waiting.document_id)
        assert standings(each, other, old, waiting) == ["superseded", "indexed", "indexed"]
        assert_agrees(each)


def test_a_replacement_by_name_that_waits_leaves_the_older_one(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old = put(each, made_text(1))  # from a folder
        waiting = put(each, made_spam(1), None, replaces="report.txt")
        assert (waiting.status, waiting.replaces) == ("waiting", old.document_id)
        assert put(each, made_spam(1), None, replaces="report.txt").status == "waiting"
        assert standings(each, old, waiting) == ["indexed", "waiting"]
        new = put(each, made_text(2), None, replaces="report.txt")
        assert (new.status, new.replaces) == ("replaced", old.document_id)
        assert standings(each, old, waiting, new) == ["superseded", "superseded", "indexed"]
        assert_agrees(each)


def test_a_file_that_stays_as_it_is_does_not_undo_what_was_sent_to_replace_it(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old = put(each, made_text(1))  # from a folder
        sent = put(each, made_text(2), None, replaces="report.txt")
        again = put(each, made_text(1))
        assert (again.status, again.document_id) == ("superseded", old.document_id)
        assert standings(each, old, sent) == ["superseded", "indexed"]
        new = put(each, made_text(3))  # the file was edited
        assert (new.status, new.replaces) == ("added", None)  # what was sent stays beside it
        assert put(each, made_text(1)).status == "replaced"  # and set back
        assert standings(each, old, sent, new) == ["indexed", "indexed", "superseded"]
        assert_agrees(each)


@pytest.mark.parametrize("sent_first", [True, False])
def test_what_was_sent_stays_when_a_copy_of_it_in_a_folder_changes_and_goes(tmp_path: Path, sent_first: bool) -> None:
    with opened(tmp_path) as each:
        places = [None, PATH] if sent_first else [PATH, None]
        sent, _ = (put(each, made_text(1), path) for path in places)
        new = put(each, made_text(2))
        assert (new.status, standings(each, sent, new)) == ("added", ["indexed", "indexed"])
        assert each.store.leave(new.document_id, PATH) == Left(stands=False, path=None)
        each.indexer.delete(new.document_id, with_versions=True)
        assert statuses(each) == ["indexed"]
        assert_agrees(each)


def test_what_was_sent_and_waits_stays_when_the_file_that_it_would_replace_changes(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old = put(each, made_text(1))
        waiting = put(each, made_spam(1), None, replaces="report.txt")
        new = put(each, made_text(2))
        assert standings(each, old, waiting, new) == ["superseded", "waiting", "indexed"]
        each.indexer.accept(waiting.document_id)
        assert standings(each, old, waiting, new) == ["superseded", "indexed", "indexed"]
        assert_agrees(each)


def send(each: Opened, name: str, text: str, replaces: bool = False) -> Receipt:
    return each.indexer.add(RawFile(name, text.encode(), {}, replaces=name if replaces else None))


def test_what_came_beside_an_older_one_replaces_it_when_it_is_sent_again_for_that(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        oldest, old, new = (send(each, "report.txt", made_text(number)) for number in (1, 2, 3))
        again = send(each, "report.txt", made_text(3), replaces=True)
        assert (again.status, again.replaces) == ("replaced", old.document_id)
        assert send(each, "report.txt", made_text(3), replaces=True).status == "unchanged"  # it did that already
        assert standings(each, oldest, old, new) == ["indexed", "superseded", "indexed"]
        assert_agrees(each)


@pytest.mark.parametrize("goes_first", [True, False])
def test_what_was_sent_under_another_name_than_its_file_is_replaced_by_that_name(
    tmp_path: Path, goes_first: bool
) -> None:
    with opened(tmp_path) as each:
        old = put(each, made_text(1))
        assert send(each, "sent.txt", made_text(1)).status == "unchanged"
        if goes_first:
            assert each.store.leave(old.document_id, PATH).stands
            assert each.store.document(old.document_id).file_name == "sent.txt"
        new = send(each, "sent.txt", made_text(2), replaces=True)
        if goes_first:
            assert (new.status, new.replaces) == ("replaced", old.document_id)
        else:
            assert standings(each, old, new) == ["indexed", "indexed"], "its file still stands there"
            assert put(each, made_text(1)).status == "unchanged"
            assert not each.store.leave(old.document_id, PATH).stands
        assert_agrees(each)


def test_what_was_replaced_by_its_sender_goes_with_a_copy_in_a_folder(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old = put(each, made_text(1), None)
        put(each, made_text(2), None, replaces="report.txt")
        assert put(each, made_text(1)).status == "restored"  # the copy in the folder
        assert each.store.leave(old.document_id, PATH) == Left(stands=False, path=None)


def test_what_was_sent_replaces_what_stands_at_two_places_at_both(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        places = [PATH, "/folder/copy.txt", "/other/report.txt"]
        old, *_ = (put(each, made_text(1), path) for path in places)
        sent = put(each, made_text(2), None, replaces="report.txt")
        assert [put(each, made_text(1), path).status for path in places] == ["superseded"] * 3
        new = put(each, made_text(3), places[1])
        assert [put(each, made_text(1), path).status for path in (places[0], places[2])] == ["superseded"] * 2
        assert standings(each, old, sent, new) == ["superseded", "indexed", "indexed"]
        assert put(each, made_text(1), "/other/new.txt").status == "restored"  # where nobody saw it before
        each.indexer.delete(sent.document_id)
        assert put(each, made_text(1), places[0]).status == "unchanged"
        assert_agrees(each)


def test_what_was_sent_and_waits_goes_on_waiting_while_the_file_stays_as_it_is(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        old = put(each, made_text(1))
        waiting = put(each, made_spam(1), None, replaces="report.txt")
        assert put(each, made_text(1)).status == "unchanged"
        assert standings(each, old, waiting) == ["indexed", "waiting"]
        each.indexer.accept(waiting.document_id)
        assert put(each, made_text(1)).status == "superseded"
        assert standings(each, old, waiting) == ["superseded", "indexed"]
        assert_agrees(each)


def test_a_decision_that_is_interrupted_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as each:
        old, waiting = put(each, made_text(1)), put(each, made_spam(1))
        with monkeypatch.context() as patched:  # the last step of the transaction
            patched.setattr("qa_service.store.store.insert_passages", Mock(side_effect=KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                each.indexer.accept(waiting.document_id)
        assert standings(each, old, waiting) == ["indexed", "waiting"]
        assert found(each) == {old.document_id}
        assert_agrees(each)


def test_files_that_swap_their_places_are_named_as_they_stand(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        put(each, made_text(1), "/folder/a.txt")
        put(each, made_text(2), "/folder/b.txt")
        put(each, made_text(2), "/folder/a.txt")
        put(each, made_text(1), "/folder/b.txt")
        nearest = each.index.search(ENCODER.encode_queries(["Document trade"])[0], 100)
        hits = each.store.hits(candidates(each.store, nearest))
        assert {(hit.passage.document_id, hit.file_name) for hit in hits} == {
            (document_id(made_text(1).encode()), "b.txt"),
            (document_id(made_text(2).encode()), "a.txt"),
        }
        assert_agrees(each)


def test_an_older_version_that_comes_again_elsewhere_is_named_as_there(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        put(each, made_text(1))
        put(each, made_text(2))
        assert put(each, made_text(1), "/folder/moved.txt").file_name == "moved.txt"
        put(each, made_text(3), "/folder/moved.txt")
        assert each.indexer.add(RawFile("upload.txt", made_text(1).encode(), {})).file_name == "moved.txt"

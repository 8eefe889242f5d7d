"""What an operator corrects holds at once and from then on, and can be taken back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.encoder import Vectors
from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.cli.local import LocalSession
from qa_service.config import Settings
from qa_service.errors import BadFile, BadInput, NotFound
from qa_service.ingest.describe import FIELDS
from qa_service.ingest.files import FileEntry, find_files
from qa_service.records import Filters, Metadata, RawFile, Receipt
from qa_service.service import Service
from qa_service.store.corrections import correct, corrections
from qa_service.web.app import create_app
from tests.qa_service.store.opened import Opened, assert_index_is_the_truth, opened

TEXT = "A headline\nBy Anna Weber\n14 June 2025\n\nThe members met on Monday and agreed on a plan for the year.\n"
UNKNOWN = "0" * 32


class CountingEncoder(HashingEncoder):
    """Knows how many texts it encoded."""

    encoded = 0

    def encode_passages(self, passages: list[str]) -> Vectors:  # type: ignore[override]
        self.encoded += len(passages)
        return super().encode_passages(passages)


@pytest.fixture
def each(tmp_path: Path) -> Iterator[Opened]:
    with opened(tmp_path) as found:
        yield found


def test_a_correction_comes_before_the_text_and_is_taken_back(each: Opened) -> None:
    document_id = each.add(TEXT, "a.txt", source="Given").document_id
    before, generation = each.store.document(document_id), each.store.generation
    assert (before.metadata.author, before.metadata.date) == ("Anna Weber", "2025-06-14")
    changed = each.indexer.correct(
        document_id, {"author": " Anna\nMaria Weber ", "source": "", "url": "https://e.org/"}
    )
    assert changed == each.store.document(document_id)
    assert changed.metadata == Metadata("A headline", None, "Anna Maria Weber", "2025-06-14", "https://e.org/", "en")
    assert {field for field, origin in changed.origins.items() if origin == "corrected"} == {"author", "source", "url"}
    assert each.store.generation == generation + 1
    each.indexer.correct(document_id, {"author": "Another"})
    assert each.indexer.correct(document_id, {"author": None, "source": None, "url": None, "date": None}) == before


def test_filters_find_a_document_by_its_corrected_values_at_once(each: Opened) -> None:
    document_id = each.add(TEXT, "a.txt").document_id
    assert not len(each.store.matching(Filters(sources=("Kazinform",))))
    each.indexer.correct(document_id, {"source": "Kazinform", "date": "2019-02"})
    assert len(each.store.matching(Filters(sources=("kazinform",), date_from="2019-01-01", date_to="2019")))
    assert not len(each.store.matching(Filters(date_from="2025")))


def test_a_new_language_is_that_of_the_passages_too_and_nothing_is_encoded(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    with opened(tmp_path, encoder) as each:
        document_id = each.add("2025 – 14 – 06\n\n12 34 56", "numbers.txt").document_id
        assert {passage.language for passage in each.store.passages(document_id)} == {"und"}
        encoded = encoder.encoded
        each.indexer.correct(document_id, {"language": "kk"})
        assert {passage.language for passage in each.store.passages(document_id)} == {"kk"}
        assert encoder.encoded == encoded
        assert_index_is_the_truth(each.store, each.index, encoder)


def test_a_correction_survives_a_reindex(each: Opened) -> None:
    document_id = each.add(TEXT, "a.txt").document_id
    changed = each.indexer.correct(document_id, {"title": "Right", "language": "uz"})
    each.indexer.remake_all(lambda done, total: None)
    assert each.store.document(document_id) == changed
    assert corrections(each.store, document_id) == {"title": "Right", "language": "uz"}


def test_the_next_version_takes_over_what_still_holds_and_can_be_uncorrected(each: Opened) -> None:
    """A date is taken over only where the newer version repeats the wrong one."""
    right = {"title": "Right", "author": "", "date": "2020"}
    versions = [TEXT, TEXT + "More.", TEXT.replace("14 June", "15 June")]
    ids = []
    for number, text in enumerate(versions):
        ids.append(each.indexer.add(RawFile("a.txt", text.encode(), {}, "/folder/a.txt")).document_id)
        if number == 0:
            each.indexer.correct(ids[0], right)
    assert corrections(each.store, ids[1]) == right
    assert corrections(each.store, ids[2]) == {"title": "Right", "author": ""}
    assert each.store.document(ids[2]).metadata.date == "2025-06-15"
    found = each.indexer.correct(ids[2], {"title": None, "author": None})
    assert (found.metadata.title, found.metadata.author) == ("A headline", "Anna Weber")
    assert "corrected" not in found.origins.values()


def test_what_is_said_anew_of_known_bytes_is_taken_over_and_a_correction_stays(each: Opened) -> None:
    document_id = each.add(TEXT, "a.txt").document_id
    each.indexer.correct(document_id, {"author": "Right"})
    generation = each.store.generation
    assert each.add(TEXT, "a.txt").status == "unchanged"
    assert each.add(TEXT, "a.txt", date="2025-06-14").status == "unchanged"  # as the text says
    assert each.store.generation == generation
    receipt = each.add(TEXT, "a.txt", title="Given", author="Also given", language="kk")
    assert (receipt.status, receipt.metadata.title, receipt.metadata.author) == ("described", "Given", "Right")
    assert receipt.origins["title"] == "given"
    assert len(each.store.matching(Filters(languages=("kk",)))) == 0  # its passages are English all the same
    assert each.indexer.correct(document_id, {"author": None}).metadata.author == "Also given"
    assert each.add(TEXT, "a.txt", title="Given").status == "unchanged"
    with pytest.raises(BadFile, match="the given date"):
        each.add(TEXT, "a.txt", date="never")
    each.add(TEXT + "More.", "a.txt")
    each.indexer.add(RawFile("a.txt", (TEXT + "More.").encode(), {}, replaces="a.txt"))
    again = each.indexer.add(RawFile("a.txt", TEXT.encode(), {"title": "Given later"}, replaces="a.txt"))
    assert again.metadata.title == "Given later"


def test_what_a_sidecar_says_no_more_is_as_the_file_says_it(each: Opened) -> None:
    def put(**said: str) -> str:
        file = RawFile("a.txt", TEXT.encode(), said, "/one/a.txt", metadata_origins=dict.fromkeys(said, "sidecar"))
        return each.indexer.add(file).status

    put(title="Beside", author="Also beside", source="A paper", language="kk")
    [document] = map(each.store.document, each.store.document_ids())
    each.indexer.correct(document.id, {"author": "Right"})
    assert put(title="Beside") == "described"
    found = each.store.document(document.id)
    assert (found.metadata.title, found.metadata.author, found.metadata.source) == ("Beside", "Right", None)
    assert (found.metadata.language, found.origins["language"]) == ("en", "detected")
    assert each.indexer.correct(document.id, {"author": None}).metadata.author == "Anna Weber"
    assert [put(), put()] == ["described", "unchanged"]
    assert each.store.document(document.id).metadata.title == "A headline"
    put(title="Beside")
    each.indexer.add(RawFile("a.txt", TEXT.encode(), {}))  # sent by itself: that says nothing of what stands beside it
    assert each.store.document(document.id).metadata.title == "Beside"


def test_what_a_manifest_says_no_more_is_as_the_file_says_it(each: Opened, tmp_path: Path) -> None:
    def put(**said: str) -> Receipt:
        (tmp_path / "a.txt").write_text(TEXT)
        (tmp_path / "manifest.jsonl").write_text(json.dumps({"file_name": "a.txt", **said}))
        [entry] = find_files([tmp_path])
        assert isinstance(entry, FileEntry)
        return each.indexer.add(entry.read(1_000_000))

    assert put(title="Listed", source="A paper").origins["source"] == "manifest"
    receipt = put(source="A paper")
    assert (receipt.status, receipt.metadata.title, receipt.metadata.source) == ("described", "A headline", "A paper")
    [alone] = find_files([tmp_path / "a.txt"])  # without the manifest nothing is known of what it says
    assert isinstance(alone, FileEntry)
    assert each.indexer.add(alone.read(1_000_000)).status == "unchanged"
    assert put().metadata.source is None
    assert put(source="A paper").metadata.source == "A paper"
    (tmp_path / "manifest.jsonl").unlink()
    [entry, *_] = find_files([tmp_path])
    assert isinstance(entry, FileEntry)
    assert each.indexer.add(entry.read(1_000_000)).metadata.source is None


def test_copies_at_two_places_do_not_take_turns_to_describe_their_document(each: Opened) -> None:
    def put(path: str, title: str) -> str:
        return each.indexer.add(RawFile("a.txt", TEXT.encode(), {"title": title}, path)).status

    put("/one/a.txt", "One")
    put("/two/a.txt", "Two")
    generation = each.store.generation
    assert [put("/one/a.txt", "One"), put("/two/a.txt", "Two"), put("/one/a.txt", "One")] == ["unchanged"] * 3
    assert each.store.generation == generation


def test_the_truth_after_all_that_was_said(each: Opened) -> None:
    each.add(TEXT, "a.txt")
    each.add(TEXT, "a.txt", language="kk")
    assert_index_is_the_truth(each.store, each.index, HashingEncoder())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"date": "14.06.2025"}, r"a\.txt: the given date is not one of the calendar, as YYYY"),
        ({"date": "2025-02-30"}, r"a\.txt: the given date "),
        ({"language": "English"}, r"a\.txt: the given language "),
        ({"url": "javascript:alert(1)"}, r"a\.txt: the given url "),
        ({"title": " "}, r"a\.txt: the given title is blank"),
        ({"language": ""}, r"a\.txt: the given language is blank"),
        ({"title": "x" * 2_001}, r"a\.txt: the given title is longer"),
        ({"source": "half \ud800"}, r"a\.txt: the given source "),
        ({"colour": "red"}, "colour: not among title"),
    ],
)
def test_a_wrong_value_is_refused_by_field_and_document_and_changes_nothing(
    each: Opened, changes: dict[str, str], problem: str
) -> None:
    document_id = each.add(TEXT, "a.txt").document_id
    before, generation = each.store.document(document_id), each.store.generation
    with pytest.raises(BadInput, match=problem) as caught:
        each.indexer.correct(document_id, {"author": "Right", **changes})
    assert caught.value.code == "invalid_request"
    assert (each.store.document(document_id), each.store.generation) == (before, generation)


def test_what_is_not_there_is_not_found(each: Opened) -> None:
    with pytest.raises(NotFound):
        correct(each.store, UNKNOWN, {"title": "A"})


values = {"date": "2020-01", "url": "https://example.org/", "language": "kk"}
changes = st.dictionaries(st.sampled_from(FIELDS), st.booleans())


@settings(max_examples=30, deadline=None)
@given(st.lists(changes, max_size=5))
def test_whatever_is_corrected_all_is_as_it_was_when_taken_back(
    tmp_path_factory: pytest.TempPathFactory, steps: list[dict[str, bool]]
) -> None:
    with opened(tmp_path_factory.mktemp("data")) as each:
        document_id = each.add(TEXT, "a.txt").document_id
        before = each.store.document(document_id), each.store.passages(document_id)
        for step in steps:
            correct(each.store, document_id, {f: values.get(f, "Right") if to else None for f, to in step.items()})
        correct(each.store, document_id, dict.fromkeys(FIELDS))
        assert (each.store.document(document_id), each.store.passages(document_id)) == before


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = open_service(Settings(data_dir=tmp_path, min_confidence=0), HashingEncoder())
    yield service
    service.close()


def test_the_api_corrects_and_takes_back(service: Service, tmp_path: Path) -> None:
    with TestClient(create_app(service, Settings(data_dir=tmp_path)), base_url="http://127.0.0.1") as client:
        added = client.post("/documents", files={"file": ("a.txt", TEXT.encode())}).json()
        path = f"/documents/{added['document_id']}"
        told = client.patch(path, json={"title": "Right", "author": "", "date": "2024"}).json()
        assert (told["title"], told["author"], told["date"], told["language"]) == ("Right", None, "2024", "en")
        assert told["metadata_origins"] == {
            **{"title": "corrected", "author": "corrected", "date": "corrected"},
            "language": "detected",
        }
        answer = client.post("/ask", json={"question": "members met", "filters": {"date_to": "2024"}}).json()
        assert answer["citations"][0]["title"] == "Right"
        back = client.patch(path, json={"title": None, "author": None, "date": None}).json()
        assert {name: back[name] for name in FIELDS} == {name: added[name] for name in FIELDS}
        for body, field in (({}, "body"), ({"date": "x"}, "the given date"), ({"colour": "red"}, "colour")):
            response = client.patch(path, json=body)
            assert (response.status_code, response.json()["error_code"]) == (422, "invalid_request")
            assert field in response.json()["detail"]
        assert client.patch(f"/documents/{UNKNOWN}", json={"title": "A"}).status_code == 404


def test_a_command_that_deletes_leaves_a_correction_to_the_version_that_waits(tmp_path: Path) -> None:
    spam = "\n".join(f"casino bonus {number} free spins | online slots jackpot" for number in range(30))
    with opened(tmp_path) as each:
        older = each.indexer.add(RawFile("a.txt", TEXT.encode(), {}, "/a.txt")).document_id
        newer = each.indexer.add(RawFile("a.txt", f"{TEXT}\n\n{spam}".encode(), {}, "/a.txt"))
        assert newer.status == "waiting"
        each.indexer.correct(older, {"title": "Right"})
    session = LocalSession(Settings(data_dir=tmp_path))
    session._encoder = HashingEncoder  # type: ignore[method-assign]
    session.delete(older, with_versions=False, audit=False)
    session.close()
    with opened(tmp_path) as each:
        each.indexer.accept(newer.document_id)
        assert each.store.document(newer.document_id).metadata.title == "Right"


def test_the_command_needs_no_model(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        document_id = each.add(TEXT, "a.txt").document_id
    session = LocalSession(Settings(data_dir=tmp_path, model="there is none"))
    assert session.correct(document_id, {"author": "Right"}).author == "Right"
    assert session.correct(document_id, {"author": None}).author == "Anna Weber"

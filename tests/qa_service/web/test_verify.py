"""`POST /verify` and the chat's check of a quote, over the seed documents."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.config import Settings
from qa_service.errors import StoreError
from qa_service.ingest.files import FileEntry, find_files
from qa_service.records import RawFile, Verification
from qa_service.service import Service
from qa_service.web.app import create_app
from qa_service.web.chat import MAX_TURNS, Shown, check_pasted
from qa_service.web.markup import source_url

SEEDS = Path(__file__).parents[3] / "seeds"
QUOTE = "There are over 11 thousand Kazakhstan students in China"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("data"), min_confidence=0)


@pytest.fixture(scope="module")
def service(settings: Settings) -> Iterator[Service]:
    service = open_service(settings, HashingEncoder())
    for entry in find_files([SEEDS]):
        assert isinstance(entry, FileEntry)
        service.add(entry.read(1_000_000))
    yield service
    service.close()


@pytest.fixture(scope="module")
def client(service: Service, settings: Settings) -> Iterator[TestClient]:
    app = create_app(service, settings)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def seen(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))


@pytest.mark.parametrize(
    ("quote", "verdict"),
    [
        (QUOTE, "exact"),
        (QUOTE.replace(" ", "\u00a0 "), "normalised"),
        (QUOTE.replace("11", "12"), "near"),
        ("中國石油踐行本土化戰略", "normalised"),
        ("Nothing of the kind was ever written in any of them", "absent"),
    ],
)
def test_places_are_slices_of_their_documents(client: TestClient, quote: str, verdict: str) -> None:
    found = client.post("/verify", json={"quote": quote}).json()
    assert set(found) == {"quote", "verdict", "places", "total", "similarity", "diff"}
    assert (found["quote"], found["verdict"]) == (quote, verdict)
    assert (found["total"], len(found["places"])) == ((0, 0) if verdict == "absent" else (1, 1))
    assert (found["similarity"] is not None) == bool(found["diff"]) == (verdict == "near")
    for place in found["places"]:
        assert set(place) == {
            *("document_id", "file_name", "title", "start_char_index", "end_char_index", "text"),
            *("cuts_word", "quarantined", "superseded", "waiting"),
        }
        document = client.get(f"/documents/{place['document_id']}").json()
        start, end = place["start_char_index"], place["end_char_index"]
        assert document["text"][start:end] == place["text"]
        assert (document["file_name"], document["title"]) == (place["file_name"], place["title"])
        page = client.get(f"/source/{place['document_id']}?start={start}&end={end}")
        assert '<mark id="quote"' in page.text
    assert "".join(change["document"] for change in found["diff"]) == (
        found["places"][0]["text"] if found["diff"] else ""
    )


def test_the_example_of_the_readme_is_true(client: TestClient) -> None:
    found = client.post("/verify", json={"quote": QUOTE.replace("11", "12")}).json()
    assert found["places"][0]["file_name"] == "002_e12e1a648fca8381.txt"
    assert (found["places"][0]["start_char_index"], found["places"][0]["end_char_index"]) == (667, 722)
    assert round(found["similarity"], 2) == 0.98
    assert found["diff"] == [
        {"op": "equal", "quote": "There are over ", "document": "There are over "},
        {"op": "replace", "quote": "12", "document": "11"},
        {
            "op": "equal",
            "quote": " thousand Kazakhstan students in China",
            "document": " thousand Kazakhstan students in China",
        },
    ]


def test_places_are_counted_and_the_first_hundred_listed(client: TestClient) -> None:
    found = client.post("/verify", json={"quote": "e"}).json()
    documents = client.get("/documents").json()["documents"]
    texts = [client.get(f"/documents/{each['document_id']}").json()["text"] for each in documents]
    assert found["total"] == sum(text.count("e") for text in texts)
    assert len(found["places"]) == 100
    assert all(place["text"] == "e" for place in found["places"])


def test_one_document_only(client: TestClient) -> None:
    (place,) = client.post("/verify", json={"quote": QUOTE}).json()["places"]
    ids = [each["document_id"] for each in client.get("/documents").json()["documents"]]
    for document_id in ids:
        found = client.post("/verify", json={"quote": QUOTE, "document_id": document_id}).json()
        assert (found["verdict"] == "exact") == (document_id == place["document_id"])
    assert client.post("/verify", json={"quote": QUOTE, "document_id": None}).json()["verdict"] == "exact"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "quote"),
        ({"quote": ""}, "quote"),
        ({"quote": " \n\t\u3000"}, "quote"),
        ({"quote": "x" * 10_001}, "quote"),
        ({"quote": "a\0b"}, "quote"),
        ({"quote": None}, "quote"),
        ({"quote": 94.8}, "quote"),
        ({"quote": ["a"]}, "quote"),
        ({"quote": "a", "document_id": 5}, "document_id"),
        ({"quote": "a", "document_id": ""}, "document_id"),
        ({"quote": "a", "document_id": "seeds"}, "document_id"),
        ({"quote": "a", "surprise": 1}, "surprise"),
        ({"quote": "a", "top_k": 5}, "top_k"),
    ],
)
def test_a_wrong_field_is_named(client: TestClient, body: dict[str, object], field: str) -> None:
    response = client.post("/verify", json=body)
    assert response.status_code == 422
    assert set(response.json()) == {"error_code", "detail"}
    assert response.json()["error_code"] == "invalid_request"
    assert response.json()["detail"].startswith(f"{field}: ")


def test_half_a_surrogate_pair_is_refused(client: TestClient) -> None:
    for content in (rb'{"quote": "\ud800"}', rb'{"quote": "a", "document_id": "\ud800"}', b"[]", b"{"):
        response = client.post("/verify", content=content, headers={"Content-Type": "application/json"})
        assert (response.status_code, response.json()["error_code"]) == (422, "invalid_request")


def test_an_unknown_document_is_not_found(client: TestClient) -> None:
    response = client.post("/verify", json={"quote": "a", "document_id": "0" * 32})
    assert (response.status_code, response.json()["error_code"]) == (404, "not_found")


def test_the_longest_quote_is_taken_and_another_method_is_not(client: TestClient) -> None:
    assert client.post("/verify", json={"quote": "x" * 10_000}).json()["verdict"] == "absent"
    response = client.get("/verify")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_the_api_description_has_examples_that_hold(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert "/verify" in schema["paths"]
    for example in schema["components"]["schemas"]["VerifyIn"]["examples"]:
        found = client.post("/verify", json=example)
        assert (found.status_code, found.json()["verdict"]) == (200, "exact")


def test_chat_shows_the_verdict_and_links_to_the_places(service: Service) -> None:
    for quote in (QUOTE, QUOTE.replace("11", "12"), "Astana"):
        box, notice, thread, turns = check_pasted(service, quote, ())
        assert (box, notice, len(turns)) == ("", "", 1)
        found = service.verify(quote)
        for place in found.places:
            assert f'href="{source_url(place.document_id, place.span)}"' in unescape(thread)
            assert place.file_name in seen(thread)
    _, _, thread, _ = check_pasted(service, QUOTE.replace("11", "12"), ())
    assert "<del>12</del><ins>11</ins>" in thread
    assert "Not in these words" in seen(thread)
    _, _, thread, _ = check_pasted(service, "Nothing of the kind was written", ())
    assert "The documents don’t say so." in seen(thread)


@pytest.mark.parametrize(
    ("quote", "line"),
    [
        (None, "Quote: is empty; paste a sentence."),
        (" \n", "Quote: is empty; paste a sentence."),
        ("x" * 10_001, "Quote: has 10,001 characters; at most 10,000 are allowed."),
        ("a\ud800", "Quote: holds a NUL or half a surrogate pair, which no text has."),
    ],
)
def test_chat_leaves_a_bad_quote_in_its_box(service: Service, quote: str | None, line: str) -> None:
    box, notice, thread, turns = check_pasted(service, quote, ("<section>",))
    assert seen(notice) == line
    assert "value" not in box
    assert "value" not in thread
    assert turns == ("<section>",)


def test_chat_forgets_the_oldest_turns_and_says_what_failed() -> None:
    class Failing(Service):
        def __init__(self) -> None:
            pass

        def verify(self, quote: str, document_id: str | None = None) -> Verification:
            raise StoreError("the disk is full")

    *_, thread, turns = check_pasted(Failing(), "a", (Shown("<section>", ()),) * MAX_TURNS)
    assert "the disk is full" in seen(thread)
    assert len(turns) == MAX_TURNS


def test_text_of_quote_and_document_is_never_markup(tmp_path: Path) -> None:
    hostile = "The <img src=http://203.0.113.1/b.png> and ![a](http://203.0.113.1/a.png)\n\n# heading end."
    service = open_service(Settings(data_dir=tmp_path), HashingEncoder())
    service.add(RawFile("a.txt", hostile.encode(), {"title": "<b>x</b>"}))
    for quote in (hostile, hostile.replace("end", "<script>1</script>\n\n# End")):
        _, _, thread, _ = check_pasted(service, quote, ())
        assert not re.findall(r"<(?:img|script|b)\b|!\[|\n", thread)
        assert "heading" in seen(thread)
    service.close()

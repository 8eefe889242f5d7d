"""Versions and deletions over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.config import Settings
from qa_service.web.app import create_app
from qa_service.web.record_file import RecordFile


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path, min_confidence=0)
    service = open_service(settings, HashingEncoder())
    with TestClient(create_app(service, settings), base_url="http://127.0.0.1") as client:
        yield client
    service.close()


def put(client: TestClient, text: str, path: str = "/folder/rate.txt") -> dict[str, str]:
    response = client.post("/documents", files={"file": ("rate.txt", text.encode())}, data={"path": path})
    receipt: dict[str, str] = response.json()
    assert response.status_code == (200 if receipt["status"] == "unchanged" else 201)
    return receipt


def test_a_new_version_takes_the_place_of_the_older_one(client: TestClient) -> None:
    old = put(client, "The rate of exchange was 450 tenge.")
    record = client.post("/ask", json={"question": "rate of exchange", "export": ["record"]}).json()["exports"][
        "record"
    ]
    new = put(client, "The rate of exchange is 520 tenge.")
    assert (new["status"], new["replaces"]) == ("replaced", old["document_id"])
    hits = client.post("/search", json={"question": "rate of exchange"}).json()["hits"]
    assert {hit["document_id"] for hit in hits} == {new["document_id"]}
    [place] = client.post("/verify", json={"quote": "The rate of exchange was 450 tenge."}).json()["places"]
    assert (place["document_id"], place["superseded"]) == (old["document_id"], True)
    assert "An older version" in client.get(f"/source/{old['document_id']}").text
    assert "An older version" not in client.get(f"/source/{new['document_id']}").text
    checked = client.post("/records/check", json=RecordFile.model_validate(record).model_dump()).json()
    assert [each["verdict"] for each in checked["citations"]] == ["stands"]
    assert [each["newer_version"] for each in checked["citations"]] == [new["document_id"]]


def test_a_quote_of_what_waits_for_a_decision_is_told_apart(client: TestClient) -> None:
    spam = "|".join(f"免费在线观看无码影院{a}字幕{b}" for a in "一二三四五" for b in "甲乙丙丁")
    waiting = put(client, f"{spam}\nIts dam is 42 metres high.")
    assert waiting["status"] == "waiting"
    [place] = client.post("/verify", json={"quote": "Its dam is 42 metres high."}).json()["places"]
    assert (place["waiting"], place["superseded"]) == (True, False)
    assert "waits for a decision" in client.get(f"/source/{waiting['document_id']}").text
    client.post(f"/documents/{waiting['document_id']}/accept")
    [place] = client.post("/verify", json={"quote": "Its dam is 42 metres high."}).json()["places"]
    assert place["waiting"] is False


@pytest.mark.parametrize("address", ["/documents?limit=1", "/documents?page=1&offset=5", "/livez?x=1"])
def test_a_parameter_that_nobody_reads_is_refused(client: TestClient, address: str) -> None:
    response = client.get(address)
    assert (response.status_code, response.json()["error_code"]) == (422, "invalid_request")
    assert "no such parameter" in response.json()["detail"]


def test_the_list_says_which_versions_count(client: TestClient) -> None:
    old, new = put(client, "The old text."), put(client, "The new text.")
    listed = client.get("/documents").json()["documents"]
    assert [(each["status"], each["replaces"]) for each in listed] == [
        ("superseded", None),
        ("indexed", old["document_id"]),
    ]
    for status, expected in (("indexed", [new]), ("superseded", [old]), ("waiting", [])):
        page = client.get("/documents", params={"status": status}).json()
        assert [each["document_id"] for each in page["documents"]] == [each["document_id"] for each in expected]
        assert page["total"] == len(expected)
    assert client.get("/documents", params={"path": "/folder/rate.txt"}).json()["total"] == 2
    assert client.get("/documents", params={"path": "/folder/other.txt"}).json()["total"] == 0
    assert client.get("/documents", params={"status": "gone"}).status_code == 422
    assert client.get(f"/documents/{old['document_id']}").json()["status"] == "superseded"


def test_a_receipt_can_be_had_again(client: TestClient) -> None:
    receipt = put(client, "A text.")
    assert client.get(f"/documents/{receipt['document_id']}/receipt").json() == receipt
    assert client.get(f"/documents/{'0' * 32}/receipt").status_code == 404


def test_a_deletion_leaves_a_line_when_asked(client: TestClient) -> None:
    silent, audited = put(client, "A first text.", "/a"), put(client, "A second text.", "/b")
    assert client.delete(f"/documents/{silent['document_id']}").status_code == 204
    assert client.get("/audit").json() == {"deletions": []}
    assert client.delete(f"/documents/{audited['document_id']}", params={"audit": True}).status_code == 204
    [line] = client.get("/audit").json()["deletions"]
    assert (line["document_id"], line["command"]) == (audited["document_id"], "DELETE /documents")
    assert line["sha256"].startswith(audited["document_id"])
    assert set(line) == {"deleted_at", "document_id", "sha256", "command"}


def test_older_versions_go_when_asked(client: TestClient) -> None:
    put(client, "A first text.")
    put(client, "A second text.")
    newest = put(client, "A third text.")["document_id"]
    assert client.delete(f"/documents/{newest}", params={"with_versions": True}).status_code == 204
    assert client.get("/documents").json()["total"] == 0


@pytest.mark.parametrize("path", ["a\0b", "x" * 9_000])
def test_a_path_that_is_none_is_refused(client: TestClient, path: str) -> None:
    response = client.post("/documents", files={"file": ("a.txt", b"A text.")}, data={"path": path})
    assert response.status_code == 422
    assert "path" in response.json()["detail"]

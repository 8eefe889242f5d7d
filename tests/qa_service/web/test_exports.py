"""Exports over the API and from the chat, and records checked over the API."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pybtex.database import parse_string

from embeddings.hashing import HashingEncoder
from qa_service.answering.export.formats import FORMATS
from qa_service.answering.export.kept import KeptRecords
from qa_service.answering.export.record import write_record
from qa_service.app import open_service
from qa_service.config import Settings
from qa_service.errors import NotFound
from qa_service.records import RawFile
from qa_service.service import Service
from qa_service.web.app import create_app
from qa_service.web.chat import answer_question
from tests.qa_service.answering.recorded import record

TEXTS = {
    "trade.txt": "Trade reached a record high of 94.8 billion dollars in 2024.",
    "jobs.txt": "中国石油践行本土化战略，在中亚五国创造3万余个就业岗位。",
    "forum.txt": "В Астане начался медиафорум стран Центральной Азии.",
}
QUESTIONS = [
    "How high was trade?",
    "中国石油创造了多少就业岗位？",
    "Где начался медиафорум?",
    "أين بدأ المنتدى؟",
    "Форум қайда?",
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = open_service(Settings(data_dir=tmp_path, min_confidence=0), HashingEncoder())
    for name, text in TEXTS.items():
        given = {"source": "China Daily", "date": "2025-06-14", "title": f"Title of {name}"}
        service.add(RawFile(name, text.encode(), given))
    yield service
    service.close()


@pytest.fixture
def client(service: Service, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(service, Settings(data_dir=tmp_path))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_comes_in_the_formats_asked_for(client: TestClient, question: str) -> None:
    answer = client.post("/ask", json={"question": question, "export": list(FORMATS)}).json()
    exports = answer["exports"]
    assert set(exports) == set(FORMATS)
    for citation in answer["citations"]:
        assert f"[^{citation['index']}]: “" in exports["markdown"]
        assert f"[{citation['index']}] {citation['title']}[N]. China Daily, 2025-06-14." in exports["gbt7714"]
    keys = parse_string(exports["bibtex"], "bibtex").entries.keys()
    assert {key.rpartition("-")[2] for key in keys} == {each["document_id"][:16] for each in answer["citations"]}
    kept = exports["record"]
    for name in ("id", "question", "language", "search_query", "answerable", "answer", "answer_kind", "model"):
        assert kept[name] == answer[name]
    assert (kept["index_version"], kept["confidence"]) == (answer["index_version"], answer["confidence"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", kept["answered_at"])
    for recorded, citation in zip(kept["citations"], answer["citations"], strict=True):
        same = set(recorded) & set(citation)
        assert {name: recorded[name] for name in same} == {name: citation[name] for name in same}
        document = client.get(f"/documents/{recorded['document_id']}").json()
        assert recorded["document_sha256"] == document["sha256"]


def test_nothing_is_exported_unless_asked_for(client: TestClient) -> None:
    assert client.post("/ask", json={"question": "trade?"}).json()["exports"] is None
    assert client.post("/ask", json={"question": "trade?", "export": []}).json()["exports"] is None
    exports = client.post("/ask", json={"question": "trade?", "export": ["bibtex"]}).json()["exports"]
    assert [name for name, text in exports.items() if text is not None] == ["bibtex"]


@pytest.mark.parametrize(
    ("export", "field"),
    [(["pdf"], "export.0"), ("record", "export"), (["record"] * 5, "export"), ([1], "export.0"), (None, "export")],
)
def test_an_unknown_format_is_refused_by_name(client: TestClient, export: object, field: str) -> None:
    response = client.post("/ask", json={"question": "trade?", "export": export})
    assert (response.status_code, response.json()["error_code"]) == (422, "invalid_request")
    assert response.json()["detail"].startswith(f"{field}: ")


def test_a_search_exports_nothing(client: TestClient) -> None:
    assert client.post("/search", json={"question": "trade?", "export": ["record"]}).status_code == 422


def test_a_refusal_is_exported_without_citations(client: TestClient) -> None:
    body = {"question": "Где море?", "filters": {"languages": ["fr"]}, "export": list(FORMATS)}
    exports = client.post("/ask", json=body).json()["exports"]
    said = "В этих документах нет ответа на этот вопрос."
    assert exports["markdown"] == f"# Где море?\n\n{said}\n"
    assert (exports["bibtex"], exports["gbt7714"]) == (f"% {said}\n", f"{said}\n")
    kept = exports["record"]
    assert (kept["answerable"], kept["answer"], kept["citations"]) == (False, None, [])
    assert client.post("/records/check", json=kept).json() == {"stands": True, "unaltered": True, "citations": []}


def test_a_record_is_checked(client: TestClient) -> None:
    kept = client.post("/ask", json={"question": "trade?", "top_k": 1, "export": ["record"]}).json()["exports"][
        "record"
    ]
    [cited] = kept["citations"]
    checked = client.post("/records/check", json=kept).json()
    assert (checked["stands"], checked["unaltered"]) == (True, True)
    [found] = checked["citations"]
    assert (found["index"], found["verdict"]) == (1, "stands")
    assert found["place"]["start_char_index"] == cited["quote_start_char_index"]
    assert client.delete(f"/documents/{cited['document_id']}").status_code == 204
    checked = client.post("/records/check", json=kept).json()
    assert checked == {
        "stands": False,
        "unaltered": True,
        "citations": [{"index": 1, "verdict": "gone", "place": None, "newer_version": None}],
    }
    altered = client.post("/records/check", json={**kept, "confidence": 0.99}).json()
    assert (altered["stands"], altered["unaltered"]) == (False, False)


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"{}", "format: "),
        (b"[]", "body: "),
        (b"no JSON", "body: must be a JSON object"),
        (json.dumps({**json.loads(write_record(record())), "version": 2}).encode(), "version: is 2"),
        (json.dumps({**json.loads(write_record(record())), "sha256": 1}).encode(), "sha256: "),
    ],
)
def test_what_is_no_record_is_refused(client: TestClient, content: bytes, detail: str) -> None:
    response = client.post("/records/check", content=content, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error_code"]) == (422, "invalid_request")
    assert response.json()["detail"].startswith(detail)


def test_a_huge_record_is_refused(client: TestClient) -> None:
    content = json.dumps({"format": "x" * 5_000_000}).encode()
    for sent in (content, iter([content[:10], content[10:]])):
        response = client.post("/records/check", content=sent, headers={"Content-Type": "application/json"})
        assert (response.status_code, response.json()["error_code"]) == (413, "too_large")
        assert response.json()["detail"].startswith("body: larger than 4,000,000 bytes; ")


def test_every_answer_of_the_chat_can_be_downloaded(client: TestClient, service: Service) -> None:
    *_, (_, _, _, turns) = answer_question(service, QUESTIONS[0], ())
    *_, (_, _, thread, _) = answer_question(service, QUESTIONS[1], turns)
    links = [link for link in map(unescape, re.findall(r'href="([^"]*)"', thread)) if link.startswith("./exports/")]
    assert [link.rpartition("/")[2] for link in links] == [*FORMATS] * 2
    for i, link in enumerate(links):
        response = client.get(link.removeprefix("."))
        wanted = list(FORMATS.values())[i % len(FORMATS)]
        assert response.status_code == 200
        assert response.headers["content-type"] == f"{wanted.media_type}; charset=utf-8"
        assert re.fullmatch(
            rf'attachment; filename="answer-[0-9a-f]{{8}}{re.escape(wanted.suffix)}"',
            response.headers["content-disposition"],
        )
        assert response.headers["x-content-type-options"] == "nosniff"
    kept = client.get(links[-1].removeprefix(".")).json()
    assert kept["question"] == QUESTIONS[1]
    assert client.post("/records/check", json=kept).json()["stands"]


def test_a_refusal_of_the_chat_can_be_downloaded(client: TestClient, service: Service) -> None:
    *_, (_, _, thread, _) = answer_question(service, "trade?", (), "fr")
    [answer_id] = set(re.findall(r"exports&#47;([0-9a-f]{32})", thread))
    assert "don’t hold an answer" in client.get(f"/exports/{answer_id}/markdown").text


def test_a_download_that_quotes_a_deleted_document_is_gone(client: TestClient, service: Service) -> None:
    *_, (_, _, thread, _) = answer_question(service, QUESTIONS[0], ())
    [answer_id] = set(re.findall(r"exports&#47;([0-9a-f]{32})", thread))
    [cited, *_] = client.get(f"/exports/{answer_id}/record").json()["citations"]
    assert client.delete(f"/documents/{cited['document_id']}").status_code == 204
    assert client.get(f"/exports/{answer_id}/record").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/exports/{'0' * 32}/record", 404),
        (f"/exports/{'0' * 32}/pdf", 422),
        ("/exports/../record", 404),
        ("/exports/x/record", 422),
    ],
)
def test_what_is_not_kept_is_an_error_in_json(client: TestClient, path: str, status: int) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert set(response.json()) == {"error_code", "detail"}


def test_the_oldest_records_are_forgotten() -> None:
    kept = KeptRecords(size=2)
    for number in (1, 2, 3):
        kept.keep(replace(record(), id=str(number)))
    with pytest.raises(NotFound, match="ask again"):
        kept.get("1")
    assert [kept.get(answer_id).id for answer_id in ("2", "3")] == ["2", "3"]

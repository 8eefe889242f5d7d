"""The API over the seed documents with the hashing encoder: shapes, bad input, nothing let in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.config import Settings
from qa_service.ingest.files import FileEntry, find_files
from qa_service.records import RawFile
from qa_service.web.app import create_app
from qa_service.web.requests import MAX_TURN, MAX_TURNS

SEEDS = Path(__file__).parents[3] / "seeds"
UNKNOWN = "0" * 32


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), max_upload_mb=2, min_confidence=0)
    service = open_service(settings, HashingEncoder())
    for entry in find_files([SEEDS]):
        assert isinstance(entry, FileEntry)
        service.add(entry.read(1_000_000))
    with TestClient(
        create_app(service, settings), base_url="http://127.0.0.1", raise_server_exceptions=False
    ) as client:
        yield client
    service.close()


def error_of(response) -> tuple[int, str, str]:
    body = response.json()
    assert set(body) == {"error_code", "detail"}
    return response.status_code, body["error_code"], body["detail"]


def test_a_citation_is_a_slice_of_the_document(client: TestClient) -> None:
    for question in ("trade between China and Central Asia", "媒体合作", "неизвестно что", "Қазақстан 🌍"):
        answer = client.post("/ask", json={"question": question}).json()
        assert answer["answerable"]
        assert answer["answer_kind"] == "extractive"
        for citation in answer["citations"]:
            text = client.get(f"/documents/{citation['document_id']}").json()["text"]
            assert text[citation["start_char_index"] : citation["end_char_index"]] == citation["text"]
            assert text[citation["quote_start_char_index"] : citation["quote_end_char_index"]] == citation["quote"]
            assert f"[{citation['index']}]" in answer["answer"]


def test_an_answer_has_the_fields_of_the_design(client: TestClient) -> None:
    answer = client.post("/ask", json={"question": "media forum", "top_k": 2}).json()
    assert set(answer) == {
        *("id", "question", "language", "search_query", "answerable", "confidence", "calibrated"),
        *("answer", "answer_kind"),
        *("citations", "related", "index_version", "model", "timings_ms", "exports"),
    }
    assert set(answer["citations"][0]) >= {
        *("index", "document_id", "file_name", "title", "source", "author", "date", "url", "language", "section"),
        *("start_char_index", "end_char_index", "text", "quote", "quote_start_char_index", "quote_end_char_index"),
        *("score", "scores"),
    }
    assert 0 < len(answer["citations"]) <= 2


@pytest.mark.parametrize("path", ["/ask", "/search"])
def test_explain_says_why_each_hit_stands_where_it_does(client: TestClient, path: str) -> None:
    body = {"question": "  media   forum  2025 ", "top_k": 3, "filters": {"languages": ["en"]}}
    explained = client.post(path, json={**body, "explain": True}).json()
    hits = explained["hits"] if path == "/search" else explained["citations"]
    assert hits
    for hit in hits:
        why = hit["explain"]
        assert why["query"] == "media forum 2025" == explained["search_query"]
        assert why["filters"]["languages"] == ["en"]
        assert hit["scores"] == {name: why[name] for name in ("dense", "sentence", "lexical")}
        assert why["rerank"] is None
        assert min(why["cosine_rank"], why["dense_rank"], why["lexical_rank"], why["first_stage_rank"]) >= 1
        assert hit["score"] == why["first_stage"]
        assert set(why["matched_terms"]) <= {"media", "forum", "2025"}
    assert any(hit["explain"]["matched_terms"] for hit in hits)
    plain = client.post(path, json=body).json()
    for hit in plain["hits"] if path == "/search" else plain["citations"]:
        assert hit["explain"] is None


def test_copies_and_corroborating_hits_are_places(tmp_path: Path) -> None:
    speech = "In 2024 trade between China and the five countries of Central Asia reached 94.8 billion US dollars. "
    service = open_service(Settings(data_dir=tmp_path, min_confidence=0), HashingEncoder())
    for name, text in (("a.txt", speech), ("b.txt", speech + "\n"), ("c.txt", "Culture and sport in Astana.")):
        service.add(RawFile(name, text.encode(), {"source": f"Source of {name}"}))
    with TestClient(create_app(service, Settings(data_dir=tmp_path)), base_url="http://127.0.0.1") as client:
        hits = client.post("/search", json={"question": "trade in 2024"}).json()["hits"]
        assert [hit["file_name"] for hit in hits] == ["a.txt", "c.txt"]
        (copy,) = hits[0]["copies"]
        assert (copy["file_name"], copy["source"], copy["language"]) == ("b.txt", "Source of b.txt", "en")
        text = client.get(f"/documents/{copy['document_id']}").json()["text"]
        assert text[copy["start_char_index"] : copy["end_char_index"]] == hits[0]["text"]
        assert [hit["corroborating"] for hit in hits] == [[], []]
    service.close()


def test_search_returns_the_ranking(client: TestClient) -> None:
    hits = client.post("/search", json={"question": "media forum", "top_k": 50}).json()["hits"]
    assert len(hits) == 50
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"question": ""}, "question"),
        ({"question": " \n\t "}, "question"),
        ({"question": "x" * 2001}, "question"),
        ({"question": "a\0b"}, "question"),
        ({"question": 5}, "question"),
        ({"question": None}, "question"),
        ({}, "question"),
        ({"question": "a", "top_k": 0}, "top_k"),
        ({"question": "a", "top_k": 51}, "top_k"),
        ({"question": "a", "top_k": "5"}, "top_k"),
        ({"question": "a", "top_k": True}, "top_k"),
        ({"question": "a", "top_k": 1.5}, "top_k"),
        ({"question": "a", "surprise": 1}, "surprise"),
        ({"question": "a", "filters": {"surprise": 1}}, "filters.surprise"),
        ({"question": "a", "filters": []}, "filters"),
        ({"question": "a", "filters": {"languages": "en"}}, "filters.languages"),
        ({"question": "a", "filters": {"languages": ["en"] * 101}}, "filters.languages"),
        ({"question": "a", "filters": {"languages": ["en", 5]}}, "filters.languages.1"),
        ({"question": "a", "filters": {"languages": ["en", "english"]}}, "filters.languages.1"),
        ({"question": "a", "filters": {"languages": ["zh_CN"]}}, "filters.languages.0"),
        ({"question": "a", "filters": {"languages": ["en-"]}}, "filters.languages.0"),
        ({"question": "a", "filters": {"languages": ["en\n"]}}, "filters.languages.0"),
        ({"question": "a", "filters": {"languages": [""]}}, "filters.languages.0"),
        ({"question": "a", "filters": {"document_ids": ["seeds"]}}, "filters.document_ids.0"),
        ({"question": "a", "filters": {"document_ids": ["0" * 33]}}, "filters.document_ids.0"),
        ({"question": "a", "filters": {"document_ids": ["0" * 32] * 101}}, "filters.document_ids"),
        ({"question": "a", "filters": {"sources": [" \t"]}}, "filters.sources.0"),
        ({"question": "a", "filters": {"sources": ["a\0"]}}, "filters.sources.0"),
        ({"question": "a", "filters": {"sources": ["a"] * 101}}, "filters.sources"),
        ({"question": "a", "filters": {"date_from": "2025-02-30"}}, "filters.date_from"),
        ({"question": "a", "filters": {"date_from": "2025-6-1"}}, "filters.date_from"),
        ({"question": "a", "filters": {"date_from": 2025}}, "filters.date_from"),
        ({"question": "a", "filters": {"date_to": "2025-13"}}, "filters.date_to"),
        ({"question": "a", "filters": {"date_to": "٢٠٢٥"}}, "filters.date_to"),
        ({"question": "a", "filters": {"date_to": ""}}, "filters.date_to"),
        ({"question": "a", "filters": {"date_from": "2025-06-14", "date_to": "2025-06-13"}}, "filters.date_to"),
        ({"question": "a", "filters": {"date_from": "2025-07", "date_to": "2025-06-30"}}, "filters.date_to"),
        ({"question": "a", "filters": {"include_undated": 1}}, "filters.include_undated"),
    ],
)
@pytest.mark.parametrize("path", ["/ask", "/search"])
def test_a_wrong_field_is_named(client: TestClient, path: str, body: dict[str, object], field: str) -> None:
    status, code, detail = error_of(client.post(path, json=body))
    assert (status, code) == (422, "invalid_request")
    assert detail.startswith(f"{field}: ")


@pytest.mark.parametrize("content", [rb'{"question": "\ud800"}', rb'{"question": "a\udfff"}', rb'{"\ud800": 1}'])
def test_half_a_surrogate_pair_is_refused(client: TestClient, content: bytes) -> None:
    response = client.post("/ask", content=content, headers={"Content-Type": "application/json"})
    assert error_of(response)[:2] == (422, "invalid_request")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"question"', b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(client: TestClient, content: bytes) -> None:
    response = client.post("/ask", content=content, headers={"Content-Type": "application/json"})
    assert error_of(response)[:2] == (422, "invalid_request")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"stream": True}, "stream"),
    ],
)
def test_what_is_not_built_yet_is_refused_as_such(client: TestClient, body: dict[str, object], field: str) -> None:
    status, code, detail = error_of(client.post("/ask", json={"question": "a", **body}))
    assert (status, code) == (422, "not_supported")
    assert detail.startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("history", "problem"),
    [
        ("hello", "history: "),
        ({"role": "user", "content": "hello"}, "history: "),
        (None, "history: "),
        (["hello"], "history.0: "),
        ([{"role": "user"}], "history.0.content: Field required"),
        ([{"content": "hello"}], "history.0.role: Field required"),
        ([{"role": "system", "content": "hello"}], "history.0.role: Input should be 'user' or 'assistant'"),
        ([{"role": "user", "content": 7}], "history.0.content: "),
        ([{"role": "user", "content": "hello", "name": "x"}], "history.0.name: "),
        ([{"role": "user", "content": None}], "history.0: content is null; only an assistant's"),
        ([{"role": "user", "content": "a\0b"}], "history.0.content: holds a NUL"),
        ([{"role": "user", "content": "x" * (MAX_TURN + 1)}], "history.0.content: String should have at most 20000"),
        ([{"role": "user", "content": "x"}] * (MAX_TURNS + 1), "history: List should have at most 50 items"),
    ],
)
def test_a_history_that_is_none_is_refused_by_its_field(client: TestClient, history: object, problem: str) -> None:
    status, code, detail = error_of(client.post("/ask", json={"question": "why?", "history": history}))
    assert (status, code) == (422, "invalid_request")
    assert detail.startswith(problem)


def test_a_follow_up_is_answered_from_its_history(client: TestClient) -> None:
    history = [
        {"role": "user", "content": "How many Institutes of Confucius are there in Kazakhstan?"},
        {"role": "assistant", "content": "In Kazakhstan there are four Institutes of Confucius [1]"},
    ]
    answer = client.post("/ask", json={"question": "why?", "history": history, "explain": True}).json()
    assert answer["question"] == "why?"
    assert answer["search_query"] == "Institutes of Confucius are there in Kazakhstan why?"
    assert answer["language"] == "en"
    assert answer["citations"]
    assert all(citation["explain"]["query"] == answer["search_query"] for citation in answer["citations"])
    refused = [history[0], {"role": "assistant", "content": None}]  # the answer of a refusal, as it came
    answer = client.post("/ask", json={"question": "why?", "history": refused}).json()
    assert answer["search_query"] == "Institutes of Confucius are there in Kazakhstan why?"
    longest = [{"role": "user", "content": "слово " * (MAX_TURN // 6)}] * 5
    assert client.post("/ask", json={"question": "why?", "history": longest}).status_code == 200


def test_a_complete_question_is_answered_as_without_history(client: TestClient) -> None:
    question = "Which center was opened at Shanghai University of Foreign Languages?"
    history = [{"role": "user", "content": "How large was the trade in 2024?"}]
    with_history, without = (
        client.post("/ask", json={"question": question, "history": each}).json() for each in (history, [])
    )
    for answer in (with_history, without):
        del answer["id"], answer["timings_ms"]
    assert with_history == without


def test_search_takes_no_history(client: TestClient) -> None:
    status, _, detail = error_of(client.post("/search", json={"question": "why?", "history": []}))
    assert (status, detail.partition(":")[0]) == (422, "history")


def test_empty_forms_of_what_is_not_built_yet_are_taken(client: TestClient) -> None:
    body = {"question": "a", "stream": False, "history": []}
    assert client.post("/ask", json=body).status_code == 200


def found(client: TestClient, **filters: object) -> list[dict[str, object]]:
    """The hits of a search, which /ask looks at as well."""
    body = {"question": "media forum", "top_k": 50, "filters": filters}
    answer = client.post("/ask", json=body)
    assert answer.status_code == 200
    hits = client.post("/search", json=body).json()["hits"]
    assert {hit["document_id"] for hit in answer.json()["citations"]} <= {hit["document_id"] for hit in hits}
    assert answer.json()["answerable"] == bool(hits)
    return hits


@pytest.mark.parametrize(
    ("filters", "field", "values"),
    [
        ({"languages": ["ZH"]}, "language", {"zh"}),
        ({"languages": ["en", "fr"]}, "language", {"en"}),
        ({"sources": ["  kazinform NEWS\u00a0agency "]}, "source", {"Kazinform News Agency"}),
        ({"sources": ["china daily", "Kazinform"]}, "source", {"China Daily", "Kazinform"}),
        ({"date_from": "2025-06"}, "date", {"2025-06-14", "2025"}),
        ({"date_from": "2016", "date_to": "2024-12-31"}, "date", {"2016-10-24"}),
        ({"date_from": "2025", "date_to": "2025", "sources": ["China Daily"]}, "date", {"2025-06-14"}),
        ({"document_ids": ["3dd684efc7d487530fed1469bf34a889"]}, "date", {"2025-05-29"}),
        ({"document_ids": ["3dd684efc7d487530fed1469bf34a889"], "languages": ["zh"]}, "date", set()),
        ({"document_ids": [UNKNOWN]}, "date", set()),
        ({"languages": ["fr", "zh-Hant"]}, "language", set()),
        ({"date_to": "1999"}, "date", set()),
    ],
)
def test_only_what_the_filters_let_through_is_found(
    client: TestClient, filters: dict[str, object], field: str, values: set[str]
) -> None:
    assert {hit[field] for hit in found(client, **filters)} == values


def test_empty_filters_restrict_nothing(client: TestClient) -> None:
    empty = {"languages": [], "document_ids": None, "sources": [], "date_from": None, "date_to": None}
    assert found(client, **empty) == found(client, include_undated=True) == found(client)
    assert client.post("/search", json={"question": "media forum", "top_k": 50}).json()["hits"] == found(client)


def test_a_document_without_a_date_is_found_when_told_to(client: TestClient) -> None:
    receipt = client.post("/documents", files={"file": ("undated.txt", b"The media forum has no date.")}).json()
    assert receipt["date"] is None
    for include_undated in (False, True):
        hits = found(client, date_from="2025-06-01", include_undated=include_undated)
        assert (receipt["document_id"] in {hit["document_id"] for hit in hits}) == include_undated
    client.delete(f"/documents/{receipt['document_id']}")


def test_a_wrong_filter_is_told_what_to_write(client: TestClient) -> None:
    for filters, told in (
        ({"languages": ["english"]}, "write it as in en, zh"),
        ({"document_ids": ["1"]}, "the list of documents shows them"),
        ({"date_to": "today"}, "write YYYY, YYYY-MM or YYYY-MM-DD"),
        ({"date_from": "2026", "date_to": "2025"}, "swap the two"),
        ({"sources": ["a"] * 101}, "at most 100"),
    ):
        assert told in error_of(client.post("/ask", json={"question": "a", "filters": filters}))[2]


def test_a_body_over_a_megabyte_is_refused_with_the_limit_and_the_way_out(client: TestClient) -> None:
    body = b'{"question": "' + b"x" * 1_000_000 + b'"}'
    json = {"Content-Type": "application/json"}
    for content in (body, (body[i : i + 10_000] for i in range(0, len(body), 10_000))):
        status, code, detail = error_of(client.post("/ask", content=content, headers=json))
        assert (status, code) == (413, "too_large")
        assert detail.startswith("body: larger than 1,000,000 bytes; send less at once, of a history the newest turns")


def test_an_upload_over_the_setting_is_too_large(client: TestClient) -> None:
    response = client.post("/documents", files={"file": ("large.txt", b"a " * 1_500_000)})
    assert error_of(response)[:2] == (413, "too_large")


def test_an_upload_is_added_once_listed_searched_and_deleted(client: TestClient) -> None:
    file = ("../../etc/Қазақ.txt", b"The zebrafish laboratory opened in Almaty.")
    before = client.get("/documents").json()["total"]
    first = client.post("/documents", files={"file": file}, data={"metadata": '{"source": "Press", "date": "2024-05"}'})
    assert first.status_code == 201
    receipt = first.json()
    assert (receipt["status"], receipt["file_name"], receipt["source"]) == ("added", "Қазақ.txt", "Press")
    again = client.post("/documents", files={"file": file})
    assert (again.status_code, again.json()["status"]) == (200, "unchanged")
    assert client.get("/documents").json()["total"] == before + 1
    hit = client.post("/search", json={"question": "zebrafish laboratory"}).json()["hits"][0]
    assert hit["document_id"] == receipt["document_id"]
    assert client.delete(f"/documents/{receipt['document_id']}").status_code == 204
    assert error_of(client.delete(f"/documents/{receipt['document_id']}"))[0] == 404
    hits = client.post("/search", json={"question": "zebrafish laboratory", "top_k": 50}).json()["hits"]
    assert receipt["document_id"] not in {hit["document_id"] for hit in hits}


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"\xff\xfe\x00", "no words"), (b"a\0b", "NUL"), (b" \n ", "no words")]
)
def test_a_file_that_is_no_text_is_refused(client: TestClient, content: bytes, reason: str) -> None:
    status, code, detail = error_of(client.post("/documents", files={"file": ("bad.bin", content)}))
    assert (status, code) == (422, "bad_file")
    assert detail.startswith("bad.bin: ")
    assert reason in detail


@pytest.mark.parametrize(
    "metadata", ["{", "[]", '{"colour": "red"}', '{"title": 5}', '{"date": "soon"}', '{"url": "javascript:x"}']
)
def test_wrong_metadata_is_refused(client: TestClient, metadata: str) -> None:
    response = client.post("/documents", files={"file": ("a.txt", b"Some words.")}, data={"metadata": metadata})
    assert error_of(response)[0] == 422


def test_what_is_quarantined_is_listed_and_can_be_restored(client: TestClient) -> None:
    spam = next(d for d in client.get("/documents").json()["documents"] if d["file_name"].startswith("003"))
    path = f"/documents/{spam['document_id']}"
    detail = client.get(path).json()
    entry = next(entry for entry in detail["quarantined"] if entry["kind"] == "boilerplate")
    start = entry["start_char_index"]
    restored = client.post(f"{path}/restore", json={"start_char_index": start}).json()
    kept = [{**each, "state": "kept", "by": "operator"} if each is entry else each for each in detail["quarantined"]]
    listed = [{key: value for key, value in each.items() if key != "preview"} for each in restored["quarantined"]]
    assert listed == [{key: value for key, value in each.items() if key != "preview"} for each in kept]
    assert all(each["preview"] for each in restored["quarantined"])
    assert any(span["start_char_index"] == start for span in client.get(path).json()["passages"])
    assert error_of(client.post(f"{path}/restore", json={"start_char_index": start}))[0] == 404


def test_an_operator_keeps_a_stretch_out(client: TestClient) -> None:
    added = client.post("/documents", files={"file": ("a.txt", b"The caravan left Kashgar. The forum opened.")}).json()
    path = f"/documents/{added['document_id']}"
    body = {"start_char_index": 0, "end_char_index": 25, "kind": "spam"}
    receipt = client.post(f"{path}/quarantine", json=body).json()
    entry = {**body, "reason": "by the operator", "state": "quarantined", "by": "operator"}
    assert (receipt["status"], receipt["passages"]) == ("quarantined", 1)
    assert [{**each, "preview": None} for each in receipt["quarantined"]] == [{**entry, "preview": None}]
    assert receipt["quarantined"][0]["preview"] == "The caravan left Kashgar."
    assert [{**each, "preview": None} for each in client.get(path).json()["quarantined"]] == [
        {**entry, "preview": None}
    ]
    assert error_of(client.post(f"{path}/quarantine", json={**body, "end_char_index": 0}))[0] == 422
    assert error_of(client.post(f"{path}/quarantine", json={**body, "end_char_index": 99}))[0] == 422
    assert error_of(client.post(f"{path}/quarantine", json={**body, "kind": "dull"}))[0] == 422
    assert error_of(client.post(f"/documents/{UNKNOWN}/quarantine", json=body))[0] == 404


def test_a_document_that_waits_is_listed_and_can_be_accepted(client: TestClient) -> None:
    spam = "|".join(f"免费在线观看无码影院{a}字幕{b}" for a in "一二三四五" for b in "甲乙丙丁")
    added = client.post("/documents", files={"file": ("spam.txt", f"{spam}\n论坛开幕了。".encode())}).json()
    listed = {each["document_id"]: each["status"] for each in client.get("/documents").json()["documents"]}
    assert (added["status"], listed[added["document_id"]]) == ("waiting", "waiting")
    again = client.post("/documents", files={"file": ("spam.txt", f"{spam}\n论坛开幕了。".encode())}).json()
    assert (again["status"], again["document_id"]) == ("waiting", added["document_id"])
    accepted = client.post(f"/documents/{added['document_id']}/accept").json()
    assert (accepted["status"], accepted["passages"]) == ("accepted", 1)
    assert error_of(client.post(f"/documents/{added['document_id']}/accept"))[0] == 422


@pytest.mark.parametrize("path", ["/nothing", "/documents/" + UNKNOWN, "/source/" + UNKNOWN])
def test_what_is_not_there_is_404(client: TestClient, path: str) -> None:
    assert error_of(client.get(path))[:2] == (404, "not_found")


@pytest.mark.parametrize("path", ["/documents/zz", "/documents/zz/receipt", "/source/" + "0" * 33])
def test_what_is_no_id_is_refused_in_words(client: TestClient, path: str) -> None:
    status, _, detail = error_of(client.get(path))
    assert (status, detail.partition(", ")[0]) == (422, "document_id: is not a document's id")


@pytest.mark.parametrize("query", ["page=0", "page_size=0", "page_size=501", "page=x"])
def test_a_wrong_page_is_named(client: TestClient, query: str) -> None:
    assert error_of(client.get(f"/documents?{query}"))[0] == 422


def test_the_source_page_highlights_by_code_points(client: TestClient) -> None:
    citation = client.post("/ask", json={"question": "媒体"}).json()["citations"][0]
    query = f"start={citation['quote_start_char_index']}&end={citation['quote_end_char_index']}"
    page = client.get(f"/source/{citation['document_id']}?{query}")
    assert page.headers["content-type"].startswith("text/html")
    assert '<mark id="quote"' in page.text
    for wrong in ("start=5", "start=9&end=3", "start=0&end=99999999", "start=-1&end=2"):
        assert error_of(client.get(f"/source/{citation['document_id']}?{wrong}"))[0] == 422


def test_health(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert ready["documents"] >= 4
    assert (ready["neutralizer"], ready["reranker"]) == ("corpus means only", "off")


def test_the_api_description_needs_no_other_host(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "https://" not in page.text
    schema = client.get("/openapi.json").json()
    asked = schema["components"]["schemas"]["AskIn"]
    assert asked["examples"]
    assert "1,000,000 bytes" in asked["properties"]["history"]["description"]
    filters = schema["components"]["schemas"]["FiltersIn"]
    assert filters["examples"]
    assert all("description" in field for field in filters["properties"].values())
    assert {"/ask", "/search", "/documents", "/documents/{document_id}", "/livez", "/readyz"} <= set(schema["paths"])


def test_every_response_carries_the_policy(client: TestClient) -> None:
    for path in ("/", "/docs", "/livez", "/nothing"):
        assert "default-src 'self'" in client.get(path).headers["content-security-policy"]


def test_foreign_hosts_and_pages_are_refused(client: TestClient) -> None:
    assert error_of(client.get("/livez", headers={"Host": "evil.example"}))[0] == 403
    foreign = {"Origin": "http://evil.example"}
    assert error_of(client.post("/ask", json={"question": "a"}, headers=foreign))[0] == 403
    own = {"Origin": "http://127.0.0.1"}
    assert client.post("/ask", json={"question": "a"}, headers=own).status_code == 200


def test_the_chats_upload_route_is_closed(client: TestClient) -> None:
    response = client.post("/gradio_api/upload", files={"files": ("a.txt", b"a")})
    assert error_of(response)[0] == 403


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/ask", "POST"),
        ("DELETE", "/documents", "GET, HEAD, POST"),
        ("PUT", "/livez", "GET, HEAD"),
        ("OPTIONS", "/ask", "POST"),
    ],
)
def test_another_method_is_405_and_names_the_right_ones(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    response = client.request(method, path)
    assert error_of(response)[:2] == (405, "method_not_allowed")
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/livez", "/documents", "/documents/none", "/audit"])
def test_head_is_answered_as_get_is(client: TestClient, path: str) -> None:
    head, got = client.head(path), client.get(path)
    assert (head.status_code, head.headers["content-type"]) == (got.status_code, got.headers["content-type"])
    assert head.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize(
    ("path", "detail"),
    [("/jobs/1", "GET /jobs shows them"), ("/exports/1/record", "it stands in the answer")],
)
def test_an_id_that_is_none_is_told_how_one_looks(client: TestClient, path: str, detail: str) -> None:
    assert error_of(client.get(path))[0] == 422
    assert client.get(path).json()["detail"].endswith(detail)


@pytest.mark.parametrize("origin", ["http://[", "null", "http://127.0.0.1@evil.example", "http://127.0.0.1:1"])
def test_an_origin_that_is_not_this_one_is_refused(client: TestClient, origin: str) -> None:
    assert error_of(client.post("/ask", json={"question": "a"}, headers={"Origin": origin}))[0] == 403


@pytest.mark.parametrize("question", ["?", "😀", "...", "\u200b"])
def test_a_question_without_a_word_is_not_answered(client: TestClient, question: str) -> None:
    answer = client.post("/ask", json={"question": question}).json()
    assert answer["confidence"] == 0
    assert client.post("/search", json={"question": question}).status_code == 200


def test_confidence_does_not_depend_on_top_k(client: TestClient) -> None:
    answers = [client.post("/ask", json={"question": "media forum", "top_k": k}).json() for k in (1, 5, 50)]
    assert len({answer["confidence"] for answer in answers}) == 1

"""Uploads over HTTP: several files, jobs, receipts and originals, bad input."""

import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient

from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.config import Settings
from qa_service.web.app import create_app
from qa_service.web.uploads_api import MAX_WAITED_FOR
from tests.qa_service.ingest.extract.made_files import zipped

UNKNOWN = "0" * 32
HOSTILE_NAMES = [
    *("../../escaped.txt", "..\\escaped.txt", "/etc/escaped.txt", "a\0b.txt", "gpj.\u202etxt", "🦓.txt", "CON", "."),
    *("ж" * 2_500, "<img src=x onerror=alert(1)>.txt", 'a"; filename="b.txt', "a\r\nX-Injected: 1.txt"),
]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outer") / "data"


@pytest.fixture(scope="module")
def client(data_dir: Path) -> Iterator[TestClient]:
    settings = Settings(data_dir=data_dir, max_upload_mb=1, min_confidence=0)
    service = open_service(settings, HashingEncoder())
    with TestClient(
        create_app(service, settings), base_url="http://127.0.0.1", raise_server_exceptions=False
    ) as client:
        yield client
    service.close()


def sent(*files: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", file) for file in files]


def total(client: TestClient) -> int:
    return client.get("/documents").json()["total"]


def finished(client: TestClient, job_id: str) -> dict[str, object]:
    deadline = time.monotonic() + 20
    while (job := client.get(f"/jobs/{job_id}").json())["finished_at"] is None:
        assert time.monotonic() < deadline, job
        time.sleep(0.02)
    return job


def staged(data_dir: Path) -> list[Path]:
    return list((data_dir / "uploads").iterdir())


def test_several_files_give_receipts_and_failures(client: TestClient, data_dir: Path) -> None:
    files = sent(("one.txt", b"The first zebra."), ("empty.txt", b""), ("two.txt", b"The second zebra."))
    response = client.post("/documents", files=files)
    assert response.status_code == 201
    body = response.json()
    assert [(each["file_name"], each["status"]) for each in body["receipts"]] == [
        ("one.txt", "added"),
        ("two.txt", "added"),
    ]
    (failure,) = body["failures"]
    assert (failure["file_name"], failure["error_code"]) == ("empty.txt", "bad_file")
    again = client.post("/documents", files=files)
    assert again.status_code == 200
    assert {each["status"] for each in again.json()["receipts"]} == {"unchanged"}
    assert staged(data_dir) == []


def test_nothing_taken_in_is_an_error_that_names_each_file(client: TestClient) -> None:
    response = client.post("/documents", files=sent(("a.txt", b""), ("b.txt", b"\0")))
    body = response.json()
    assert (response.status_code, body["error_code"], body["receipts"]) == (422, "bad_file", [])
    assert "none of the 2 files" in body["detail"]
    assert [failure["file_name"] for failure in body["failures"]] == ["a.txt", "b.txt"]
    large = client.post("/documents", files=sent(("a.txt", b"a " * 600_000), ("b.txt", b"b " * 600_000)))
    assert (large.status_code, large.json()["error_code"]) == (413, "too_large")


def test_a_file_over_the_setting_does_not_cost_the_others(client: TestClient, data_dir: Path) -> None:
    response = client.post("/documents", files=sent(("large.txt", b"a " * 600_000), ("small.txt", b"A small giraffe.")))
    assert response.status_code == 201
    assert [each["file_name"] for each in response.json()["receipts"]] == ["small.txt"]
    (failure,) = response.json()["failures"]
    assert failure == {
        "file_name": "large.txt",
        "error_code": "too_large",
        "detail": "large.txt: larger than 1 MB (QA_MAX_UPLOAD_MB)",
    }
    alone = client.post("/documents", files=sent(("large.txt", b"a " * 600_000)))
    assert alone.status_code == 413
    assert alone.json() == {"error_code": "too_large", "detail": failure["detail"]}
    assert staged(data_dir) == []


def test_metadata_of_several_files_goes_by_name(client: TestClient) -> None:
    given = {"one.txt": {"title": "One okapi"}, "../two.txt": {"date": "2024-05"}}
    files = sent(("one.txt", b"The first okapi."), ("../two.txt", b"The second okapi."), ("3.txt", b"The third okapi."))
    body = client.post("/documents", files=files, data={"metadata": json.dumps(given)}).json()
    one, two, three = body["receipts"]
    assert one["title"] == "One okapi"
    assert (two["file_name"], two["date"]) == ("two.txt", "2024-05")
    assert three["date"] is None


def test_a_sidecar_that_is_sent_beside_its_file_is_no_document(client: TestClient) -> None:
    files = sent(("a.txt", b"A text."), ("a.txt.meta.json", b'{"title": "A"}'))
    body = client.post("/documents", files=files).json()
    assert [each["file_name"] for each in body["receipts"]] == ["a.txt"]
    assert [each["file_name"] for each in body["failures"]] == ["a.txt.meta.json"]
    assert "the field metadata" in body["failures"][0]["detail"]


@pytest.mark.parametrize("origins", ["[]", '{"title": "hearsay"}', '{"colour": "given"}', "{"])
def test_where_metadata_stood_is_checked(client: TestClient, origins: str) -> None:
    response = client.post("/documents", files={"file": ("a.txt", b"A text.")}, data={"metadata_origins": origins})
    assert response.status_code == 422
    assert response.json()["detail"].startswith("metadata_origins")


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ("{", "metadata: must be a JSON object"),
        ("[]", "metadata: with several files"),
        ('{"title": "flat"}', "metadata: with several files"),
        ('{"c.txt": {}}', "metadata: no file of this request is called 'c.txt'"),
        ('{"a.txt": {"colour": "red"}}', "metadata.a.txt: colour"),
        ('{"a.txt": {"title": 5}}', "metadata.a.txt: title"),
        ('{"a.txt": {"title": "\\ud800"}}', "metadata.a.txt: "),
        ("[" * 100_000, "metadata: must be a JSON object"),
    ],
)
def test_wrong_metadata_of_several_files_is_named(client: TestClient, metadata: str, problem: str) -> None:
    before = total(client)
    files = sent(("a.txt", b"A lynx."), ("b.txt", b"Another lynx."))
    response = client.post("/documents", files=files, data={"metadata": metadata})
    assert response.status_code == 422
    assert response.json()["detail"].startswith(problem)
    assert total(client) == before


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"replace": "perhaps"}, "replace: must be true or false"),
        ({"path": "x" * 4_097}, "path: longer than 4,096 characters"),
        ({"path": "a\0b"}, "path: holds a NUL"),
        ({"colour": "red"}, "'colour': is not a field"),
    ],
)
def test_a_wrong_field_is_named(client: TestClient, form: dict[str, str], problem: str) -> None:
    response = client.post("/documents", files=sent(("a.txt", b"A lynx.")), data=form)
    assert (response.status_code, response.json()["error_code"]) == (422, "invalid_request")
    assert response.json()["detail"].startswith(problem)


def test_a_body_that_is_no_form_is_refused(client: TestClient, data_dir: Path) -> None:
    boundary = {"Content-Type": "multipart/form-data; boundary=x"}
    for content, headers in (
        (b"", {}),
        (b"{}", {"Content-Type": "application/json"}),
        (b"{}", boundary),
        (b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\ncut", boundary),
    ):
        response = client.post("/documents", content=content, headers=headers)
        assert (response.status_code, response.json()["error_code"]) == (422, "invalid_request")
    chunks = iter([b'--x\r\nContent-Disposition: form-data; name="file"; filename="chunked.txt"\r\n\r\n', b"A puma."])
    whole = client.post("/documents", content=(*chunks, b"\r\n--x--\r\n"), headers=boundary)
    assert (whole.status_code, whole.json()["file_name"]) == (201, "chunked.txt")
    assert staged(data_dir) == []


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_writes_nothing_outside(client: TestClient, data_dir: Path, name: str) -> None:
    content = f"A hyena called {HOSTILE_NAMES.index(name)}.".encode()
    escaped = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="' + escaped.encode() + b'"\r\n\r\n' + content
    response = client.post(
        "/documents", content=body + b"\r\n--x--\r\n", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert response.status_code == 201
    receipt = response.json()
    assert receipt["file_name"].isprintable()
    assert "/" not in receipt["file_name"]
    assert len(receipt["file_name"]) <= 200
    original = client.get(f"/documents/{receipt['document_id']}/original")
    assert original.content == content
    disposition = original.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="')
    assert unquote(disposition.partition("filename*=UTF-8''")[2]) == receipt["file_name"]
    assert "x-injected" not in original.headers
    assert [path.name for path in data_dir.parent.iterdir()] == ["data"]


def test_an_original_is_a_download_byte_for_byte(client: TestClient) -> None:
    content = "Ночной зоопарк.".encode() + b"\n" * 600_000 + b"The last byte.\r\n"
    receipt = client.post("/documents", files=sent(("большой.html", content))).json()
    response = client.get(f"/documents/{receipt['document_id']}/original")
    assert response.content == content
    assert hashlib.sha256(response.content).hexdigest().startswith(receipt["document_id"])
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-length"] == str(len(content))


def test_a_receipt_can_be_fetched_again(client: TestClient) -> None:
    text = "Home / News\nShare\nThe aardvark walks at night.\nIt eats ants and termites in the savanna.\n"
    receipt = client.post("/documents", files=sent(("aardvark.txt", text.encode()))).json()
    assert client.get(f"/documents/{receipt['document_id']}/receipt").json() == receipt
    assert receipt["quarantined"]
    for entry in receipt["quarantined"]:
        stretch = text[entry["start_char_index"] : entry["end_char_index"]]
        assert entry["preview"] == " ".join(stretch.split())


@pytest.mark.parametrize("path", ["receipt", "original"])
def test_what_belongs_to_no_document_is_404(client: TestClient, path: str) -> None:
    response = client.get(f"/documents/{UNKNOWN}/{path}")
    assert (response.status_code, response.json()["error_code"]) == (404, "not_found")


def test_twenty_uploads_of_the_same_bytes_are_one_document(client: TestClient, data_dir: Path) -> None:
    before, files = total(client), sent(("wolverine.txt", b"The wolverine is a large weasel. " * 50))
    with ThreadPoolExecutor(20) as pool:
        responses = list(pool.map(lambda _: client.post("/documents", files=files), range(20)))
    statuses = [response.json()["status"] for response in responses]
    assert sorted(statuses) == ["added", *["unchanged"] * 19]
    assert sorted(response.status_code for response in responses) == [200] * 19 + [201]
    assert len({response.json()["document_id"] for response in responses}) == 1
    assert total(client) == before + 1
    assert staged(data_dir) == []


def test_an_archive_that_grows_large_becomes_a_job(client: TestClient) -> None:
    text = b"The wolverine is a large weasel.\n" * 25_000
    small, large = (zipped({f"{number}.txt": text for number in range(count)}) for count in (2, 30))
    assert len(large) < 1_000_000
    assert client.post("/documents", files=sent(("small.zip", small))).status_code == 201
    accepted = client.post("/documents", files=sent(("large.zip", large)))
    assert accepted.status_code == 202
    assert finished(client, accepted.json()["job_id"])["state"] == "done"
    assert client.post("/documents?expand=false", files=sent(("large.zip", large))).status_code == 422


def test_an_archive_of_many_files_becomes_a_job_however_small_they_are(client: TestClient) -> None:
    members = {f"{number}.txt": f"Seal number {number} dives." for number in range(MAX_WAITED_FOR + 1)}
    accepted = client.post("/documents", files=sent(("seals.zip", zipped(members))))
    assert accepted.status_code == 202
    job = finished(client, accepted.json()["job_id"])
    assert [each["file_name"] for each in job["receipts"]] == [f"seals.zip/{name}" for name in members]
    del members["0.txt"]
    assert client.post("/documents", files=sent(("fewer.zip", zipped(members)))).status_code in {200, 201}


def test_a_large_batch_becomes_a_job(client: TestClient, data_dir: Path) -> None:
    files = [(f"{number}.txt", f"Penguin number {number} swims.".encode()) for number in range(MAX_WAITED_FOR)]
    response = client.post("/documents", files=sent(*files, ("bad.bin", b"\0\0")))
    assert response.status_code == 202
    accepted = response.json()
    assert response.headers["location"] == f"/jobs/{accepted['job_id']}"
    job = finished(client, accepted["job_id"])
    assert (job["state"], job["total"], job["done"], job["failed"]) == ("done", 21, 21, 1)
    assert [each["file_name"] for each in job["receipts"]] == [name for name, _ in files]
    assert {each["status"] for each in job["receipts"]} == {"added"}
    assert [each["file_name"] for each in job["failures"]] == ["bad.bin"]
    assert job["rate_per_s"] > 0
    assert job["remaining_s"] == 0
    assert client.get(f"/jobs/{job['job_id']}?after={job['next_after']}").json()["receipts"] == []
    assert job["job_id"] in {each["job_id"] for each in client.get("/jobs").json()["jobs"]}
    assert staged(data_dir) == []


def test_who_wants_to_wait_waits_and_who_does_not_need_not(client: TestClient) -> None:
    files = [(f"{number}.txt", f"Walrus number {number} sleeps.".encode()) for number in range(MAX_WAITED_FOR + 1)]
    waited = client.post("/documents?background=false", files=sent(*files))
    assert (waited.status_code, len(waited.json()["receipts"])) == (201, MAX_WAITED_FOR + 1)
    accepted = client.post("/documents?background=true", files=sent(("one.txt", b"One narwhal.")))
    assert accepted.status_code == 202
    job = finished(client, accepted.json()["job_id"])
    assert [each["status"] for each in job["receipts"]] == ["added"]
    assert finished(client, client.post("/documents?background=true", files=sent(("0", b"\0"))).json()["job_id"])[
        "state"
    ] == ("failed")


def test_a_deleted_document_leaves_the_receipts_of_its_job(client: TestClient) -> None:
    accepted = client.post("/documents?background=true", files=sent(("gone.txt", b"The quagga is gone."))).json()
    (receipt,) = finished(client, accepted["job_id"])["receipts"]
    assert client.delete(f"/documents/{receipt['document_id']}").status_code == 204
    job = client.get(f"/jobs/{accepted['job_id']}").json()
    assert (job["state"], job["receipts"]) == ("done", [])
    assert "gone.txt" not in json.dumps(job)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_job_is_404(client: TestClient, method: str) -> None:
    response = client.request(method, f"/jobs/{UNKNOWN}")
    assert (response.status_code, response.json()["error_code"]) == (404, "not_found")
    assert client.request(method, "/jobs/x").status_code == 422


def test_the_description_of_the_api_shows_the_form(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/documents"]["post"]
    form = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {"file", "metadata", "metadata_origins", "replace", "path"}
    assert {"200", "201", "202", "413", "422"} <= set(operation["responses"])


def test_an_interrupted_upload_is_told_so_and_leaves_nothing(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    service = open_service(settings, HashingEncoder())
    with TestClient(create_app(service, settings), base_url="http://127.0.0.1") as client:
        service.interrupt()
        response = client.post("/documents", files=sent(("late.txt", b"It came too late.")))
        assert (response.status_code, response.json()["error_code"]) == (503, "stopping")
        assert total(client) == 0
        job = client.post("/documents?background=true", files=sent(("late.txt", b"It came too late.")))
        assert job.status_code == 202
    service.close()
    again = open_service(settings, HashingEncoder())
    with TestClient(create_app(again, settings), base_url="http://127.0.0.1") as client:
        again.jobs.resume()
        assert finished(client, job.json()["job_id"])["state"] == "done"
        assert total(client) == 1
    again.close()

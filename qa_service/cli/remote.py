"""The commands' calls carried out by the service that owns the data directory, over HTTP."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from urllib.parse import quote

import httpx

from qa_service.answering.export.formats import FormatName
from qa_service.errors import BadFile, BadInput, DataDirectoryInUse, NotFound, QAError
from qa_service.records import Filters, QuarantineKind, RawFile, Span
from qa_service.store.corrections import Corrections
from qa_service.store.lock import Holder
from qa_service.web.document_responses import (
    AuditOut,
    DescriptionOut,
    DocumentOut,
    DocumentsOut,
    LeftOut,
    ReceiptOut,
    ReindexOut,
)
from qa_service.web.record_file import RecordFile
from qa_service.web.requests import MAX_PATH
from qa_service.web.responses import AnswerOut, RecordCheckOut, SearchOut, VerifyOut

_PAGE_SIZE = 500
_TIMEOUT_S = 30
_STARTING_S = 15
_ERRORS: dict[str, type[QAError]] = {error.code: error for error in (BadFile, BadInput, NotFound)}
_ERRORS["too_large"] = BadFile


class RemoteSession:
    """Waits while the service starts. Raises DataDirectoryInUse, naming the process, when it does not answer."""

    def __init__(self, holder: Holder, url: str) -> None:
        self._holder, self._url = holder, url
        self._client = httpx.Client(base_url=url, timeout=httpx.Timeout(_TIMEOUT_S, read=None), trust_env=False)
        try:
            self._wait()
        except BaseException:
            self._client.close()
            raise

    def close(self) -> None:
        self._client.close()

    def add(self, file: RawFile) -> ReceiptOut:
        """Waits for it, whatever its size; archives were looked into here, where their files have a path."""
        form = {"metadata": json.dumps(dict(file.metadata))}
        if file.metadata_origins:
            form["metadata_origins"] = json.dumps(dict(file.metadata_origins))
        if file.path is not None and len(file.path) <= MAX_PATH:
            form["path"] = file.path
        if file.replaces is not None:
            form["replace"] = "true"
        files, how = {"file": (file.name, file.content)}, {"background": "false", "expand": "false"}
        response = self._call("POST", "/documents", files=files, data=form, params=how)
        return ReceiptOut.model_validate_json(response.content)

    def ask(self, question: str, top_k: int, filters: Filters, export: Sequence[FormatName] = ()) -> AnswerOut:
        body = {**_question_body(question, top_k, filters), **({"export": list(export)} if export else {})}
        response = self._call("POST", "/ask", json=body)
        return AnswerOut.model_validate_json(response.content)

    def search(self, question: str, top_k: int, filters: Filters) -> SearchOut:
        response = self._call("POST", "/search", json=_question_body(question, top_k, filters))
        return SearchOut.model_validate_json(response.content)

    def check_record(self, record: RecordFile) -> RecordCheckOut:
        response = self._call("POST", "/records/check", json=record.model_dump())
        return RecordCheckOut.model_validate_json(response.content)

    def verify(self, quote: str, document_id: str | None) -> VerifyOut:
        response = self._call("POST", "/verify", json={"quote": quote, "document_id": document_id})
        return VerifyOut.model_validate_json(response.content)

    def documents(self, path: str | None = None) -> Iterator[DocumentOut]:
        page, entries = 1, self._page(1, path)
        while entries:
            yield from entries
            page += 1
            entries = self._page(page, path)

    def receipt(self, document_id: str) -> ReceiptOut:
        response = self._call("GET", f"/documents/{_quoted(document_id)}/receipt")
        return ReceiptOut.model_validate_json(response.content)

    def audit(self) -> AuditOut:
        return AuditOut.model_validate_json(self._call("GET", "/audit").content)

    def delete(self, document_id: str, with_versions: bool, audit: bool) -> None:
        asked = {"with_versions": with_versions, "audit": audit}
        self._call("DELETE", f"/documents/{_quoted(document_id)}", params=asked)

    def leave(self, document_id: str, path: str) -> LeftOut:
        response = self._call("POST", f"/documents/{_quoted(document_id)}/leave", json={"path": path})
        return LeftOut.model_validate_json(response.content)

    def correct(self, document_id: str, changes: Corrections) -> DescriptionOut:
        response = self._call("PATCH", f"/documents/{_quoted(document_id)}", json=dict(changes))
        return DescriptionOut.model_validate_json(response.content)

    def restore(self, document_id: str, start: int) -> ReceiptOut:
        response = self._call("POST", f"/documents/{_quoted(document_id)}/restore", json={"start_char_index": start})
        return ReceiptOut.model_validate_json(response.content)

    def quarantine(self, document_id: str, span: Span, kind: QuarantineKind) -> ReceiptOut:
        body = {"start_char_index": span.start, "end_char_index": span.end, "kind": kind}
        response = self._call("POST", f"/documents/{_quoted(document_id)}/quarantine", json=body)
        return ReceiptOut.model_validate_json(response.content)

    def accept(self, document_id: str) -> ReceiptOut:
        response = self._call("POST", f"/documents/{_quoted(document_id)}/accept")
        return ReceiptOut.model_validate_json(response.content)

    def reindex(self, everything: bool) -> int:
        """A service does not start over an outdated index: there is nothing to do unless everything is asked for."""
        if not everything:
            return 0
        return ReindexOut.model_validate_json(self._call("POST", "/reindex").content).documents

    def _page(self, page: int, path: str | None) -> list[DocumentOut]:
        below = {} if path is None else {"path": path}
        response = self._call("GET", "/documents", params={"page": page, "page_size": _PAGE_SIZE, **below})
        return DocumentsOut.model_validate_json(response.content).documents

    def _call(self, method: str, path: str, **arguments: object) -> httpx.Response:
        try:
            response = self._client.request(method, path, **arguments)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            raise self._silent() from error
        if response.is_error:
            raise self._refusal(response)
        return response

    def _wait(self) -> None:
        deadline = time.monotonic() + _STARTING_S
        while True:
            try:
                self._client.get("/livez", timeout=5).raise_for_status()
                return
            except (httpx.ConnectError, httpx.ReadTimeout) as error:
                if time.monotonic() > deadline:
                    raise self._silent() from error
                time.sleep(0.3)
            except httpx.HTTPError as error:
                raise self._silent() from error

    def _silent(self) -> DataDirectoryInUse:
        return DataDirectoryInUse(
            f"the data directory is in use by process {self._holder.pid} ({self._holder.command}),"
            f" which does not answer at {self._url}; end it or wait for it"
        )

    @staticmethod
    def _refusal(response: httpx.Response) -> QAError:
        try:
            body = response.json()
            return _ERRORS.get(body["error_code"], QAError)(body["detail"])
        except (ValueError, KeyError, TypeError):
            return QAError(f"the service answered with status {response.status_code}")


def _question_body(question: str, top_k: int, filters: Filters) -> dict[str, object]:
    return {"question": question, "top_k": top_k, "filters": asdict(filters)}


def _quoted(document_id: str) -> str:
    """An id as one part of a path, whatever was typed."""
    return quote(document_id, safe="", errors="replace")

"""The HTTP API of the documents: what there is, what comes and what goes."""

from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from qa_service.errors import BadInput
from qa_service.records import DocumentStatus, Span
from qa_service.service import Service
from qa_service.web.document_responses import (
    AuditOut,
    DescriptionOut,
    DocumentDetailOut,
    DocumentOut,
    DocumentsOut,
    LeftOut,
    ReceiptOut,
    ReindexOut,
)
from qa_service.web.requests import MAX_PATH, CorrectionIn, DocumentId, LeaveIn, QuarantineIn, RestoreIn
from qa_service.web.responses import ErrorOut
from qa_service.web.source_page import render_source

ERRORS: dict[int | str, dict[str, Any]] = {422: {"model": ErrorOut}, 413: {"model": ErrorOut}}
NOT_FOUND: dict[int | str, dict[str, Any]] = {**ERRORS, 404: {"model": ErrorOut}}

DocumentIdInPath = Annotated[DocumentId, Path(description="The id from the list of documents")]


def add_document_routes(router: APIRouter, service: Service) -> None:
    _add_documents(router, service)
    _add_taking_in(router, service)
    _add_changes(router, service)


def _add_documents(router: APIRouter, service: Service) -> None:
    @router.get("/documents", tags=["documents"], responses=ERRORS)
    def documents(
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
        page_size: Annotated[int, Query(ge=1, le=500)] = 50,
        status: Annotated[
            DocumentStatus | None, Query(description="Only those that count, wait, or were replaced")
        ] = None,
        path: Annotated[
            str | None, Query(max_length=MAX_PATH, description="Only what was taken in from there or below it")
        ] = None,
    ) -> DocumentsOut:
        """The documents in the order they came, older versions among them: their status is `superseded`."""
        entries, total = service.documents(page, page_size, status, path)
        return DocumentsOut(documents=[DocumentOut.of(entry) for entry in entries], total=total)

    @router.get("/documents/{document_id}", tags=["documents"], responses=NOT_FOUND)
    def document(document_id: DocumentIdInPath) -> DocumentDetailOut:
        """A document's verbatim text, its passages, and what is kept out of search with the reasons."""
        return DocumentDetailOut.of(service.document(document_id))

    @router.get("/documents/{document_id}/receipt", tags=["documents"], responses=NOT_FOUND)
    def receipt(document_id: DocumentIdInPath) -> ReceiptOut:
        """What was done with the file when it was taken in, as it stands now."""
        return ReceiptOut.of(service.receipt(document_id))

    @router.get("/audit", tags=["documents"])
    def audit() -> AuditOut:
        """The deletions of which a line without content was kept, oldest first."""
        return AuditOut.of(service.audit())

    @router.get("/source/{document_id}", tags=["documents"], response_class=HTMLResponse, responses=NOT_FOUND)
    def source(
        document_id: DocumentIdInPath,
        start: Annotated[int | None, Query(ge=0)] = None,
        end: Annotated[int | None, Query(ge=1)] = None,
    ) -> HTMLResponse:
        """A page that shows the document with `text[start:end]` highlighted; open it at `#quote`."""
        if (start is None) != (end is None):
            raise BadInput("start, end: give both or none")
        if start is not None and end is not None and start >= end:
            raise BadInput("end: must be greater than start")
        quoted = None if start is None or end is None else Span(start, end)
        return HTMLResponse(render_source(service.document(document_id), quoted))


def _add_taking_in(router: APIRouter, service: Service) -> None:
    @router.get(
        "/documents/{document_id}/original",
        tags=["documents"],
        response_class=Response,
        responses={**NOT_FOUND, 200: {"content": {"application/octet-stream": {}}, "description": "The file"}},
    )
    def original(document_id: DocumentIdInPath) -> Response:
        """The file as it came, byte for byte, as a download."""
        file = service.original(document_id)
        headers = {"Content-Length": str(file.size), "Content-Disposition": _attachment(file.file_name)}
        return StreamingResponse(file.parts(), media_type="application/octet-stream", headers=headers)


def _add_changes(router: APIRouter, service: Service) -> None:
    @router.patch("/documents/{document_id}", tags=["documents"], responses=NOT_FOUND)
    def correct(document_id: DocumentIdInPath, body: CorrectionIn) -> DescriptionOut:
        """Corrects a document's metadata: it comes before what the file, its text or a sidecar says, from now on."""
        return DescriptionOut.of(service.correct(document_id, body.to_changes()))

    @router.delete("/documents/{document_id}", tags=["documents"], status_code=204, responses=NOT_FOUND)
    def delete(
        document_id: DocumentIdInPath,
        with_versions: Annotated[bool, Query(description="Its older versions too")] = False,
        audit: Annotated[bool, Query(description="Keep a line without content: GET /audit")] = False,
    ) -> None:
        """Deletes a document with all that was derived from it. No older version comes back."""
        service.delete(document_id, with_versions, "DELETE /documents" if audit else None)

    @router.post("/documents/{document_id}/leave", tags=["documents"], responses=NOT_FOUND)
    def leave(document_id: DocumentIdInPath, body: LeaveIn) -> LeftOut:
        """Its file went from a path. Does it stand elsewhere, where the same bytes were taken in?"""
        return LeftOut.of(service.leave(document_id, body.path))

    @router.post("/documents/{document_id}/restore", tags=["documents"], responses=NOT_FOUND)
    def restore(document_id: DocumentIdInPath, body: RestoreIn) -> ReceiptOut:
        """Lets a quarantined or flagged stretch be searched as any other. No newer rule changes that."""
        return ReceiptOut.of(service.restore(document_id, body.start_char_index))

    @router.post("/documents/{document_id}/quarantine", tags=["documents"], responses=NOT_FOUND)
    def quarantine(document_id: DocumentIdInPath, body: QuarantineIn) -> ReceiptOut:
        """Keeps a stretch out of search. No newer rule changes that."""
        return ReceiptOut.of(service.quarantine(document_id, body.to_span(), body.kind))

    @router.post("/documents/{document_id}/accept", tags=["documents"], responses=NOT_FOUND)
    def accept(document_id: DocumentIdInPath) -> ReceiptOut:
        """Lets a document that waits for a decision be searched, but for what of it is quarantined."""
        return ReceiptOut.of(service.accept(document_id))

    @router.post("/reindex", tags=["documents"])
    def reindex() -> ReindexOut:
        """Makes the passages of every document anew. Searching goes on meanwhile."""
        return ReindexOut(documents=service.reindex())


def _attachment(file_name: str) -> str:
    """A Content-Disposition of RFC 6266: the name in UTF-8, and in ASCII for who does not read that."""
    name = PurePosixPath(file_name).name  # below a folder or in an archive it is a path
    plain = "".join(each if each.isascii() and each.isprintable() and each not in '"\\%' else "_" for each in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

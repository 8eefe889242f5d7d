"""The HTTP API of the documents: what there is, what comes and what goes."""

from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, Response, UploadFile
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from qa_service.errors import BadInput
from qa_service.ingest.describe import is_text
from qa_service.records import DocumentStatus, RawFile, Span
from qa_service.service import Service
from qa_service.web.document_responses import (
    AuditOut,
    DocumentDetailOut,
    DocumentOut,
    DocumentsOut,
    ReceiptOut,
    ReindexOut,
)
from qa_service.web.errors import describe_validation
from qa_service.web.requests import GivenMetadata, RestoreIn
from qa_service.web.responses import ErrorOut
from qa_service.web.source_page import render_source

_MULTIPART_ROOM = 100_000
_MAX_PATH = 8_192
ERRORS: dict[int | str, dict[str, Any]] = {422: {"model": ErrorOut}, 413: {"model": ErrorOut}}
NOT_FOUND: dict[int | str, dict[str, Any]] = {**ERRORS, 404: {"model": ErrorOut}}

DocumentId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="The id from the list of documents")]


def add_document_routes(router: APIRouter, service: Service, max_upload: int) -> None:
    """`max_upload` is in bytes."""
    _add_documents(router, service)
    _add_changes(router, service, max_upload)


def _add_documents(router: APIRouter, service: Service) -> None:
    @router.get("/documents", tags=["documents"], responses=ERRORS)
    def documents(
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
        page_size: Annotated[int, Query(ge=1, le=500)] = 50,
        status: Annotated[
            DocumentStatus | None, Query(description="Only those that count, wait, or were replaced")
        ] = None,
        path: Annotated[
            str | None, Query(max_length=_MAX_PATH, description="Only what was taken in from there")
        ] = None,
    ) -> DocumentsOut:
        """The documents in the order they came, older versions among them: their status is `superseded`."""
        entries, total = service.documents(page, page_size, status, path)
        return DocumentsOut(documents=[DocumentOut.of(entry) for entry in entries], total=total)

    @router.get("/documents/{document_id}", tags=["documents"], responses=NOT_FOUND)
    def document(document_id: DocumentId) -> DocumentDetailOut:
        """A document's verbatim text, its passages, and what is kept out of search with the reasons."""
        return DocumentDetailOut.of(service.document(document_id))

    @router.get("/documents/{document_id}/receipt", tags=["documents"], responses=NOT_FOUND)
    def receipt(document_id: DocumentId) -> ReceiptOut:
        """What was done with the file when it was taken in, as it stands now."""
        return ReceiptOut.of(service.receipt(document_id))

    @router.get("/audit", tags=["documents"])
    def audit() -> AuditOut:
        """The deletions of which a line without content was kept, oldest first."""
        return AuditOut.of(service.audit())

    @router.get("/source/{document_id}", tags=["documents"], response_class=HTMLResponse, responses=NOT_FOUND)
    def source(
        document_id: DocumentId,
        start: Annotated[int | None, Query(ge=0)] = None,
        end: Annotated[int | None, Query(ge=1)] = None,
    ) -> HTMLResponse:
        """A page that shows the document with `text[start:end]` highlighted; open it at `#quote`."""
        if (start is None) != (end is None):
            raise BadInput("start, end: give both or none")
        if start is not None and end is not None and start >= end:
            raise BadInput("end: must be greater than start")
        quote = None if start is None or end is None else Span(start, end)
        return HTMLResponse(render_source(service.document(document_id), quote))


def _add_changes(router: APIRouter, service: Service, max_upload: int) -> None:
    @router.post(
        "/documents",
        tags=["documents"],
        status_code=201,
        responses={**ERRORS, 200: {"model": ReceiptOut, "description": "The same bytes were there already"}},
        max_body_size=max_upload + _MULTIPART_ROOM,
    )
    def add(
        response: Response,
        file: Annotated[list[UploadFile], File(description="A text file in UTF-8, one a request")],
        metadata: Annotated[str, Form(description='JSON, e.g. {"title": "...", "date": "2025-06-14"}')] = "{}",
        path: Annotated[
            str | None, Form(max_length=_MAX_PATH, description="Where it stands: other content there is a new version")
        ] = None,
    ) -> ReceiptOut:
        """Takes in a document and returns the receipt."""
        if len(file) > 1:
            raise BadInput("file: send one file a request")
        content = file[0].file.read(max_upload + 1)
        if len(content) > max_upload:
            raise BadInput(f"file: larger than {max_upload // 1_000_000} MB (QA_MAX_UPLOAD_MB)")
        receipt = service.add(RawFile(_file_name(file[0].filename), content, _given(metadata), path=_path(path)))
        response.status_code = 201 if receipt.status in {"added", "replaced"} else 200
        return ReceiptOut.of(receipt)

    @router.delete("/documents/{document_id}", tags=["documents"], status_code=204, responses=NOT_FOUND)
    def delete(
        document_id: DocumentId,
        with_versions: Annotated[bool, Query(description="Its older versions too")] = False,
        audit: Annotated[bool, Query(description="Keep a line without content: GET /audit")] = False,
    ) -> None:
        """Deletes a document with all that was derived from it. No older version comes back."""
        service.delete(document_id, with_versions, "DELETE /documents" if audit else None)

    @router.post("/documents/{document_id}/restore", tags=["documents"], responses=NOT_FOUND)
    def restore(document_id: DocumentId, body: RestoreIn) -> ReceiptOut:
        """Lets a quarantined stretch be searched again."""
        return ReceiptOut.of(service.restore(document_id, body.start_char_index))

    @router.post("/reindex", tags=["documents"])
    def reindex() -> ReindexOut:
        """Makes the passages of every document anew. Searching goes on meanwhile."""
        return ReindexOut(documents=service.reindex())


def _file_name(given: str | None) -> str:
    """The last part of what the sender calls the file, printable, at most 200 characters."""
    name = PurePosixPath((given or "").replace("\\", "/")).name
    return "".join(character for character in name if character.isprintable())[:200] or "unnamed"


def _path(given: str | None) -> str | None:
    if given is not None and not is_text(given):
        raise BadInput("path: holds a NUL or half a surrogate pair, which no text has")
    return given or None


def _given(metadata: str) -> dict[str, str]:
    try:
        given = GivenMetadata.model_validate_json(metadata)
    except ValidationError as error:
        problem = describe_validation(error.errors()).replace(", sent as application/json", "")
        raise BadInput(f"metadata: {problem.removeprefix('body: ')}") from error
    return given.model_dump(exclude_none=True)

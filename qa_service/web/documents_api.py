"""The HTTP API of the documents: what there is, what comes and what goes."""

from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, Response, UploadFile
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from qa_service.errors import BadInput
from qa_service.records import RawFile, Span
from qa_service.service import Service
from qa_service.web.document_responses import DocumentDetailOut, DocumentOut, DocumentsOut, ReceiptOut, ReindexOut
from qa_service.web.errors import describe_validation
from qa_service.web.requests import GivenMetadata, QuarantineIn, RestoreIn
from qa_service.web.responses import ErrorOut
from qa_service.web.source_page import render_source

_MULTIPART_ROOM = 100_000
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
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1, page_size: Annotated[int, Query(ge=1, le=500)] = 50
    ) -> DocumentsOut:
        entries, total = service.documents(page, page_size)
        return DocumentsOut(documents=[DocumentOut.of(entry) for entry in entries], total=total)

    @router.get("/documents/{document_id}", tags=["documents"], responses=NOT_FOUND)
    def document(document_id: DocumentId) -> DocumentDetailOut:
        """A document's verbatim text, its passages, and what is kept out of search with the reasons."""
        return DocumentDetailOut.of(service.document(document_id))

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
    ) -> ReceiptOut:
        """Takes in a document and returns the receipt."""
        if len(file) > 1:
            raise BadInput("file: send one file a request")
        content = file[0].file.read(max_upload + 1)
        if len(content) > max_upload:
            raise BadInput(f"file: larger than {max_upload // 1_000_000} MB (QA_MAX_UPLOAD_MB)")
        receipt = service.add(RawFile(_file_name(file[0].filename), content, _given(metadata)))
        response.status_code = 201 if receipt.status == "added" else 200
        return ReceiptOut.of(receipt)

    @router.delete("/documents/{document_id}", tags=["documents"], status_code=204, responses=NOT_FOUND)
    def delete(document_id: DocumentId) -> None:
        """Deletes a document with all that was derived from it."""
        service.delete(document_id)

    @router.post("/documents/{document_id}/restore", tags=["documents"], responses=NOT_FOUND)
    def restore(document_id: DocumentId, body: RestoreIn) -> ReceiptOut:
        """Lets a quarantined or flagged stretch be searched as any other. No newer rule changes that."""
        return ReceiptOut.of(service.restore(document_id, body.start_char_index))

    @router.post("/documents/{document_id}/quarantine", tags=["documents"], responses=NOT_FOUND)
    def quarantine(document_id: DocumentId, body: QuarantineIn) -> ReceiptOut:
        """Keeps a stretch out of search. No newer rule changes that."""
        return ReceiptOut.of(service.quarantine(document_id, body.to_span(), body.kind))

    @router.post("/documents/{document_id}/accept", tags=["documents"], responses=NOT_FOUND)
    def accept(document_id: DocumentId) -> ReceiptOut:
        """Lets a document that waits for a decision be searched, but for what of it is quarantined."""
        return ReceiptOut.of(service.accept(document_id))

    @router.post("/reindex", tags=["documents"])
    def reindex() -> ReindexOut:
        """Makes the passages of every document anew. Searching goes on meanwhile."""
        return ReindexOut(documents=service.reindex())


def _file_name(given: str | None) -> str:
    """The last part of what the sender calls the file, printable, at most 200 characters."""
    name = PurePosixPath((given or "").replace("\\", "/")).name
    return "".join(character for character in name if character.isprintable())[:200] or "unnamed"


def _given(metadata: str) -> dict[str, str]:
    try:
        given = GivenMetadata.model_validate_json(metadata)
    except ValidationError as error:
        problem = describe_validation(error.errors()).replace(", sent as application/json", "")
        raise BadInput(f"metadata: {problem.removeprefix('body: ')}") from error
    return given.model_dump(exclude_none=True)

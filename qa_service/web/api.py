"""The HTTP API: a skin over the service's callables."""

from collections.abc import Awaitable, Callable
from pathlib import PurePosixPath
from typing import Annotated, Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, File, Form, HTTPException, Path, Query, Response, UploadFile
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from qa_service.answering.export.formats import FORMATS, FormatName
from qa_service.config import Settings
from qa_service.errors import BadInput
from qa_service.records import RawFile, Span
from qa_service.service import Service
from qa_service.web.errors import describe_validation
from qa_service.web.record_file import MAX_RECORD_BYTES, ExportsOut, RecordFile
from qa_service.web.requests import AskIn, GivenMetadata, RestoreIn, SearchIn, VerifyIn
from qa_service.web.responses import (
    AnswerOut,
    DocumentDetailOut,
    DocumentOut,
    DocumentsOut,
    ErrorOut,
    Health,
    Readiness,
    ReceiptOut,
    RecordCheckOut,
    ReindexOut,
    SearchOut,
    VerifyOut,
)
from qa_service.web.source_page import render_source

MAX_BODY = 1_000_000
_MULTIPART_ROOM = 100_000
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_ERRORS: dict[int | str, dict[str, Any]] = {422: {"model": ErrorOut}, 413: {"model": ErrorOut}}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {**_ERRORS, 404: {"model": ErrorOut}}

DocumentId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="The id from the list of documents")]


AnswerId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="The id of an answer")]


def make_router(service: Service, settings: Settings) -> APIRouter:
    """Plain functions run in the thread pool: encoding and searching block."""
    router = APIRouter()
    _add_questions(router, service)
    _add_exports(router, service)
    _add_documents(router, service)
    _add_changes(router, service, settings.max_upload_mb * 1_000_000)
    _add_health(router, service)
    _refuse_other_methods(router)
    return router


def _add_questions(router: APIRouter, service: Service) -> None:
    @router.post("/ask", tags=["questions"], responses=_ERRORS)
    def ask(body: AskIn) -> AnswerOut:
        """The answer in the documents' own words, each quote cited to the character."""
        body.refuse_unbuilt()
        answer = service.ask(body.question, body.top_k, body.filters.to_filters(), body.to_history())
        return AnswerOut.of(answer, body.why, ExportsOut.of(service.record(answer), body.export))

    @router.post("/search", tags=["questions"], responses=_ERRORS)
    def search(body: SearchIn) -> SearchOut:
        """The plain ranking of passages, also when nothing answers the question."""
        return SearchOut.of(service.search(body.question, body.top_k, body.filters.to_filters()), body.why)

    @router.post("/verify", tags=["questions"], responses=_NOT_FOUND)
    def verify(body: VerifyIn) -> VerifyOut:
        """Does this quote stand in the documents, word for word? Where, or what stands there instead?"""
        return VerifyOut.of(service.verify(body.quote, body.document_id))


def _add_exports(router: APIRouter, service: Service) -> None:
    @router.post("/records/check", tags=["questions"], responses=_ERRORS, max_body_size=MAX_RECORD_BYTES)
    def check_record(body: RecordFile) -> RecordCheckOut:
        """Is the record of an answer unaltered, and does what it cites still stand?"""
        return RecordCheckOut.of(service.check_record(body.to_record(), body.sha256))

    @router.get("/exports/{answer_id}/{name}", tags=["questions"], response_class=Response, responses=_NOT_FOUND)
    def export(answer_id: AnswerId, name: FormatName) -> Response:
        """One of the chat's newest answers as a file."""
        wanted = FORMATS[name]
        headers = {"Content-Disposition": f'attachment; filename="answer-{answer_id[:8]}{wanted.suffix}"'}
        return Response(
            wanted.write(service.kept(answer_id)), headers=headers, media_type=f"{wanted.media_type}; charset=utf-8"
        )


def _add_documents(router: APIRouter, service: Service) -> None:
    @router.get("/documents", tags=["documents"], responses=_ERRORS)
    def documents(
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1, page_size: Annotated[int, Query(ge=1, le=500)] = 50
    ) -> DocumentsOut:
        entries, total = service.documents(page, page_size)
        return DocumentsOut(documents=[DocumentOut.of(entry) for entry in entries], total=total)

    @router.get("/documents/{document_id}", tags=["documents"], responses=_NOT_FOUND)
    def document(document_id: DocumentId) -> DocumentDetailOut:
        """A document's verbatim text, its passages, and what is kept out of search with the reasons."""
        return DocumentDetailOut.of(service.document(document_id))

    @router.get("/source/{document_id}", tags=["documents"], response_class=HTMLResponse, responses=_NOT_FOUND)
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
        responses={**_ERRORS, 200: {"model": ReceiptOut, "description": "The same bytes were there already"}},
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

    @router.delete("/documents/{document_id}", tags=["documents"], status_code=204, responses=_NOT_FOUND)
    def delete(document_id: DocumentId) -> None:
        """Deletes a document with all that was derived from it."""
        service.delete(document_id)

    @router.post("/documents/{document_id}/restore", tags=["documents"], responses=_NOT_FOUND)
    def restore(document_id: DocumentId, body: RestoreIn) -> ReceiptOut:
        """Lets a quarantined stretch be searched again."""
        return ReceiptOut.of(service.restore(document_id, body.start_char_index))

    @router.post("/reindex", tags=["documents"])
    def reindex() -> ReindexOut:
        """Makes the passages of every document anew. Searching goes on meanwhile."""
        return ReindexOut(documents=service.reindex())


def _add_health(router: APIRouter, service: Service) -> None:
    threads = CapacityLimiter(1)  # not of the pool, which questions may fill

    @router.get("/livez", tags=["health"])
    async def livez() -> Health:
        """Needs no thread of the pool, which questions may fill."""
        return Health()

    @router.get("/readyz", tags=["health"], responses={503: {"model": ErrorOut}})
    async def readyz() -> Readiness:
        """Reads the store, for a moment: 503 when it cannot be read."""
        return await run_sync(read, limiter=threads)

    def read() -> Readiness:
        _, total = service.documents(page=1, page_size=1)
        return Readiness(
            documents=total,
            index_version=service.index_version,
            model=service.model,
            neutralizer=service.neutralizer,
            reranker=service.reranker,
            calibrated=service.is_calibrated,
        )


def _refuse_other_methods(router: APIRouter) -> None:
    """405 for them: the chat, mounted at /, would answer that there is nothing here."""
    taken: dict[str, set[str]] = {}
    for route in router.routes:
        if isinstance(route, APIRoute):
            taken.setdefault(route.path, set()).update(route.methods or ())
    for path, methods in taken.items():
        others = sorted(_METHODS - methods)
        router.add_api_route(path, _refusal(", ".join(sorted(methods))), methods=others, include_in_schema=False)


def _refusal(allowed: str) -> Callable[[], Awaitable[None]]:
    async def refuse() -> None:
        raise HTTPException(405, headers={"Allow": allowed})

    return refuse


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

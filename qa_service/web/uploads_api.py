"""The HTTP API of what comes in: uploads, and the jobs that large ones become."""

from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from qa_service.errors import BadFile, NotFound, Stopping, TooLarge
from qa_service.ingest.extract import contents
from qa_service.records import Receipt, TakenIn
from qa_service.service import Service
from qa_service.web.document_responses import ReceiptOut
from qa_service.web.jobs_responses import JobDetailOut, JobOut, JobsOut
from qa_service.web.requests import JobId
from qa_service.web.responses import ErrorOut
from qa_service.web.upload_form import MAX_FILES, UploadForm
from qa_service.web.uploads import FailureOut, ReceiptsOut, Upload, only_result, read_upload, status_of

MAX_REQUEST = 4_000_000_000
"""Bytes of a whole request, all files together."""
MAX_WAITED_FOR, MAX_WAITED_FOR_BYTES = 20, 20_000_000
"""A request with more files or bytes becomes a job, unless the sender wants to wait."""
_AT_ONCE = 4  # uploads that are taken in; questions need the other threads of the pool
_ERRORS: dict[int | str, dict[str, Any]] = {
    422: {"model": ErrorOut},
    413: {"model": ErrorOut},
    503: {"model": ErrorOut},
}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {422: {"model": ErrorOut}, 404: {"model": ErrorOut}}

JobIdInPath = Annotated[JobId, Path(description="The id from the list of jobs")]

_FORM = {
    "required": ["file"],
    "type": "object",
    "properties": {
        "file": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "maxItems": MAX_FILES,
            "description": "One document or several, the field repeated",
        },
        "metadata": {
            "type": "string",
            "description": "JSON: for one file an object such as "
            '{"title": "...", "source": "...", "author": "...", "date": "2025-06-14", "url": "...", "language": "en"}; '
            'for several an object of such objects by file name, {"a.txt": {"title": "..."}}',
        },
        "metadata_origins": {
            "type": "string",
            "description": 'JSON: where the one file\'s metadata stood, {"title": "sidecar", "date": "manifest"}; '
            "what is not named was given by the sender",
        },
        "replace": {
            "type": "string",
            "enum": ["true", "false"],
            "description": "Each file takes over from the newest document of its name",
        },
        "path": {
            "type": "string",
            "maxLength": 4096,
            "description": "Where the one file stands for good with its sender: another content under the same path "
            "is a new version. The service never opens it",
        },
    },
}


class AcceptedOut(BaseModel):
    """The files wait on disk and are taken in one by one; `GET /jobs/{job_id}` follows."""

    job_id: str
    state: str
    total: int


class NothingTakenInOut(ErrorOut):
    receipts: list[ReceiptOut]
    failures: list[FailureOut]


def add_upload_routes(router: APIRouter, service: Service, max_upload: int) -> None:
    """`max_upload` is that of one file, in bytes."""
    _add_upload(router, service, max_upload)
    _add_jobs(router, service)


def _add_upload(router: APIRouter, service: Service, max_upload: int) -> None:
    limiter = CapacityLimiter(_AT_ONCE)

    @router.post(
        "/documents",
        tags=["documents"],
        status_code=201,
        response_model=ReceiptOut | ReceiptsOut,
        responses={
            **_ERRORS,
            200: {"model": ReceiptOut | ReceiptsOut, "description": "The same bytes were there already, and count"},
            202: {"model": AcceptedOut, "description": "A large batch: it became a job"},
            422: {"model": ErrorOut | NothingTakenInOut},
        },
        max_body_size=MAX_REQUEST,
        openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
    )
    async def add(
        request: Request,
        background: Annotated[
            bool | None,
            Query(description="true: don't wait, answer 202; false: wait; left out: wait for small batches"),
        ] = None,
        expand: Annotated[bool, Query(description="false: an archive or mail is not looked into")] = True,
    ) -> Response:
        """Takes in documents. One file: its receipt. Several, or an archive: the receipts and the failures."""
        with UploadForm(request.headers.get("content-type", ""), service.staging, max_upload) as form:
            await _receive(request, form)
            upload = read_upload(form, max_upload)
            if background is None:
                background = await to_thread.run_sync(_is_large, service, upload, expand)
            if background:
                job = await to_thread.run_sync(service.jobs.submit, upload.files, upload.failures)
                form.hand_over({file.staged for file in upload.files})
                accepted = AcceptedOut(job_id=job.id, state=job.state, total=job.total)
                return _json(accepted, 202, {"Location": f"{request.scope.get('root_path', '')}/jobs/{job.id}"})
            with _told_of_the_end():
                taken_in = await to_thread.run_sync(_take_in, service, upload, not expand, limiter=limiter)
        if (receipt := only_result(upload, taken_in)) is not None:
            return _json(receipt, status_of([receipt]))
        return _several(taken_in)


async def _receive(request: Request, form: UploadForm) -> None:
    """A piece a thread: the loop goes on while the disk is busy."""
    try:
        with _told_of_the_end():
            async for piece in request.stream():
                if piece:
                    await to_thread.run_sync(form.feed, piece)
    except ClientDisconnect as error:
        raise BadFile("body: the connection ended before the form did") from error  # nobody reads it
    form.finish()


@contextmanager
def _told_of_the_end() -> Iterator[None]:
    """Who still waits when the service ends is told so, not that there is a bug."""
    try:
        yield
    except CancelledError as error:
        raise Stopping("the service is stopping; send the files again when it runs") from error


def _is_large(service: Service, upload: Upload, is_unpacked: bool) -> bool:
    if upload.count > MAX_WAITED_FOR or upload.size > MAX_WAITED_FOR_BYTES:
        return True
    if not is_unpacked:
        return False
    held = [contents(file.to_raw(service.staging.read(file.staged))) for file in upload.files]
    return sum(count for count, _ in held) > MAX_WAITED_FOR or sum(size for _, size in held) > MAX_WAITED_FOR_BYTES


def _take_in(service: Service, upload: Upload, is_expanded: bool) -> TakenIn:
    """One file in memory at a time."""
    receipts: list[Receipt] = []
    failures, is_container = list(upload.failures), False
    for file in upload.files:
        taken_in = service.take_in(file.to_raw(service.staging.read(file.staged)), is_expanded)
        receipts += taken_in.receipts
        failures += taken_in.failures
        is_container |= taken_in.is_container
    return TakenIn(tuple(receipts), tuple(failures), is_container)


def _several(taken_in: TakenIn) -> Response:
    receipts = [ReceiptOut.of(each) for each in taken_in.receipts]
    failures = [FailureOut.of(each) for each in taken_in.failures]
    if receipts:
        return _json(ReceiptsOut(receipts=receipts, failures=failures), status_of(receipts))
    too_large = all(each.error_code == TooLarge.code for each in failures)
    refusal = NothingTakenInOut(
        error_code=TooLarge.code if too_large else BadFile.code,
        detail=f"none of the {len(failures):,} files was taken in; the first: {failures[0].detail}",
        receipts=[],
        failures=failures,
    )
    return _json(refusal, 413 if too_large else 422)


def _add_jobs(router: APIRouter, service: Service) -> None:
    @router.get("/jobs", tags=["jobs"])
    def jobs() -> JobsOut:
        """The batches that were taken in behind the sender's back, the newest first."""
        return JobsOut(jobs=[JobOut.of(job) for job in service.jobs.jobs()])

    @router.get("/jobs/{job_id}", tags=["jobs"], responses=_NOT_FOUND)
    def job(
        job_id: JobIdInPath,
        after: Annotated[int, Query(ge=0, le=2**62, description="The last `next_after`: only newer receipts")] = 0,
        limit: Annotated[int, Query(ge=0, le=500, description="How many receipts at most")] = 100,
    ) -> JobDetailOut:
        """How far a job is, its receipts so far and what was not taken in."""
        found = service.jobs.job(job_id)
        receipts: list[ReceiptOut] = []
        last = after
        for each in service.jobs.receipts(job_id, after, limit):
            last = each.number
            try:
                receipts.append(ReceiptOut.of(service.receipt(each.document_id), each.status))
            except NotFound:  # deleted a moment ago
                continue
        failures = [FailureOut.of(each) for each in service.jobs.failures(job_id)]
        return JobDetailOut.of_job(found, receipts, failures, last)

    @router.delete("/jobs/{job_id}", tags=["jobs"], responses=_NOT_FOUND)
    def cancel(job_id: JobIdInPath) -> JobOut:
        """What was taken in stays; what still waits is not taken in, nor the rest of the file that is being read."""
        return JobOut.of(service.jobs.cancel(job_id))


def _json(body: BaseModel, status: int, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(body.model_dump(mode="json"), status_code=status, headers=headers)

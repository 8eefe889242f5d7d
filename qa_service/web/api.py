"""The HTTP API: a skin over the service's callables."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, HTTPException, Path, Response
from fastapi.routing import APIRoute

from qa_service.answering.export.formats import FORMATS, FormatName
from qa_service.config import Settings
from qa_service.service import Service
from qa_service.web.documents_api import ERRORS, NOT_FOUND, add_document_routes
from qa_service.web.record_file import MAX_RECORD_BYTES, ExportsOut, RecordFile
from qa_service.web.requests import AnswerId, AskIn, SearchIn, VerifyIn, refuse_unknown_parameters
from qa_service.web.responses import AnswerOut, ErrorOut, Health, Readiness, RecordCheckOut, SearchOut, VerifyOut
from qa_service.web.uploads_api import add_upload_routes

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

AnswerIdInPath = Annotated[AnswerId, Path(description="The id of an answer")]


def make_router(service: Service, settings: Settings) -> APIRouter:
    """Plain functions run in the thread pool: encoding and searching block."""
    router = APIRouter(dependencies=[Depends(refuse_unknown_parameters)])
    _add_questions(router, service)
    _add_exports(router, service)
    add_document_routes(router, service)
    add_upload_routes(router, service, settings.max_upload_mb * 1_000_000)
    _add_health(router, service)
    _answer_head(router)
    _refuse_other_methods(router)
    return router


def _add_questions(router: APIRouter, service: Service) -> None:
    @router.post("/ask", tags=["questions"], responses=ERRORS)
    def ask(body: AskIn) -> AnswerOut:
        """The answer in the documents' own words, each quote cited to the character."""
        body.refuse_unbuilt()
        answer = service.ask(body.question, body.top_k, body.filters.to_filters(), body.to_history())
        return AnswerOut.of(answer, body.why, ExportsOut.of(service.record(answer), body.export))

    @router.post("/search", tags=["questions"], responses=ERRORS)
    def search(body: SearchIn) -> SearchOut:
        """The plain ranking of passages, also when nothing answers the question."""
        return SearchOut.of(service.search(body.question, body.top_k, body.filters.to_filters()), body.why)

    @router.post("/verify", tags=["questions"], responses=NOT_FOUND)
    def verify(body: VerifyIn) -> VerifyOut:
        """Does this quote stand in the documents, word for word? Where, or what stands there instead?"""
        return VerifyOut.of(service.verify(body.quote, body.document_id))


def _add_exports(router: APIRouter, service: Service) -> None:
    @router.post("/records/check", tags=["questions"], responses=ERRORS, max_body_size=MAX_RECORD_BYTES)
    def check_record(body: RecordFile) -> RecordCheckOut:
        """Is the record of an answer unaltered, and does what it cites still stand?"""
        return RecordCheckOut.of(service.check_record(body.to_record(), body.sha256))

    @router.get("/exports/{answer_id}/{name}", tags=["questions"], response_class=Response, responses=NOT_FOUND)
    def export(answer_id: AnswerIdInPath, name: FormatName) -> Response:
        """One of the chat's newest answers as a file."""
        wanted = FORMATS[name]
        headers = {"Content-Disposition": f'attachment; filename="answer-{answer_id[:8]}{wanted.suffix}"'}
        return Response(
            wanted.write(service.kept(answer_id)), headers=headers, media_type=f"{wanted.media_type}; charset=utf-8"
        )


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


def _answer_head(router: APIRouter) -> None:
    """As GET without the body, which the server leaves out (RFC 9110); FastAPI leaves HEAD to the application."""
    for route in list(router.routes):
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            router.add_api_route(
                route.path,
                route.endpoint,
                methods=["HEAD"],
                response_class=route.response_class,
                include_in_schema=False,
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

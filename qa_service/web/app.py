"""The web application: API and chat over one service."""

import logging

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.routing import Mount

from qa_service.config import Settings
from qa_service.errors import BadInput
from qa_service.service import Service
from qa_service.web.api import make_router
from qa_service.web.chat import mount_chat
from qa_service.web.errors import TooLargeAsJson, add_error_handlers, error_response
from qa_service.web.requests import MAX_BODY
from qa_service.web.security import LOOPBACK, SecurityMiddleware

log = logging.getLogger(__name__)


def create_app(service: Service, settings: Settings) -> FastAPI:
    """The chat at /, the API beside it, its description at /docs without a CDN."""
    app = FastAPIOffline(
        title="qa-service",
        redoc_url=None,
        description="Answers questions over documents in many languages with passages cited to the character.",
    )
    add_error_handlers(app)
    app.include_router(make_router(service, settings))
    app.add_middleware(SecurityMiddleware, allowed_hosts=[*settings.allowed_hosts.split(","), settings.host, *LOOPBACK])
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY)
    app.add_middleware(TooLargeAsJson)
    mounted = mount_chat(app, service, blocked_paths=[settings.data_dir])
    for route in mounted.routes:  # the chat at / answers for every path that is nobody else's
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            add_error_handlers(route.app)
            route.app.add_exception_handler(KeyError, _handle_unknown_function)
    return mounted


async def _handle_unknown_function(_request: Request, error: Exception) -> JSONResponse:
    """Gradio looks up what a request names without asking whether it is there; no code of ours runs in its routes."""
    log.info("gradio knows no %s", error)
    return error_response(422, BadInput.code, "fn_index: the chat has no such function; reload the page")

"""The web application: API and chat over one service."""

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.routing import Mount

from qa_service.config import Settings
from qa_service.service import Service
from qa_service.web.api import MAX_BODY, make_router
from qa_service.web.chat import mount_chat
from qa_service.web.errors import TooLargeAsJson, add_error_handlers
from qa_service.web.security import LOOPBACK, SecurityMiddleware


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
    return mounted

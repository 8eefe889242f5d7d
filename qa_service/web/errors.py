"""Errors to status codes and `{"error_code", "detail"}`, in one place. Raw input is never echoed."""

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa_service.errors import (
    BadFile,
    BadInput,
    DataDirectoryInUse,
    IndexMismatch,
    NotFound,
    NotSupported,
    QAError,
    Stopping,
    StoreError,
    TooLarge,
)

log = logging.getLogger(__name__)

STATUS: dict[type[QAError], int] = {
    BadInput: 422,
    BadFile: 422,
    NotSupported: 422,
    NotFound: 404,
    DataDirectoryInUse: 503,
    IndexMismatch: 503,
    StoreError: 503,
    Stopping: 503,
    TooLarge: 413,
}
_NO_OBJECT = "body: must be a JSON object, sent as application/json"
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
_DETAILS = {
    404: "there is nothing at this path; the API is described at /docs",
    405: "this path does not take this method; the API is described at /docs",
}


def error_response(status: int, code: str, detail: str) -> JSONResponse:
    return JSONResponse({"error_code": code, "detail": detail}, status_code=status)


def add_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(QAError, _handle_qa_error)
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    app.add_exception_handler(HTTPException, _handle_http_error)
    app.add_exception_handler(Exception, _handle_bug)


async def _handle_qa_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, QAError)
    status = STATUS.get(type(error), 500)
    if status >= 500:
        log.error("%s", error)
    return error_response(status, error.code, str(error))


async def _handle_validation_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return error_response(422, BadInput.code, describe_validation(error.errors()))


async def _handle_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:  # FastAPI could not even decode the body
        is_form = request.headers.get("content-type", "").startswith("multipart/")
        return error_response(422, BadInput.code, "body: is not a form that can be read" if is_form else _NO_OBJECT)
    status = error.status_code
    detail = _too_large(request.scope) if status == 413 else _DETAILS.get(status, str(error.detail))
    response = error_response(status, _CODES.get(status, "invalid_request"), detail)
    response.headers.update(error.headers or {})
    return response


async def _handle_bug(_request: Request, _error: Exception) -> JSONResponse:
    return error_response(500, "internal_error", "a bug in the service; its log holds the details")


def describe_validation(errors: Sequence[Any]) -> str:
    """The first fault in words: the field and what was wrong with it, without the value itself."""
    first = errors[0]
    loc = first["loc"]
    parts = (
        loc[1:] if loc and loc[0] in {"body", "query", "path"} else loc
    )  # only there: a field may have that name too
    field = ".".join(map(_printable, parts)) or "body"
    if first["type"] == "json_invalid" or (first["type"] == "model_attributes_type" and field == "body"):
        return _NO_OBJECT
    if first["type"] == "model_attributes_type":
        return f"{field}: must be a JSON object"
    return f"{field}: {_printable(first['msg']).removeprefix('Value error, ')}"


class TooLargeAsJson:
    """Starlette answers a Content-Length above the limit in plain text; the API's errors are JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def send_json(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] == 413 and not _is_json(message):
                replaced = True
                await error_response(413, _CODES[413], _too_large(scope))(scope, receive, send)
            elif not replaced:
                await send(message)

        await self.app(scope, receive, send_json)


def _too_large(scope: Scope) -> str:
    limit = scope[MAX_BODY_SIZE_SCOPE_KEY]
    return (
        f"body: larger than {limit:,} bytes; send less at once, of a history the newest turns, of files a few a request"
    )


def _is_json(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type") == "application/json"


def _printable(value: object) -> str:
    return "".join(character if character.isprintable() else "?" for character in str(value))[:200]

"""Failures as pages for people, and as JSON for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from console.services import Console
from console.wanted_format import wants_page
from operations.errors import OperationError

TITLES = {
    400: "The request cannot be read",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    408: "Too slow",
    409: "Not possible now",
    410: "It has ended",
    413: "Too large",
    421: "Not the console's address",
    422: "The data does not fit",
    429: "Too many attempts",
    502: "Temporal answered with an error",
    503: "Not available at the moment",
    504: "Took too long",
}
HINTS = {
    404: "It may have another name, or the address may be incomplete.",
    503: "Nothing is lost. Load the page again in a moment.",
    504: "Narrow the search, or try again in a moment.",
}


def error_page(
    console: Console,
    scope: Scope,
    status: int,
    message: str,
    *,
    code: str = "",
    findings: Sequence[dict[str, Any]] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """A page, or JSON if a script asks."""
    if wants_page(Headers(scope=scope)):
        title = TITLES.get(status, "An error occurred")
        response: Response = console.render(
            Request(scope),
            "error.html",
            status=status,
            title=title,
            message=message,
            hint=HINTS.get(status, ""),
            findings=findings,
            code=status,
        )
    else:
        response = JSONResponse({"error": {"code": code or str(status), "message": message}}, status)
    response.headers.update(headers or {})
    return response


def register_error_handlers(app: FastAPI, console: Console) -> None:
    @app.exception_handler(OperationError)
    async def handle_operation_error(request: Request, error: OperationError) -> Response:
        status = error.http_status
        headers = {"Retry-After": "2"} if status in (429, 503) else None
        return error_page(
            console, request.scope, status, error.message, code=error.code, findings=error.findings, headers=headers
        )

    @app.exception_handler(RequestValidationError)
    async def handle_validation_error(request: Request, error: RequestValidationError) -> Response:
        problems = [
            f"{'.'.join(str(part) for part in problem['loc'][1:]) or problem['loc'][0]}: {problem['msg']}"
            for problem in error.errors()
        ]
        return error_page(console, request.scope, 422, "; ".join(problems), code="invalid")

    @app.exception_handler(HTTPException)
    async def handle_http_exception(request: Request, error: HTTPException) -> Response:
        message = {
            404: "There is no page at this address",
            405: f"{request.method} is not possible at this address",
        }.get(error.status_code, str(error.detail))
        headers = dict(error.headers) if error.headers else None
        return error_page(console, request.scope, error.status_code, message, headers=headers)

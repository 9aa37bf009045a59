"""Failures as HTTP responses. Every failure has the same JSON shape, ErrorResponse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import MISSING, BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from compiler.source.findings import Finding
from operations.errors import OperationError
from workflows.contract.order_messages import Alternative

RETRY_AFTER_HEADERS = {"Retry-After": "2"}
"""Sent with 429 and 503. Senders that honour it repeat the request soon."""

ERROR_CODE_BY_STATUS = {
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timed_out",
    413: "too_large",
    415: "unsupported_media_type",
}

ERROR_DESCRIPTIONS = {
    400: "`malformed`: the body is not what its content type says",
    401: "`unauthorized`: the token is missing, wrong, expired or revoked",
    403: "`forbidden`: the roles of the account do not allow it; `data.roles` are those that do",
    404: "`not_found`: there is no such order, step, line, bulk job, system, version or callback",
    408: "`timed_out`: the body did not arrive in time",
    409: "The state does not allow it: `not_now`, `stale`, `ambiguous` or `conflict`",
    410: "`ended`: the order, or the bulk job, has ended",
    413: "`too_large`: the body is too large",
    415: "`unsupported_media_type`",
    422: "`invalid`: the data does not fit. `rejected`: the order has errors, see `findings`",
    429: "`too_many_sign_ins`: too many wrong tokens came from this address. `mailbox_full`: too many events are "
    "kept that nobody waits for",
    500: "`server_error`: an error in the gateway; its log has the details",
    502: "`server_error`: Temporal or the order answered with an unexpected error",
    503: "`no_worker`, `server_unreachable`, `busy` or `ledger_away`: send the same request again",
    504: "`timed_out`: the search takes too long; narrow it",
}


class ErrorDetails(BaseModel):
    code: str = Field(description="Stable")
    message: str = Field(description="For people")
    reason: str | MISSING = Field(MISSING, description="Stable, and finer than the code")
    data: dict[str, Any] | MISSING = Field(MISSING, description="What the reason is about: a state, a holder, steps")
    alternatives: list[Alternative] | MISSING = Field(MISSING, description="What is possible instead")
    findings: list[Finding] | MISSING = Field(MISSING, description="Every error in the order or the request")


class ErrorResponse(BaseModel):
    error: ErrorDetails


class MalformedBody(HTTPException):
    """The body is not what its content type says."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that needs an account and may fail with these statuses, or with those of any route."""
    return public_error_responses(401, 403, 429, *statuses)


def public_error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """As `error_responses`, for a route that needs no token."""
    responses: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*statuses, 500, 502, 503}):
        responses[status] = {"model": ErrorResponse, "description": ERROR_DESCRIPTIONS[status]}
        if status in (429, 503):
            responses[status]["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds"}}
    return responses


BODY_ERRORS = (400, 408, 413, 415, 422)
"""Statuses of failures of any route that takes a body."""
ACTION_ERRORS = error_responses(*BODY_ERRORS, 404, 409, 410)
"""Responses of a route that acts on an order."""


def error_response(
    status: int,
    code: str,
    message: str,
    findings: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    details: Mapping[str, Any] | None = None,
) -> JSONResponse:
    error: dict[str, Any] = {"code": code, "message": message, **(details or {})}
    if findings:
        error["findings"] = [dict(finding) for finding in findings]
    return JSONResponse({"error": error}, status, headers=dict(headers or {}))


def operation_error_response(error: OperationError) -> JSONResponse:
    status = error.http_status
    headers = RETRY_AFTER_HEADERS if status in (429, 503) else None
    return error_response(status, error.code, error.message, error.findings, headers, error.details)


def validation_finding(problem: Mapping[str, Any]) -> dict[str, Any]:
    """A pydantic error as a finding. The message names the field, since a request has no lines."""
    where = ".".join(str(part) for part in problem["loc"][1:]) or str(problem["loc"][0])
    message = f"`{where}`: {problem['msg']}"
    return {"file": "request", "line": 0, "column": 0, "code": "invalid_value", "message": message, "severity": "error"}


def register_error_handlers(app: FastAPI) -> None:
    """Turns every failure of the app into an ErrorResponse."""

    @app.exception_handler(OperationError)
    async def handle_operation_error(_request: Request, error: OperationError) -> JSONResponse:
        return operation_error_response(error)

    @app.exception_handler(RequestValidationError)
    async def handle_validation_error(_request: Request, error: RequestValidationError) -> JSONResponse:
        findings = [validation_finding(problem) for problem in error.errors()]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        return error_response(422, "invalid", f"The request does not fit: {findings[0]['message']}{more}", findings)

    @app.exception_handler(HTTPException)
    async def handle_http_exception(request: Request, error: HTTPException) -> JSONResponse:
        code = ERROR_CODE_BY_STATUS.get(error.status_code, "refused")
        message = str(error.detail)
        if error.status_code == 404:
            message = "There is nothing at this path; /openapi.json lists all paths"
        elif error.status_code == 405:
            allowed = ", ".join(sorted(_methods_of_path(request)))
            return error_response(
                405, code, f"{request.method} is not possible here, but {allowed}", headers={"Allow": allowed}
            )
        return error_response(error.status_code, code, message, headers=error.headers)


def _methods_of_path(request: Request) -> set[str]:
    """Of all routes of the path: one of them alone would say `POST` where `GET` is another."""
    scopes = {method: {**request.scope, "method": method} for method in ("GET", "POST", "PUT", "PATCH", "DELETE")}
    return {
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    }

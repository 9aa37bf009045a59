"""What goes wrong, as HTTP has it: always `{"error": {"code", "message", "findings"?}}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from operations.errors import OperationError

RETRY_AFTER_HEADERS = {"Retry-After": "2"}
"""With 503 and 429: senders that honour it come back soon."""

ERROR_CODE_BY_STATUS = {
    400: "malformed",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    408: "timed_out",
    413: "too_large",
    415: "unsupported_media_type",
}


class MalformedBody(HTTPException):
    """The body is not what its content type says."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


def error_response(
    status: int,
    code: str,
    message: str,
    findings: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    error: dict[str, Any] = {"code": code, "message": message}
    if findings:
        error["findings"] = [dict(finding) for finding in findings]
    return JSONResponse({"error": error}, status, headers=dict(headers or {}))


def operation_error_response(error: OperationError) -> JSONResponse:
    status = error.http_status
    return error_response(
        status, error.code, error.message, error.findings, RETRY_AFTER_HEADERS if status in (429, 503) else None
    )


def validation_finding(problem: Mapping[str, Any]) -> dict[str, Any]:
    """A pydantic error as a finding; the place is said in words, since a request has no lines."""
    where = ".".join(str(part) for part in problem["loc"][1:]) or str(problem["loc"][0])
    message = f"`{where}`: {problem['msg']}"
    return {"file": "request", "line": 0, "column": 0, "code": "invalid_value", "message": message, "severity": "error"}


def register_error_handlers(app: FastAPI) -> None:
    """All of the app's failures in the one shape."""

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
            message = "There is nothing at this path; /openapi.json lists what there is"
        elif error.status_code == 405:
            message = f"{request.method} is not possible here"
        return error_response(error.status_code, code, message, headers=error.headers)

"""Error responses of all sandbox systems: `{"error": {"code": …, "message": …}}`."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse


class BusinessError(Exception):
    """The system understood the request and refuses it. `code` is for programs, the message for people."""

    def __init__(self, code: str, message: str, status: int = 409) -> None:
        self.code = code
        self.status = status
        super().__init__(message)


def error_response(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def validation_error_response(error: RequestValidationError) -> JSONResponse:
    """`quantity: Input should be greater than 0; sku: Field required`"""
    problems = [f"{'.'.join(str(part) for part in e['loc'][1:]) or 'body'}: {e['msg']}" for e in error.errors()]
    return error_response(422, "invalid_request", "; ".join(problems))

"""Finds the account of each request before a route handles it, and refuses requests without one."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.errors import error_response
from operations.access.failed_sign_ins import FailedSignIns
from operations.access.sign_in import SignIn, SignInProblem, SignInRefused

MESSAGES = {
    SignInProblem.MISSING: "Send the token of your account: `Authorization: Bearer …`",
    SignInProblem.WRONG: "The token is wrong. Send that of your account: `Authorization: Bearer …`",
    SignInProblem.EXPIRED: "The token has expired. Ask for a new one",
    SignInProblem.REVOKED: "The token was revoked. Ask for a new one",
}

log = structlog.get_logger("gateway")


class SignInMiddleware:
    """Puts the Person into `request.state.person`, unless the path is public."""

    def __init__(
        self, app: ASGIApp, sign_in: SignIn, failed_sign_ins: FailedSignIns, is_public: Callable[[str], bool]
    ) -> None:
        self._app = app
        self._sign_in = sign_in
        self._failed = failed_sign_ins
        self._is_public = is_public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_public(scope["path"]):
            return await self._app(scope, receive, send)
        address = scope["client"][0] if scope.get("client") else ""
        wait = self._failed.seconds_to_wait(address)
        try:
            person = self._sign_in.person(_bearer_token(Headers(scope=scope)), is_closed=wait > 0)
        except SignInRefused as refused:
            if wait and refused.problem is SignInProblem.WRONG:
                return await _too_many_response(wait)(scope, receive, send)
            self._record(refused, scope["method"], address)
            headers = {"WWW-Authenticate": "Bearer"}
            return await error_response(401, "unauthorized", MESSAGES[refused.problem], headers=headers)(
                scope, receive, send
            )
        scope.setdefault("state", {})["person"] = person
        return await self._app(scope, receive, send)

    def _record(self, refused: SignInRefused, method: str, address: str) -> None:
        if refused.problem is SignInProblem.WRONG:
            self._failed.record(address)
        known = {"account": refused.account, "token_id": refused.token_id} if refused.account else {}
        log.warning("sign-in refused", reason=refused.problem.value, method=method, address=address, **known)


def _too_many_response(wait: int) -> JSONResponse:
    """Without a line in the log: whoever floods the gateway does not flood its log."""
    message = f"Too many wrong tokens came from your address. Wait {wait} s"
    return error_response(429, "too_many_sign_ins", message, headers={"Retry-After": str(wait)})


def _bearer_token(headers: Headers) -> str:
    """Empty if there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""

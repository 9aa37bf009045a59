"""Signing in with the token of an account, and signing out."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from console.access.guard import everyone_signed_in
from console.access.paths import SIGN_IN_PATH, SIGN_OUT_PATH
from console.pages.sign_in.sign_in_answers import begin_session, sign_in_page
from console.services import Console
from operations.access.failed_sign_ins import FailedSignIns
from operations.access.sign_in import SignInProblem, SignInRefused

MESSAGES = {
    SignInProblem.MISSING: "Paste the token of your account",
    SignInProblem.WRONG: "The token is wrong. Copy it again, whole",
    SignInProblem.EXPIRED: "The token has expired. Ask an admin for a new one",
    SignInProblem.REVOKED: "The token was revoked. Ask an admin for a new one",
}

log = structlog.get_logger("console")


def sign_in_routes(console: Console) -> APIRouter:
    routes = APIRouter()
    failed = FailedSignIns(console.settings.max_wrong_tokens)

    @routes.get(SIGN_IN_PATH)
    async def form(
        request: Request,
        wanted: Annotated[str, Query(alias="next")] = "/",
        ended: str | None = None,
        left: str | None = None,
    ) -> Response:
        note = "You are signed out." if left else "Your session has ended. Sign in again." if ended else ""
        return sign_in_page(console, request, wanted=wanted, note=note, has_left=bool(left))

    @routes.post(SIGN_IN_PATH)
    async def sign_in(
        request: Request,
        token: Annotated[str, Form(max_length=500)] = "",
        wanted: Annotated[str, Form(alias="next", max_length=4000)] = "/",
    ) -> Response:
        address = request.client.host if request.client else ""
        wait = failed.seconds_to_wait(address)
        try:
            session = console.gatekeeper.sign_in(token.strip(), is_closed=wait > 0)
        except SignInRefused as refused:
            if wait and refused.problem is SignInProblem.WRONG:
                return _too_many_page(console, request, wanted, wait)
            if refused.problem is SignInProblem.WRONG:
                failed.record(address)
            known = {"account": refused.account, "token_id": refused.token_id} if refused.account else {}
            log.warning("sign-in refused", reason=refused.problem.value, address=address, **known)
            return sign_in_page(console, request, wanted=wanted, status=401, problem=MESSAGES[refused.problem])
        response = begin_session(console, request, session, wanted)
        log.info("signed in", account=session.account, token_id=session.token_id, address=address)
        return response

    @routes.post(SIGN_OUT_PATH, dependencies=[everyone_signed_in()])
    async def sign_out(request: Request) -> Response:
        console.gatekeeper.sign_out(request)
        log.info("signed out", account=request.state.person.account)
        response = RedirectResponse(f"{SIGN_IN_PATH}?left=1", 303)
        console.gatekeeper.cookie.delete(response)
        return response

    return routes


def _too_many_page(console: Console, request: Request, wanted: str, wait: int) -> Response:
    """Without a line in the log: whoever floods the console does not flood its log."""
    response = sign_in_page(
        console, request, wanted=wanted, status=429, problem=f"Too many wrong tokens. Wait {wait} s"
    )
    response.headers["Retry-After"] = str(wait)
    return response

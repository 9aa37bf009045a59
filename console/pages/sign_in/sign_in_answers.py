"""What both ways to sign in answer: the page to sign in on, or the page that was wanted, with a new session."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.access.redirects import local_path
from console.access.sessions import Session
from console.services import Console


def sign_in_page(
    console: Console,
    request: Request,
    *,
    wanted: str = "/",
    status: int = 200,
    problem: str = "",
    note: str = "",
    has_left: bool = False,
) -> Response:
    """`wanted`: where the browser is led afterwards. `has_left`: the person has just signed out."""
    return console.render(
        request,
        "sign_in.html",
        status=status,
        wanted=local_path(wanted),
        problem=problem,
        note=note,
        has_left=has_left,
        provider=console.settings.oidc,
    )


def begin_session(console: Console, request: Request, session: Session, wanted: str) -> Response:
    """Leads the browser to `wanted` with this session. The one that it had before ends."""
    console.gatekeeper.sign_out(request)
    response = RedirectResponse(local_path(wanted), 303)
    console.gatekeeper.cookie.set(response, session.key, int(console.settings.session_limit.total_seconds()))
    return response

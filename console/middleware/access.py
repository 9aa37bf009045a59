"""Lets requests through that come from the console's own pages, from somebody who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from console.access.gatekeeper import Gatekeeper
from console.access.guard import SAFE_METHODS
from console.access.loopback import is_loopback
from console.access.paths import SIGN_IN_PATH, SIGN_OUT_PATH
from console.settings import ConsoleSettings
from console.wanted_format import wants_page

ErrorPage = Callable[[Scope, int, str], ASGIApp]
REFRESH_HEADER = "x-refresh"
"""Of a request that a page makes by itself, to stay current. An open page keeps no idle session alive."""
READ_ONLY = "This console is read-only: nothing can be changed here"


class AccessMiddleware:
    """Puts the Person and the Session into `request.state`, or answers in place of the page."""

    def __init__(
        self,
        app: ASGIApp,
        gatekeeper: Gatekeeper,
        settings: ConsoleSettings,
        error_page: ErrorPage,
        is_public: Callable[[str], bool],
        is_probe: Callable[[str], bool],
    ) -> None:
        """`is_public`: paths that need no session. `is_probe`: paths that are asked by any name of the host."""
        self._app = app
        self._gatekeeper = gatekeeper
        self._settings = settings
        self._error_page = error_page
        self._is_public = is_public
        self._is_probe = is_probe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_probe(scope["path"]):
            return await self._app(scope, receive, send)
        return await (self._refusal(scope) or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers, path, is_safe = Headers(scope=scope), scope["path"], scope["method"] in SAFE_METHODS
        if not self._is_own_host(headers.get("host", "")):
            return self._error_page(scope, 421, f"The console is at {self._settings.url}")
        found = self._gatekeeper.session(HTTPConnection(scope), is_use=REFRESH_HEADER not in headers)
        if found is not None:
            state = scope.setdefault("state", {})
            state["session"], state["person"] = found
        if not is_safe and not self._is_own_page(headers):
            return self._error_page(scope, 403, "The request comes from another site. Use the console's own page")
        if self._is_public(path):
            return None
        if found is None:
            return self._to_sign_in(scope, headers)
        if not is_safe and self._settings.read_only and path != SIGN_OUT_PATH:
            return self._error_page(scope, 403, READ_ONLY)
        return None

    def _to_sign_in(self, scope: Scope, headers: Headers) -> ASGIApp:
        if not wants_page(headers):
            return JSONResponse({"error": {"code": "unauthorized", "message": "Sign in first"}}, 401)
        if scope["method"] not in SAFE_METHODS:
            return RedirectResponse(f"{SIGN_IN_PATH}?ended=1", 303)
        wanted = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        return RedirectResponse(SIGN_IN_PATH + ("" if wanted == "/" else f"?next={quote(wanted, safe='')}"), 303)

    def _is_own_host(self, host: str) -> bool:
        """Another name that leads here belongs to somebody else (DNS rebinding). On this machine, any port is right: a
        tunnel or a container may have changed it."""
        if self._settings.is_secure:
            return host.lower() == self._settings.netloc.lower()
        return is_loopback(urlsplit(f"//{host}").hostname or "")

    def _is_own_page(self, headers: Headers) -> bool:
        """Browsers say where a request comes from. Without either header, it does not come from a page at all."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None and site != "same-origin":
            return False
        return origin is None or urlsplit(origin).netloc == headers.get("host")

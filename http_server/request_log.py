"""One line in the log for each request, and a response where a route failed unexpectedly."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RequestLogMiddleware:
    """Logs the route's pattern instead of the path: a path may contain a secret, such as a callback id."""

    def __init__(self, app: ASGIApp, logger: str, failure: Callable[[Scope], ASGIApp]) -> None:
        """`failure` makes the response with status 500."""
        self._app = app
        self._log = structlog.get_logger(logger)
        self._failure = failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = 0
        started = time.monotonic()

        async def send_and_record(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_record)
        except Exception:
            self._log.exception("request failed", **_log_fields(scope))
            if not status:
                await self._failure(scope)(scope, receive, send_and_record)
        duration = round((time.monotonic() - started) * 1000, 1)
        line = self._log.warning if status >= 500 else self._log.info
        line("request", **_log_fields(scope), status=status, ms=duration)
        return None


def _log_fields(scope: Scope) -> dict[str, str]:
    route = getattr(scope.get("route"), "path", None)
    parameters = scope.get("path_params", {})
    ids = {name: parameters[name] for name in ("order_id", "step") if name in parameters}
    person = scope.get("state", {}).get("person")
    account = {"account": person.account} if person is not None else {}
    return {"method": scope["method"], "route": route or "none"} | account | ids

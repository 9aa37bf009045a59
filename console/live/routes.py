"""The stream of changes. A browser has one for all its tabs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from fastapi.sse import EventSourceResponse
from starlette.types import Receive, Scope, Send

from console.access.guard import SignedIn, allowed
from console.live.feeds import TooManyStreams
from console.live.stream import Stream
from console.live.topics import InvalidTopic, parse_wanted
from console.services import Console
from operations.access.permissions import LIST_ORDERS

TOO_MANY_SECONDS = 30
"""When a browser that was one too many may ask again."""


def live_routes(console: Console) -> APIRouter:
    routes, feeds = APIRouter(), console.live

    @routes.get("/live", dependencies=[allowed(LIST_ORDERS)])
    async def live(
        request: Request,
        person: SignedIn,
        topic: Annotated[list[str], Query()],
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Each `topic` is `name@mark`: tells what has changed since. `Last-Event-ID` stands for a later mark of all."""
        try:
            wanted = parse_wanted(topic, last_event_id)
            feeds.check(person, wanted)
        except InvalidTopic as error:
            return _problem(422, "invalid", str(error))
        with ExitStack() as stack:
            try:
                stack.enter_context(feeds.stream_of(person.account))
            except TooManyStreams as error:
                return _problem(429, "too_many_streams", str(error), {"Retry-After": str(TOO_MANY_SECONDS)})
            stream = Stream(feeds, wanted, lambda: console.gatekeeper.session(request, is_use=False) is not None)
            return _StreamResponse(stream.events(), stack.pop_all())

    return routes


class _StreamResponse(EventSourceResponse):
    """Gives everything back once the browser is gone, also if it went before the first event."""

    def __init__(self, events: AsyncGenerator[bytes], held: ExitStack) -> None:
        super().__init__(events, headers={"X-Accel-Buffering": "no"})
        self._events = events
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            async with aclosing(self._events):
                await super().__call__(scope, receive, send)


def _problem(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)

"""Pretend systems over HTTP: `/<system>/…`, and what people want to know of them below `/_…`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scenarios.pretend.deliveries import Gateway, send_due
from scenarios.pretend.http_messages import http_response, read_request
from scenarios.pretend.messages import PretendRequest, PretendResponse
from scenarios.pretend.notifications import notification_routes
from scenarios.pretend.world import PretendWorld

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
Respond = Callable[[str, PretendRequest], Awaitable[PretendResponse]]
"""Answers a request to a system once its response is due. Raises KeyError if there is no such system."""


def system_endpoint(respond: Respond, prefix: str = "") -> Route:
    """The route `<prefix>/{system}/…`."""

    async def answer(request: Request) -> Response:
        system = request.path_params["system"]
        raw = request.scope["raw_path"].decode("ascii")
        path = raw.removeprefix(f"{prefix}/{system}") or "/"
        try:
            response = await respond(system, await read_request(request, path))
        except KeyError:
            message = f"there is no pretend system `{system}` here"
            return JSONResponse({"error": {"code": "not_found", "message": message}}, 404)
        return http_response(response, request.headers.get("accept", ""))

    return Route(f"{prefix}/{{system}}{{path:path}}", answer, methods=METHODS)


async def _nothing() -> None: ...


def create_app(
    world: PretendWorld, gateway: Gateway, before_request: Callable[[], Awaitable[None]] = _nothing
) -> Starlette:
    """`before_request` is awaited before each request to a system: it may change the systems of `world`."""

    async def respond(system: str, request: PretendRequest) -> PretendResponse:
        await before_request()
        return await world.respond(system, request)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        sending = asyncio.create_task(send_due(world, gateway))
        yield
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        world.save()

    async def health(_: Request) -> Response:
        return JSONResponse({"systems": sorted(world.systems)})

    async def log(request: Request) -> Response:
        """The calls received, oldest first; filters: `system`, `key_prefix`, `problems=true`."""
        filters = request.query_params
        calls = [
            call.model_dump(mode="json")
            for call in world.calls
            if filters.get("system", call.system) == call.system
            and call.key.startswith(filters.get("key_prefix", ""))
            and (call.problem or filters.get("problems") != "true")
        ]
        return JSONResponse(calls)

    async def deliveries(_: Request) -> Response:
        """The callbacks and events that were sent, and those that are due later, with their real times."""
        waiting = [
            {"system": system, **one.model_dump(mode="json", exclude={"to", "resources"})}
            | {"due": world.clock.to_real(one.due).isoformat()}
            for system, one in world.pending()
        ]
        sent = [one.model_dump(mode="json") for one in world.deliveries]
        return JSONResponse({"sent": sent, "waiting": waiting})

    routes = [
        Route("/_health", health),
        Route("/_log", log),
        Route("/_deliveries", deliveries),
        *notification_routes(),
        system_endpoint(respond),
    ]
    return Starlette(routes=routes, lifespan=lifespan)

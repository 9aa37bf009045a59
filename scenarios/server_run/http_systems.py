"""The pretend systems of all slots, on one port: `/<slot>/<system>/…`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenarios.pretend.app import METHODS
from scenarios.pretend.http_messages import http_response, read_request
from scenarios.pretend.messages import PretendRequest, PretendResponse

Answer = Callable[[str, PretendRequest], Awaitable[PretendResponse]]
"""Answers a request in a slot."""


@asynccontextmanager
async def http_systems(answer: Answer) -> AsyncIterator[str]:
    """The address, while the systems can be reached there."""

    async def respond(request: Request) -> Response:
        slot, system = request.path_params["slot"], request.path_params["system"]
        path = request.scope["raw_path"].decode("ascii").removeprefix(f"/{slot}/{system}") or "/"
        response = await answer(slot, await read_request(request, path))
        return http_response(response, request.headers.get("accept", ""))

    app = Starlette(routes=[Route("/{slot}/{system}{path:path}", respond, methods=METHODS)])
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            server.force_exit = True
            await serving

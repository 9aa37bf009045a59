"""The pretend systems of all stages, on one port: `/<stage>/<system>/…`."""

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
"""Answers a request on a stage."""


@asynccontextmanager
async def http_systems(answer: Answer) -> AsyncIterator[str]:
    """The address, while the systems can be reached there."""

    async def respond(request: Request) -> Response:
        stage, system = request.path_params["stage"], request.path_params["system"]
        path = request.scope["raw_path"].decode("ascii").removeprefix(f"/{stage}/{system}") or "/"
        response = await answer(stage, await read_request(request, path))
        return http_response(response, request.headers.get("accept", ""))

    app = Starlette(routes=[Route("/{stage}/{system}{path:path}", respond, methods=METHODS)])
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            server.force_exit = True
            await serving

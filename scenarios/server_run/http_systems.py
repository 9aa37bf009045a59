"""What the slots serve over HTTP, on one port: pretend systems (`/<slot>/<system>/…`), pretend receivers
(`/<slot>/_notifications/<receiver>`) and the gateway (`/<slot>/_gateway/…`)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from temporalio.client import Client

from compiler.catalogue.pretended import NOTIFICATIONS_PATH
from compiler.language.scenario_answers import ReceiverAnswer
from scenarios.pretend.app import METHODS
from scenarios.pretend.http_messages import http_response, read_request
from scenarios.pretend.messages import PretendRequest, PretendResponse
from scenarios.server_run.gateway import ServedGateway

GATEWAY_PATH = "/_gateway"


class ServedSlot(Protocol):
    """What a slot answers."""

    client: Client

    async def answer(self, request: PretendRequest) -> PretendResponse:
        """A call of a system."""

    def receive(self, receiver: str, event: Any) -> ReceiverAnswer:
        """A notification. `event`: the CloudEvent."""


@asynccontextmanager
async def http_systems(slots: Mapping[str, ServedSlot], gateway: ServedGateway) -> AsyncIterator[str]:
    """The address, while the slots can be reached there."""

    async def respond(request: Request) -> Response:
        slot, system = request.path_params["slot"], request.path_params["system"]
        path = request.scope["raw_path"].decode("ascii").removeprefix(f"/{slot}/{system}") or "/"
        response = await slots[slot].answer(await read_request(request, path))
        return http_response(response, request.headers.get("accept", ""))

    async def notify(request: Request) -> Response:
        slot, receiver = slots[request.path_params["slot"]], request.path_params["receiver"]
        answer = slot.receive(receiver, await request.json())
        response = PretendResponse(status=answer.status, headers=answer.headers, error=answer.error)
        return http_response(response, "")

    systems = Starlette(
        routes=[
            Route(f"/{{slot}}{NOTIFICATIONS_PATH}/{{receiver}}", notify, methods=["POST"]),
            Route("/{slot}/{system}{path:path}", respond, methods=METHODS),
        ]
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        slot, is_gateway, path = str(scope["path"]).partition(f"{GATEWAY_PATH}/")
        if is_gateway:
            await gateway.serve(slots[slot.strip("/")].client, f"/{path}", scope, receive, send)
        else:
            await systems(scope, receive, send)

    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            server.force_exit = True
            await serving

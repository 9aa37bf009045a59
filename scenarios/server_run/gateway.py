"""The gateway of the slots: systems call back and send events over HTTP."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send
from temporalio.client import Client

from activity_contract.callback_id import make_callback_id
from operations.client import OrderClient
from scenarios.base.entry_executor import NotPossible
from workflows.contract.order_messages import TASK_QUEUE, CallbackDelivery, EventDelivery

_client: ContextVar[Client] = ContextVar("client")
"""Of the slot that gets the request."""


class _SlotOrders(OrderClient):
    """The orders of the slot that gets the request. A gateway for each slot would take half a second each to make."""

    def __init__(self) -> None:
        self.task_queue = TASK_QUEUE

    @property
    def client(self) -> Client:
        return _client.get()

    @client.setter
    def client(self, client: Client) -> None:
        _client.set(client)


class ServedGateway:
    """The gateway itself, for all slots. It is made when the first request comes: many scenarios do without it."""

    def __init__(self, token: str, secret: bytes) -> None:
        """`secret`: of callback ids."""
        self._token = token
        self._secret = secret
        self._app: ASGIApp | None = None
        self._lock = asyncio.Lock()

    async def serve(self, client: Client, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """`client`: of the slot. `path`: the request's path within the gateway."""
        async with self._lock:
            if self._app is None:
                self._app = await asyncio.to_thread(self._create)
        _client.set(client)
        await self._app({**scope, "path": path, "raw_path": quote(path).encode()}, receive, send)

    def _create(self) -> ASGIApp:
        from gateway.app import create_app  # importing it takes a second
        from gateway.settings import GatewaySettings

        return create_app(_SlotOrders(), GatewaySettings(self._token, self._secret))


class GatewayClient:
    """Sends what systems send to the gateway of a slot."""

    def __init__(self, http: httpx.AsyncClient, url: str, token: str, secret: bytes) -> None:
        """`secret`: of callback ids."""
        self._http = http
        self._url = url
        self._token = token
        self._secret = secret

    async def call_back(self, order_id: str, callback: CallbackDelivery) -> str:
        """To the URL that the call has handed out. The status of the delivery. Raises NotPossible."""
        callback_id = make_callback_id(self._secret, order_id, callback.step, callback.key)
        return await self.call_back_to(callback_id, callback.payload)

    async def call_back_to(self, callback_id: str, payload: Any) -> str:
        """The status of the delivery. Raises NotPossible."""
        return await self._post(f"/callbacks/{callback_id}", payload)

    async def send_event(self, event: EventDelivery, order_id: str | None = None) -> str:
        """The status of the delivery. Raises NotPossible. `order_id`: None if it is sent by name and key."""
        body = {"event_id": event.event_id, "name": event.name, "key": event.key, "payload": event.payload}
        if order_id is None:
            return await self._post("/events", body)
        return await self._post(f"/orders/{quote(order_id, safe='')}/events", {**body, "step": event.step})

    async def _post(self, path: str, body: Any) -> str:
        headers = {"Authorization": f"Bearer {self._token}"}
        response = await self._http.post(f"{self._url}{path}", json=body, headers=headers)
        answer = response.json()
        if response.is_success:
            return str(answer["status"])
        error = answer["error"]
        codes = [error["code"], error.get("reason", error["code"])]
        raise NotPossible(error["message"], *codes, *(str(one["code"]) for one in error.get("findings", ())))

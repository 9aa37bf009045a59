"""The way of a request through a system: authenticate, apply a fault, do the work once per idempotency key, log."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from sandbox.authentication import Authenticator
from sandbox.errors import BusinessError, error_response, validation_error_response
from sandbox.faults import apply_fault, consume_fault
from sandbox.settings import Settings
from sandbox.store import Row, Store, timestamp
from sandbox.unit_of_work import Resource, UnitOfWork

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def _current_unit_of_work(request: Request) -> UnitOfWork:
    work: UnitOfWork = request.state.work
    return work


UnitOfWorkDep = Annotated[UnitOfWork, Depends(_current_unit_of_work)]
"""Gives a system's function access to the data within the request's transaction."""


def system_router(name: str, authenticator: Authenticator, **collections: str) -> APIRouter:
    """The routes of one system below `/<name>`. Each function runs once per `Idempotency-Key`.

    `collections`: path → kind, such as `shipments="shipment"` for `GET /shipments/{id}`.
    """

    class Route(APIRoute):
        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def respond(request: Request) -> Response:
                return await RequestPipeline(request, name, self.name, authenticator).respond(handle)

            return respond

    router = APIRouter(prefix=f"/{name}", route_class=Route, tags=[name])
    router.add_api_route("/ready", _ready, name=f"{name} ready")
    for path, kind in collections.items():
        router.add_api_route(f"/{path}/{{id}}", _reader(kind), name=kind)
    return router


async def _ready() -> dict[str, bool]:
    """Whether the system works. A fault that affects the whole system affects this, too."""
    return {"ready": True}


def _reader(kind: str) -> Callable[[str, UnitOfWork], Coroutine[Any, Any, Resource]]:
    async def read(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002 - the name is part of the path
        return work.get(kind, id)

    return read


class RequestPipeline:
    def __init__(self, request: Request, system: str, effect: str, authenticator: Authenticator) -> None:
        """`effect` names in the log what the request does."""
        self._request = request
        self._system = system
        self._effect = effect
        self._authenticator = authenticator
        self._store: Store = request.app.state.store
        self._settings: Settings = request.app.state.settings
        self._method = request.method
        self._path = request.url.path.removeprefix(f"/{system}")
        self._is_mutation = request.method != "GET"
        self._idempotency_key = request.headers.get("idempotency-key")

    async def respond(self, handle: Handler) -> Response:
        if not self._authenticator(self._request.headers, self._settings.secret):
            return error_response(401, "unauthorized", f"{self._system} does not know the caller")
        await self._request.body()  # read before any transaction, so that a slow client blocks nobody
        async with self._store.transaction():
            already_done = self._find_stored_response() is not None
            fault = consume_fault(self._store, self._system, self._method, self._path, already_done=already_done)
        response = await apply_fault(fault, lambda: self._run_once(handle))
        async with self._store.transaction():
            self._log_request(response)
        return response

    async def _run_once(self, handle: Handler) -> Response:
        """The stored response if the key was seen before; else does the work and stores its response."""
        async with self._store.transaction():
            fingerprint = await self._fingerprint()
            stored = self._find_stored_response()
            if stored is None:
                return await self._run_handler(handle, fingerprint)
            if stored["request"] != fingerprint:
                message = f"the key {self._idempotency_key} was used for another request"
                return error_response(422, "idempotency_key_reused", message)
            headers = {"Idempotency-Replayed": "true"}
            return JSONResponse(json.loads(stored["body"]), stored["status"], headers)

    def _find_stored_response(self) -> Row | None:
        if not (self._idempotency_key and self._is_mutation):
            return None
        return self._store.fetch_one(
            "select request, status, body from answers where system = ? and key = ?",
            self._system, self._idempotency_key,
        )  # fmt: skip

    async def _run_handler(self, handle: Handler, fingerprint: str) -> Response:
        self._request.state.work = UnitOfWork(self._store, self._system, self._settings.delays)
        try:
            async with self._store.savepoint():
                response = await handle(self._request)
        except RequestValidationError as error:
            return validation_error_response(error)
        except BusinessError as error:
            response = error_response(error.status, error.code, str(error))
        else:
            if self._is_mutation:
                self._log_effect(response)
        if self._idempotency_key and self._is_mutation:
            self._store.execute(
                "insert into answers values (?, ?, ?, ?, ?)",
                self._system, self._idempotency_key, fingerprint, response.status_code, bytes(response.body).decode(),
            )  # fmt: skip
        self._request.app.state.scheduler.wake()
        return response

    async def _fingerprint(self) -> str:
        head = f"{self._method} {self._request.url.path}?{self._request.url.query}\n".encode()
        return hashlib.sha256(head + await self._request.body()).hexdigest()

    def _log_effect(self, response: Response) -> None:
        body = json.loads(bytes(response.body))
        self._store.execute(
            "insert into effects (key, system, method, path, effect, resource, at) values (?, ?, ?, ?, ?, ?, ?)",
            self._idempotency_key, self._system, self._method, self._path, self._effect, body.get("id"), timestamp(),
        )  # fmt: skip

    def _log_request(self, response: Response) -> None:
        self._store.execute(
            "insert into requests (key, system, method, path, status, replayed, at) values (?, ?, ?, ?, ?, ?, ?)",
            self._idempotency_key, self._system, self._method, self._path, response.status_code,
            "Idempotency-Replayed" in response.headers, timestamp(),
        )  # fmt: skip

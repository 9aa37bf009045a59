"""One request to a system, from its credentials to its answer: done at most once per idempotency key, and logged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from sandbox.credentials import Credential
from sandbox.errors import BusinessError, error_response, invalid_request
from sandbox.faults import answer_with, strike
from sandbox.request_context import Work
from sandbox.settings import Settings
from sandbox.store import Row, Store, timestamp

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def _current_work(request: Request) -> Work:
    work: Work = request.state.work
    return work


Working = Annotated[Work, Depends(_current_work)]
"""What a system's function asks for to do its work inside the request's transaction."""


def system_router(name: str, credential: Credential) -> APIRouter:
    """The routes of one system, below `/<name>`. Each of its functions is done once per `Idempotency-Key`."""

    class Route(APIRoute):
        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                return await Exchange(request, name, self.name, credential).answer(handle)

            return answer

    router = APIRouter(prefix=f"/{name}", route_class=Route, tags=[name])
    router.add_api_route("/ready", _ready, name=f"{name} ready")
    return router


async def _ready() -> dict[str, bool]:
    """Whether the system does its work: a fault that is switched on for all of it is met here, too."""
    return {"ready": True}


class Exchange:
    """A request on its way through: who calls, what fault strikes, was it done before, do it, note it."""

    def __init__(self, request: Request, system: str, effect: str, credential: Credential) -> None:
        self._request = request
        self._system = system
        self._effect = effect
        self._credential = credential
        self._store: Store = request.app.state.store
        self._settings: Settings = request.app.state.settings
        self._method = request.method
        self._path = request.url.path.removeprefix(f"/{system}")
        self._changes = request.method != "GET"
        self._key = request.headers.get("idempotency-key")

    async def answer(self, handle: Handler) -> Response:
        if not self._credential.accepts(self._request.headers, self._settings.secret):
            return error_response(401, "unauthorized", f"{self._system} does not know who is calling")
        await self._request.body()  # read before any transaction, so that a slow sender holds nobody up
        async with self._store.transaction():
            fault = strike(self._store, self._system, self._method, self._path, done=self._remembered() is not None)
        response = await answer_with(fault, lambda: self._once(handle))
        async with self._store.transaction():
            self._note_request(response)
        return response

    async def _once(self, handle: Handler) -> Response:
        """The remembered answer where the key was seen before; else the work, with its answer remembered."""
        async with self._store.transaction():
            asked = await self._fingerprint()
            remembered = self._remembered()
            if remembered and remembered["request"] != asked:
                return error_response(
                    422, "idempotency_key_reused", f"the key {self._key} came before with another request"
                )
            if remembered:
                headers = {"Idempotency-Replayed": "true"}
                return JSONResponse(json.loads(remembered["body"]), remembered["status"], headers)
            return await self._work(handle, asked)

    def _remembered(self) -> Row | None:
        if not (self._key and self._changes):
            return None
        return self._store.row(
            "select request, status, body from answers where system = ? and key = ?", self._system, self._key
        )

    async def _work(self, handle: Handler, asked: str) -> Response:
        self._request.state.work = Work(self._store, self._system, self._settings.delays)
        try:
            async with self._store.attempt():
                response = await handle(self._request)
        except RequestValidationError as error:
            return invalid_request(error)
        except BusinessError as error:
            response = error_response(error.status, error.code, str(error))
        else:
            if self._changes:
                self._note_effect(response)
        if self._key and self._changes:
            self._store.write(
                "insert into answers values (?, ?, ?, ?, ?)",
                self._system, self._key, asked, response.status_code, bytes(response.body).decode(),
            )  # fmt: skip
        self._request.app.state.clockwork.wake()
        return response

    async def _fingerprint(self) -> str:
        asked = f"{self._method} {self._request.url.path}?{self._request.url.query}\n".encode()
        return hashlib.sha256(asked + await self._request.body()).hexdigest()

    def _note_effect(self, response: Response) -> None:
        body = json.loads(bytes(response.body))
        self._store.write(
            "insert into effects (key, system, method, path, effect, resource, at) values (?, ?, ?, ?, ?, ?, ?)",
            self._key, self._system, self._method, self._path, self._effect, body.get("id"), timestamp(),
        )  # fmt: skip

    def _note_request(self, response: Response) -> None:
        self._store.write(
            "insert into requests (key, system, method, path, status, replayed, at) values (?, ?, ?, ?, ?, ?, ?)",
            self._key, self._system, self._method, self._path, response.status_code,
            "Idempotency-Replayed" in response.headers, timestamp(),
        )  # fmt: skip

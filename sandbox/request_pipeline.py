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

from sandbox.authentication import Authenticator
from sandbox.errors import BusinessError, error_response, validation_error_response
from sandbox.faults import apply_fault, consume_fault
from sandbox.request_context import UnitOfWork
from sandbox.settings import Settings
from sandbox.store import Row, Store, timestamp

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def _current_unit_of_work(request: Request) -> UnitOfWork:
    work: UnitOfWork = request.state.work
    return work


UnitOfWorkDep = Annotated[UnitOfWork, Depends(_current_unit_of_work)]
"""What a system's function asks for to do its work inside the request's transaction."""


def system_router(name: str, authenticator: Authenticator) -> APIRouter:
    """The routes of one system, below `/<name>`. Each of its functions is done once per `Idempotency-Key`."""

    class Route(APIRoute):
        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                return await RequestPipeline(request, name, self.name, authenticator).respond(handle)

            return answer

    router = APIRouter(prefix=f"/{name}", route_class=Route, tags=[name])
    router.add_api_route("/ready", _ready, name=f"{name} ready")
    return router


async def _ready() -> dict[str, bool]:
    """Whether the system does its work: a fault that is switched on for all of it is met here, too."""
    return {"ready": True}


class RequestPipeline:
    """A request on its way through: who calls, what fault strikes, was it done before, do it, note it."""

    def __init__(self, request: Request, system: str, effect: str, authenticator: Authenticator) -> None:
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
        if not self._authenticator.accepts(self._request.headers, self._settings.secret):
            return error_response(401, "unauthorized", f"{self._system} does not know who is calling")
        await self._request.body()  # read before any transaction, so that a slow sender holds nobody up
        async with self._store.transaction():
            fault = consume_fault(
                self._store,
                self._system,
                self._method,
                self._path,
                already_done=self._find_stored_response() is not None,
            )
        response = await apply_fault(fault, lambda: self._run_once(handle))
        async with self._store.transaction():
            self._log_request(response)
        return response

    async def _run_once(self, handle: Handler) -> Response:
        """The remembered answer where the key was seen before; else the work, with its answer remembered."""
        async with self._store.transaction():
            asked = await self._fingerprint()
            remembered = self._find_stored_response()
            if remembered and remembered["request"] != asked:
                return error_response(
                    422, "idempotency_key_reused", f"the key {self._idempotency_key} came before with another request"
                )
            if remembered:
                headers = {"Idempotency-Replayed": "true"}
                return JSONResponse(json.loads(remembered["body"]), remembered["status"], headers)
            return await self._run_handler(handle, asked)

    def _find_stored_response(self) -> Row | None:
        if not (self._idempotency_key and self._is_mutation):
            return None
        return self._store.fetch_one(
            "select request, status, body from answers where system = ? and key = ?",
            self._system,
            self._idempotency_key,
        )

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
        asked = f"{self._method} {self._request.url.path}?{self._request.url.query}\n".encode()
        return hashlib.sha256(asked + await self._request.body()).hexdigest()

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

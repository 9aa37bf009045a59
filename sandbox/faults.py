"""Faults that can be switched on over HTTP, so that others can show what they do when a system misbehaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from typing import Literal

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Receive, Scope, Send

from sandbox.errors import error_response
from sandbox.store import Store, canonical_json

FaultKind = Literal["status", "refuse", "rate_limit", "slow", "drop", "drop_before", "garbage"]


class Fault(BaseModel):
    """What goes wrong, for the next `times` requests that match.

    status: answers `status` and does nothing ·
    refuse: a business error `code`, and does nothing; not for a key that was answered before ·
    rate_limit: 429 with Retry-After · slow: does the work, answers after `seconds` ·
    drop: does the work, then the line goes dead · drop_before: the line goes dead, nothing was done ·
    garbage: does the work, answers what nobody can read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    system: str = "*"
    method: str = Field("*", pattern=r"^(\*|[A-Za-z]+)$")
    path: str = "*"
    """Below the system's prefix; `*` stands for anything: `/reservations/*`."""
    times: int = Field(1, ge=1)
    status: int | None = Field(None, ge=400, le=599)
    code: str | None = None
    message: str = "a fault that was switched on"
    retry_after: float = Field(1, ge=0)
    """Seconds."""
    seconds: float = Field(1, ge=0, le=3600)

    def matches(self, system: str, method: str, path: str) -> bool:
        return (
            fnmatchcase(system, self.system)
            and (self.method == "*" or self.method.upper() == method)
            and fnmatchcase(path, self.path)
        )


def store_fault(store: Store, fault: Fault) -> None:
    store.execute(
        "insert into faults (system, method, path, times, data) values (?, ?, ?, ?, ?)",
        fault.system, fault.method, fault.path, fault.times, canonical_json(fault.model_dump()),
    )  # fmt: skip


def active_faults(store: Store) -> list[dict[str, object]]:
    """Every fault with the number of times that it will still strike."""
    return [json.loads(row["data"]) | {"times": row["times"]} for row in store.fetch_all("select * from faults")]


def consume_fault(store: Store, system: str, method: str, path: str, *, already_done: bool = False) -> Fault | None:
    """The fault that this request meets, counted off; the one switched on first, where several match.

    `done`: the same key was answered before. A system that honours keys does not refuse what it has done.
    """
    for row in store.fetch_all("select sequence, times, data from faults order by sequence"):
        fault = Fault.model_validate_json(row["data"])
        if fault.matches(system, method, path) and not (already_done and fault.kind == "refuse"):
            if row["times"] > 1:
                store.execute("update faults set times = times - 1 where sequence = ?", row["sequence"])
            else:
                store.execute("delete from faults where sequence = ?", row["sequence"])
            return fault
    return None


class DroppedConnection(Response):
    """Announces an answer and never sends it: the server closes the connection in the middle."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})


Responder = Callable[[], Awaitable[Response]]
"""Does the work and gives the true answer."""


async def _status(fault: Fault, respond: Responder) -> Response:
    del respond
    return error_response(fault.status or 503, fault.code or "unavailable", fault.message)


async def _refuse(fault: Fault, respond: Responder) -> Response:
    del respond
    return error_response(fault.status or 409, fault.code or "refused", fault.message)


async def _rate_limit(fault: Fault, respond: Responder) -> Response:
    del respond
    headers = {"Retry-After": f"{fault.retry_after:g}"}
    return error_response(fault.status or 429, fault.code or "too_many_requests", fault.message, headers)


async def _slow(fault: Fault, respond: Responder) -> Response:
    response = await respond()
    await asyncio.sleep(fault.seconds)
    return response


async def _drop(fault: Fault, respond: Responder) -> Response:
    del fault
    await respond()
    return DroppedConnection()


async def _drop_before(fault: Fault, respond: Responder) -> Response:
    del fault, respond
    return DroppedConnection()


async def _garbage(fault: Fault, respond: Responder) -> Response:
    del fault
    await respond()
    return Response("<html><h1>It works!</h1>", 200, media_type="application/json")


FAULT_HANDLERS: dict[FaultKind, Callable[[Fault, Responder], Awaitable[Response]]] = {
    "status": _status,
    "refuse": _refuse,
    "rate_limit": _rate_limit,
    "slow": _slow,
    "drop": _drop,
    "drop_before": _drop_before,
    "garbage": _garbage,
}


async def apply_fault(fault: Fault | None, respond: Responder) -> Response:
    """The answer, gone wrong as the fault says."""
    return await (respond() if fault is None else FAULT_HANDLERS[fault.kind](fault, respond))

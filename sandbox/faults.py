"""Faults that can be switched on over HTTP, to see how callers handle a system that misbehaves."""

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
    """What goes wrong with the next `times` requests that match.

    status: responds with `status`, does no work ·
    refuse: responds with the business error `code`, does no work; not for a key that was answered before ·
    rate_limit: responds with 429 and Retry-After, does no work · slow: does the work, responds after `seconds` ·
    drop: does the work, then drops the connection · drop_before: drops the connection, does no work ·
    garbage: does the work, responds with a body that is not JSON.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    system: str = "*"
    method: str = Field("*", pattern=r"^(\*|[A-Za-z]+)$")
    path: str = "*"
    """Without the system's prefix; `*` matches anything: `/reservations/*`."""
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
    """Every fault, with the number of requests that it will still affect."""
    return [json.loads(row["data"]) | {"times": row["times"]} for row in store.fetch_all("select * from faults")]


def consume_fault(store: Store, system: str, method: str, path: str, *, already_done: bool = False) -> Fault | None:
    """The oldest fault that matches the request, with its count reduced; None if none matches.

    `already_done`: the same key was answered before. A system that honours keys does not refuse what it has done.
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
    """Announces a body and never sends it, so the server closes the connection in the middle of the response."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})


Responder = Callable[[], Awaitable[Response]]
"""Does the work and returns the true response."""

ERROR_FAULTS: dict[FaultKind, tuple[int, str]] = {
    "status": (503, "unavailable"),
    "refuse": (409, "refused"),
    "rate_limit": (429, "too_many_requests"),
}
"""Faults that answer with an error and do no work: default status and code."""


async def apply_fault(fault: Fault | None, respond: Responder) -> Response:
    """The response as the fault distorts it."""
    if fault is None:
        return await respond()
    if fault.kind in ERROR_FAULTS:
        status, code = ERROR_FAULTS[fault.kind]
        headers = {"Retry-After": f"{fault.retry_after:g}"} if fault.kind == "rate_limit" else None
        return error_response(fault.status or status, fault.code or code, fault.message, headers)
    if fault.kind == "drop_before":
        return DroppedConnection()
    response = await respond()
    if fault.kind == "drop":
        return DroppedConnection()
    if fault.kind == "garbage":
        return Response("<html><h1>It works!</h1>", 200, media_type="application/json")
    await asyncio.sleep(fault.seconds)
    return response

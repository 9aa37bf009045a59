"""Control routes below `/_…`, for tests and demos: logs, faults, delays, reset. The systems do not use them."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.dependencies import SettingsDep, StoreDep
from sandbox.errors import BusinessError
from sandbox.faults import Fault, active_faults, store_fault
from sandbox.store import Row, Store

router = APIRouter(tags=["sandbox"])


Seconds = Annotated[float, Field(ge=0, le=31_536_000)]


class GatewayAddress(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str
    token: str | None = None


@router.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


def _log_rows(store: Store, table: str, system: str | None, key: str | None, prefix: str | None) -> list[Row]:
    return store.fetch_all(
        f"select * from {table} where (? is null or system = ?) and (? is null or key = ?)"
        " and (? is null or substr(key, 1, length(?)) = ?) order by sequence",
        system, system, key, key, prefix, prefix, prefix,
    )  # fmt: skip


@router.get("/_log")
async def effects(
    store: StoreDep, system: str | None = None, key: str | None = None, key_prefix: str | None = None
) -> list[Row]:
    """What was really done, oldest first. A repeated key does nothing, so it is not listed again."""
    return _log_rows(store, "effects", system, key, key_prefix)


@router.get("/_requests")
async def requests(
    store: StoreDep, system: str | None = None, key: str | None = None, key_prefix: str | None = None
) -> list[Row]:
    """Every request, oldest first, with its status. `replayed`: the response was a stored one."""
    return [row | {"replayed": bool(row["replayed"])} for row in _log_rows(store, "requests", system, key, key_prefix)]


@router.get("/_state")
async def state(store: StoreDep) -> dict[str, dict[str, list[Row]]]:
    """Every resource, by system and kind."""
    resources: dict[str, dict[str, list[Row]]] = {}
    for row in store.fetch_all("select * from resources order by system, kind, id"):
        resource = {"id": row["id"], "state": row["state"], **json.loads(row["data"])}
        resources.setdefault(row["system"], {}).setdefault(row["kind"], []).append(resource)
    return resources


@router.get("/_deliveries")
async def deliveries(store: StoreDep) -> list[Row]:
    """Callbacks and events: pending, delivered or refused, with the last error. `url` is null for events."""
    rows = store.fetch_all("select state, url, body, attempts, error from deliveries order by sequence")
    return [row | {"body": json.loads(row["body"])} for row in rows]


@router.get("/_faults")
async def faults(store: StoreDep) -> list[dict[str, Any]]:
    return active_faults(store)


@router.post("/_faults", status_code=201)
async def add_fault(fault: Fault, store: StoreDep) -> Fault:
    async with store.transaction():
        store_fault(store, fault)
    return fault


@router.delete("/_faults", status_code=204)
async def clear_faults(store: StoreDep) -> Response:
    async with store.transaction():
        store.execute("delete from faults")
    return Response(status_code=204)


@router.get("/_delays")
async def delays(settings: SettingsDep) -> dict[str, float]:
    """Seconds, by name."""
    return settings.delays


@router.put("/_delays")
async def set_delays(body: dict[str, Seconds], store: StoreDep, settings: SettingsDep) -> dict[str, float]:
    """Sets some delays. They apply to whatever starts from now on, and are kept with the data."""
    if unknown := body.keys() - settings.delays.keys():
        names = ", ".join(settings.delays)
        raise BusinessError("unknown_delay", f"there is no delay {', '.join(sorted(unknown))}; there are {names}", 422)
    async with store.transaction():
        for name, seconds in body.items():
            store.execute("insert or replace into delays values (?, ?)", name, seconds)
    settings.delays.update(body)
    return settings.delays


@router.put("/_gateway", status_code=204)
async def set_gateway(body: GatewayAddress, request: Request, settings: SettingsDep) -> Response:
    """Sets where events are sent, until the next start, because a token is never stored."""
    settings.gateway.url, settings.gateway.token = body.url, body.token
    request.app.state.scheduler.wake()
    return Response(status_code=204)


@router.post("/_reset", status_code=204)
async def reset(store: StoreDep) -> Response:
    """Deletes resources, keys, logs, faults and everything scheduled. Delays stay."""
    await store.clear_history()
    return Response(status_code=204)

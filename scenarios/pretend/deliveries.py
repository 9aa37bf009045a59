"""Sends the callbacks and events of pretend systems to the gateway when they are due."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import structlog

from scenarios.pretend.messages import Callback, Delivery, Event
from scenarios.pretend.world import LoggedDelivery, PretendWorld

logger = structlog.get_logger("pretend")

RETRY_DELAY = 2.0
"""Real seconds until the next try if the gateway does not answer, or answers 5xx."""
TEMPORARY = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Gateway:
    url: str
    token: str = ""


async def send_due(world: PretendWorld, gateway: Gateway) -> None:
    """Until cancelled."""
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        while True:
            world.changed.clear()
            await asyncio.gather(*(_send(world, client, gateway, system, one) for system, one in world.take_due()))
            with suppress(TimeoutError):
                await asyncio.wait_for(world.changed.wait(), world.seconds_until_due())


async def _send(
    world: PretendWorld, client: httpx.AsyncClient, gateway: Gateway, system: str, delivery: Delivery
) -> None:
    result, again = await _post(client, gateway, delivery)
    what = f"{delivery.name} {delivery.key or ''}".strip() if isinstance(delivery, Event) else ""
    body = delivery.payload if isinstance(delivery, Event) else delivery.body
    at = datetime.now(UTC)
    world.deliveries.append(
        LoggedDelivery(at=at, system=system, kind=delivery.kind, what=what, body=body, result=result)
    )
    logger.info("sent", system=system, kind=delivery.kind, what=what, result=result)
    if again:
        pause = timedelta(seconds=RETRY_DELAY * world.clock.speed)
        world.put_back(system, delivery.model_copy(update={"due": world.clock.now() + pause}))
    world.touch()


async def _post(client: httpx.AsyncClient, gateway: Gateway, delivery: Delivery) -> tuple[str, bool]:
    """(the result in words, whether to try again)."""
    headers = {"Authorization": f"Bearer {gateway.token}"} if gateway.token else {}
    try:
        if isinstance(delivery, Callback):
            url = delivery.to if "://" in delivery.to else f"{gateway.url}/callbacks/{delivery.to}"
            response = await client.post(url, json=delivery.body)
        else:
            order = f"/orders/{quote(delivery.order, safe='')}" if delivery.order else ""
            response = await client.post(f"{gateway.url}{order}/events", json=event_body(delivery), headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{type(error).__name__}: {error}", True
    again = response.is_server_error or response.status_code in TEMPORARY
    return f"{response.status_code} {_summary(response)}".strip(), again


def event_body(event: Event) -> dict[str, Any]:
    """The event as the gateway takes it."""
    body = {"event_id": event.event_id, "name": event.name, "payload": event.payload}
    return body if event.key is None else {**body, "key": event.key}


def _summary(response: httpx.Response) -> str:
    """The outcome, or the error's message."""
    try:
        body = response.json()
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return str(error.get("message", ""))[:300]
    return str(body.get("outcome") or body.get("result") or "") if isinstance(body, dict) else ""

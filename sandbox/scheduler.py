"""Runs scheduled actions, and delivers callbacks and events. All of them survive a kill."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress

import httpx

from sandbox.settings import Settings
from sandbox.store import Row, Store, now
from sandbox.unit_of_work import UnitOfWork

ScheduledAction = Callable[[UnitOfWork, str], None]
"""Changes the resource of this id, unless its state no longer allows it."""

MAX_RETRY_DELAY = 5.0
"""Seconds between two attempts at a delivery, at most."""
MAX_REFUSALS = 5
"""A delivery is given up after this many 4xx responses. Without any response it is repeated forever."""
DELIVERY_BATCH_SIZE = 32

logger = logging.getLogger("sandbox")


class Scheduler:
    """One per server."""

    def __init__(
        self, store: Store, settings: Settings, scheduled_actions: dict[tuple[str, str], ScheduledAction]
    ) -> None:
        self._store = store
        self._settings = settings
        self._scheduled_actions = scheduled_actions
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something new may be due."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            while True:
                self._wake.clear()
                await self._run_due_actions()
                await self._deliver_due(client)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._seconds_until_due())

    def _seconds_until_due(self) -> float | None:
        next_due = self._store.fetch_one(
            "select min(due) as due from"
            " (select due from moments union all select due from deliveries where state = 'pending')"
        )
        return None if next_due is None or next_due["due"] is None else max(0.0, next_due["due"] - now())

    async def _run_due_actions(self) -> None:
        async with self._store.transaction():
            for row in self._store.fetch_all("select * from moments where due <= ? order by due, sequence", now()):
                self._store.execute("delete from moments where sequence = ?", row["sequence"])
                work = UnitOfWork(self._store, row["system"], self._settings.delays)
                self._scheduled_actions[row["system"], row["name"]](work, row["resource"])

    async def _deliver_due(self, client: httpx.AsyncClient) -> None:
        async with self._store.transaction():  # waits for writers: nothing is sent that may be rolled back
            due = self._store.fetch_all(
                "select * from deliveries where state = 'pending' and due <= ? order by due, sequence limit ?",
                now(), DELIVERY_BATCH_SIZE,
            )  # fmt: skip
        await asyncio.gather(*(self._deliver_one(client, row) for row in due))

    async def _deliver_one(self, client: httpx.AsyncClient, row: Row) -> None:
        error, permanent = await self._post(client, row)
        attempts = row["attempts"] + 1
        refused = permanent and attempts >= MAX_REFUSALS
        state = "delivered" if error is None else "refused" if refused else "pending"
        pause = min(self._settings.delays["redelivery"] * 2 ** min(attempts - 1, 20), MAX_RETRY_DELAY)
        async with self._store.transaction():
            self._store.execute(
                "update deliveries set state = ?, attempts = ?, error = ?, due = ? where sequence = ?",
                state, attempts, error, now() + pause, row["sequence"],
            )  # fmt: skip
        if refused:
            logger.warning("gave up a delivery after %d refusals: %s", attempts, error)

    async def _post(self, client: httpx.AsyncClient, row: Row) -> tuple[str | None, bool]:
        """(the error, or None; whether it is likely to be permanent)."""
        url, headers = row["url"], {}
        if url is None:
            gateway = self._settings.gateway
            if not gateway.url:
                return "no gateway: ORDO_GATEWAY_URL is not set", False
            url = gateway.url.rstrip("/") + "/events"
            headers = {"Authorization": f"Bearer {gateway.token}"} if gateway.token else {}
        try:
            response = await client.post(url, json=json.loads(row["body"]), headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{type(error).__name__}: {error}", False
        if response.is_success:
            return None, False
        permanent = response.is_client_error and response.status_code not in (408, 425, 429)
        return f"HTTP {response.status_code}: {response.text[:200]}", permanent

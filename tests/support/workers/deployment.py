"""A deployment in this process: the worker's own parts, a system that can be scripted, orders that call it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.client import Client

from activities.compilation.live_catalogue import LiveCatalogue
from activities.systems.connections import ConnectionPools
from operations.client import OrderClient
from operations.systems import SystemStatus, read_system_status
from tests.support.servers.scripted_system import Received, Reply, ScriptedServer
from workers.fleet import Fleet
from workers.registrations import build_registrations
from workers.switches import SwitchClient
from workflows.contract.order_messages import Actor
from workflows.contract.order_views import StepView

ANN = Actor(by="ann", reason="month-end closing")
DEADLINE = 60.0

OFFER = """
kind: commercial_product
id: offer
steps:
  ask:
    call: {system: shop, post: "/orders/${order.id}"}
    retry: {max_attempts: 20, initial: 200ms, backoff: 1}
"""
SYSTEM = """
kind: system
id: shop
name: The shop
base_url: %s/api
error_code: response.body.code
"""


async def until(holds: Callable[[], Any]) -> Any:
    """The first value of `holds`, awaited where it can be, that is true."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = holds()
        if value := await value if asyncio.iscoroutine(value) else value:
            return value
        await asyncio.sleep(0.05)
    raise AssertionError("waited in vain")


@dataclass
class Shop:
    """The system. `down`: it answers 503 to all, probes included."""

    http: ScriptedServer
    down: bool = False
    refuses: Reply | None = None
    at: list[float] = field(default_factory=list)
    """When calls came that are no probes."""

    def answer(self, received: Received) -> Reply:
        if received.method == "POST":
            self.at.append(time.monotonic())
        if self.down:
            return Reply(503, {"code": "unavailable"})
        if received.method == "POST" and self.refuses is not None:
            return self.refuses
        return Reply(200, {"done": True})

    @property
    def probes(self) -> list[str]:
        return [received.target for received in self.http.received if received.method == "GET"]


class Deployment:
    def __init__(self, client: Client, folder: Path, shop: Shop, task_queue: str) -> None:
        self.client, self.folder, self.shop, self.task_queue = client, folder, shop, task_queue
        self.orders = OrderClient(client, task_queue)
        self._ending: Callable[[], Any] | None = None

    async def work(self) -> None:
        """Starts a worker, as `worker.py` does."""
        catalogues, connections = LiveCatalogue(self.folder), ConnectionPools()
        switches = SwitchClient(self.client, self.task_queue)
        duties = build_registrations(self.client, self.task_queue, catalogues, connections, switches)
        fleet = Fleet(self.client, self.task_queue, duties, timedelta(seconds=1))
        await fleet.start(catalogues.current)
        switches.schedule_announcement(catalogues.current)

        async def end() -> None:
            await switches.stop()
            await fleet.stop()
            await connections.close()

        self._ending = end

    async def stop_working(self) -> None:
        if self._ending is not None:
            ending, self._ending = self._ending, None
            await ending()

    async def submit(self, count: int) -> list[str]:
        ids = [f"O-{uuid4().hex[:12]}" for _ in range(count)]
        lines = [{"id": "1", "product": "offer"}]
        await asyncio.gather(
            *(self.orders.submit({"id": id_, "customer": {"id": "C-1"}, "lines": lines}) for id_ in ids)
        )
        return ids

    async def step(self, order_id: str) -> StepView:
        (step,) = (await self.orders.read(order_id)).steps
        return step

    async def ended(self, ids: list[str]) -> list[str]:
        return [(await self.orders.wait_until_ended(id_, DEADLINE)).state.value for id_ in ids]

    async def system(self) -> SystemStatus | None:
        return await read_system_status(self.client, "shop", self.task_queue)

    async def is_(self, state: str) -> SystemStatus | None:
        reading = await self.system()
        return reading if reading is not None and reading.view.state == state else None


@asynccontextmanager
async def deployment(client: Client, folder: Path, system: str = "") -> AsyncIterator[Deployment]:
    """`system`: further lines of the system's definition."""
    http = ScriptedServer()
    await http.start()
    shop = Shop(http)
    http.answers(shop.answer)
    (folder / "offer.yaml").write_text(OFFER)
    (folder / "shop.yaml").write_text(SYSTEM % http.url + system)
    made = Deployment(client, folder, shop, f"switch-{uuid4().hex[:8]}")
    await made.work()
    try:
        await until(made.system)
        yield made
    finally:
        await made.stop_working()
        await http.close()

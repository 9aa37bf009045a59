"""Orders that keep coming: some with tasks, refused calls, cancellations and amendments."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from temporalio.api.enums.v1 import EventType

from operations.actions.amend_order import AmendCommand
from operations.client import OrderClient
from operations.errors import OperationError
from operations.reading.order_details import OrderDetails
from tests.support.servers.scripted_system import Received, Reply
from workflows.contract.actions import ACTIONS
from workflows.contract.order_messages import Actor, OrderAction, StepAction, order_workflow_id
from workflows.contract.states import OrderState, StepState

SYSTEM = """
kind: system
id: shop
base_url: ${env.GREETER_URL}
auth: {bearer: {env: GREETER_TOKEN}}
breaker: false
"""
OFFERS = """
kind: commercial_product
id: chain
decomposes_to: [{product: parcel, when: quantity > 0}]
---
kind: technical_product
id: parcel
steps:
  reserve:
    call: {system: shop, post: /reserve, body: {order: "${order.id}"}}
    retry: {max_attempts: 50, initial: 50ms, backoff: 1}
  pack:
    call: {system: shop, post: /pack, body: {order: "${order.id}"}}
    retry: {max_attempts: 50, initial: 50ms, backoff: 1}
    after: [reserve]
  ship:
    call: {system: shop, post: /ship, body: {order: "${order.id}"}}
    retry: {max_attempts: 50, initial: 50ms, backoff: 1}
    after: [pack]
---
kind: commercial_product
id: visit
steps:
  book:
    call: {system: shop, post: /book, body: {order: "${order.id}"}}
    retry: {max_attempts: 50, initial: 50ms, backoff: 1}
  install:
    manual: {queue: field}
    after: [book]
---
kind: commercial_product
id: stubborn
steps:
  ask:
    call: {system: shop, post: /ask, body: {order: "${order.id}"}}
    retry: {max_attempts: 1}
"""
ANN = Actor(by="ann", reason="chaos")
PATIENCE = 120.0
"""Seconds for one thing that a person wants of an order: a worker that was killed is noticed after some seconds."""
EXPECTED = (
    OrderState.COMPLETED, OrderState.COMPLETED, OrderState.CANCELLED, OrderState.COMPLETED, OrderState.COMPLETED
)  # fmt: skip


@dataclass
class Shop:
    """A system that is sometimes busy, and refuses the first `/ask` of each order."""

    asked: set[str] = field(default_factory=set)
    requests: int = 0

    def __call__(self, received: Received) -> Reply:
        self.requests += 1
        order = str(json.loads(received.body)["order"])
        if received.path == "/ask" and order not in self.asked:
            self.asked.add(order)
            return Reply(422, {"error": "refused"})
        is_busy = self.requests % 9 == 0 and received.path != "/ask"
        return Reply(503, {}) if is_busy else Reply(200, {"id": f"{received.path}-{self.requests}"})


@dataclass
class OrderLoad:
    orders: OrderClient
    prefix: str
    sent: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Orders that did not end as they should, in sentences."""

    async def run(self, per_second: float, until: Callable[[], bool]) -> None:
        """Submits orders until then, and returns when all have ended."""
        lives: list[asyncio.Task[None]] = []
        while not until():
            number = len(lives)
            lives.append(asyncio.create_task(self._live(f"{self.prefix}-{number}", number % len(EXPECTED))))
            await asyncio.sleep(1 / per_second)
        await asyncio.gather(*lives)

    async def _live(self, order_id: str, kind: int) -> None:
        self.sent.append(order_id)
        product = ("chain", "visit", "visit", "visit", "stubborn")[kind]
        order = _order(order_id, product)
        await self._insist(lambda: self.orders.submit(order))
        match kind:
            case 1:
                await self._complete(order_id)
            case 2:
                await self._until(order_id, StepState.IN_PROGRESS, "install")
                await self._act(order_id, "cancel", OrderAction(actor=ANN))
            case 3:
                await self._until(order_id, StepState.IN_PROGRESS, "install")
                await self._insist(lambda: self.orders.amend(AmendCommand(_order(order_id, product, "chain"), ANN)))
                await self._complete(order_id)
            case 4:
                step = await self._until(order_id, StepState.FATALLY_FAILED, "ask")
                await self._act(order_id, "retry", StepAction(step=step, actor=ANN))
        ended = await self.orders.wait_until_ended(order_id, PATIENCE * 2)
        if ended.state is not EXPECTED[kind] or ended.interrupted is not None:
            self.wrong.append(f"{order_id} ended {ended.state}, not {EXPECTED[kind]}")

    async def _complete(self, order_id: str) -> None:
        step = await self._until(order_id, StepState.IN_PROGRESS, "install")
        await self._act(order_id, "complete", StepAction(step=step, actor=ANN, data={}))

    async def _act(self, order_id: str, action: str, request: Any) -> None:
        await self._insist(lambda: self.orders.perform_action(order_id, ACTIONS[action], request))

    async def _until(self, order_id: str, state: StepState, name: str) -> str:
        """The id of the step, once it is in that state."""
        deadline = time.monotonic() + PATIENCE
        while True:
            details: OrderDetails = await self._insist(lambda: self.orders.read(order_id))
            for step in details.steps:
                if step.state is state and f".{name}" in step.id:
                    return step.id
            assert time.monotonic() < deadline, f"{order_id}: {[(s.id, s.state.value) for s in details.steps]}"
            await asyncio.sleep(0.4)

    async def _insist(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Asks again while no worker answers. What was accepted and is asked again is refused, which is as good."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return await ask()
            except OperationError as error:
                if error.code in ("not_now", "stale", "ended", "not_found", "conflict"):
                    return None
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.4)


def _order(order_id: str, *products: str) -> dict[str, Any]:
    lines = [{"id": str(number), "product": product} for number, product in enumerate(products, start=1)]
    return {"id": order_id, "customer": {"id": "C-1", "name": "Elm Street 14"}, "lines": lines}


@dataclass
class TaskTimes:
    """How long workflow tasks took, in seconds, while the database was well and while it was not."""

    well: list[float] = field(default_factory=list)
    troubled: list[float] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)
    """How workflow tasks ended."""

    def slower(self) -> float:
        """Seconds that a task took longer in the middle while the database was in trouble."""
        return median(self.troubled) - median(self.well)


async def read_task_times(
    orders: OrderClient, order_ids: list[str], windows: list[tuple[datetime, datetime]]
) -> TaskTimes:
    """From the orders' own histories."""
    times = TaskTimes()
    for order_id in order_ids:
        started: dict[int, datetime] = {}
        async for event in orders.client.get_workflow_handle(order_workflow_id(order_id)).fetch_history_events():
            at = event.event_time.ToDatetime(tzinfo=UTC)
            match event.event_type:
                case EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
                    started[event.event_id] = at
                case EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                    begun = started[event.workflow_task_completed_event_attributes.started_event_id]
                    is_troubled = any(begin <= begun <= end for begin, end in windows)
                    took = (at - begun) / timedelta(seconds=1)
                    (times.troubled if is_troubled else times.well).append(took)
                    times.endings["completed"] += 1
                case EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                    times.endings["failed"] += 1
                case EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
                    times.endings["timed out"] += 1
    return times

"""Where a story takes place: the running stack, the sandbox's levers and records, and the screen."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from operations.errors import Refused
from operations.reading.read_order import OrderReading
from stack.demo_output import Screen
from stack.errors import StackError
from stack.stack import RunningStack
from stack.up import command
from views.order.follow import follow
from workflows.contract.order_messages import Actor

TELLER = Actor(by="demo", reason="the demo tells a story")
LONGEST = 60.0
"""Seconds after which an order that has not come where the story wants it is called stuck."""
GLANCE = 0.2
"""Seconds between two looks at an order."""


@dataclass(frozen=True)
class Stage:
    stack: RunningStack
    screen: Screen

    # orders

    def order_id(self, prefix: str) -> str:
        """A new one, since a story may be told again on the same data."""
        return f"{prefix}-{uuid.uuid4().hex[:6].upper()}"

    async def submit(self, order: dict[str, Any]) -> None:
        submission = await self.stack.orders.submit(order)
        if submission.decision is None:
            raise StackError(f"No worker has taken order {order['id']} up. Its log: {self.stack.folder.log('worker')}")
        if not submission.accepted:
            raise Refused("rejected", f"Order {order['id']} was rejected", submission.decision.findings)

    async def until(self, order_id: str, holds: Callable[[OrderReading], bool]) -> OrderReading:
        """The order as soon as that is so. Raises StackError where it takes too long."""
        try:
            async with asyncio.timeout(LONGEST):
                while not holds(reading := await self.stack.orders.read(order_id)):  # noqa: ASYNC110 - it changes there
                    await asyncio.sleep(GLANCE)
        except TimeoutError:
            raise StackError(f"Order {order_id} is stuck: {self.by_hand(f'why {order_id}')} tells on what") from None
        return reading

    async def followed(self, order_id: str) -> OrderReading:
        """Shows the order live until it has ended."""
        return await follow(self.stack.orders, order_id, self.screen.console, LONGEST)

    def by_hand(self, words: str) -> str:
        """The command line with which a person does it."""
        return command(self.stack, words)

    def say_by_hand(self, words: str) -> None:
        self.screen.say(f"By hand: {self.by_hand(words)}")

    # the sandbox

    async def _ask(self, method: str, path: str, **given: Any) -> Any:
        async with httpx.AsyncClient(base_url=self.stack.addresses.sandbox, trust_env=False) as sandbox:
            answer = (await sandbox.request(method, path, **given)).raise_for_status()
        return answer.json() if answer.content else None

    async def set_delays(self, delays: Mapping[str, float]) -> None:
        await self._ask("PUT", "/_delays", json=dict(delays))

    async def break_down(self, system: str) -> None:
        """From now on everything that is asked of the system is answered with 503."""
        await self._ask("POST", "/_faults", json={"kind": "status", "system": system, "times": 100_000})

    async def mend(self) -> None:
        await self._ask("DELETE", "/_faults")

    async def effects(self, order_id: str) -> list[dict[str, Any]]:
        """What the systems have really done for an order, oldest first."""
        effects: list[dict[str, Any]] = await self._ask("GET", "/_log", params={"key_prefix": f"{order_id}/"})
        return effects

    async def records(self, order_id: str) -> list[Record]:
        """What the systems hold that the order has made or touched, in the order in which they first did."""
        state = await self._ask("GET", "/_state")
        known = {
            row["id"]: Record(system, kind, row)
            for system, kinds in state.items()
            for kind in kinds
            for row in kinds[kind]
        }
        touched = dict.fromkeys(effect["resource"] for effect in await self.effects(order_id))
        return [known[id_] for id_ in touched if id_ in known]

    async def told(self, order_id: str) -> list[dict[str, Any]]:
        """What customer care was told of the order: CloudEvents."""
        events: list[dict[str, Any]] = await self._ask("GET", "/_notifications", params={"order_id": order_id})
        return events

    def show_records(self, records: list[Record]) -> None:
        for record in records:
            self.screen.point(
                f"{record.system:<12}  {record.kind:<12}  {record.id:<14}  {record.state}{record.about()}"
            )


@dataclass(frozen=True)
class Record:
    """One thing that a system holds."""

    system: str
    kind: str
    data: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def state(self) -> str:
        return str(self.data["state"])

    def about(self) -> str:
        told = [f"{self.data['quantity']} × {self.data['sku']}"] if "sku" in self.data else []
        told += [f"{self.data['amount']:g} {self.data.get('currency', 'EUR')}"] if "amount" in self.data else []
        return "".join(f"  {each}" for each in told)

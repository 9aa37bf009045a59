"""Where a story takes place: the running stack, the sandbox's levers and records, and the screen."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from operations.errors import OperationRefused
from operations.reading.order_details import OrderDetails
from stack.demo_output import DemoOutput
from stack.errors import StackError
from stack.stack import RunningStack
from stack.up import cli_command
from views.order.watch import follow
from workflows.contract.order_messages import Actor

STORY_ACTOR = Actor(by="demo", reason="the demo tells a story")
STUCK_AFTER = 60.0
"""Seconds after which an order that has not come where the story wants it is called stuck."""
POLL_INTERVAL = 0.2
"""Seconds between two looks at an order."""


@dataclass(frozen=True)
class StoryContext:
    stack: RunningStack
    output: DemoOutput

    # orders

    def new_order_id(self, prefix: str) -> str:
        """A new one, since a story may be told again on the same data."""
        return f"{prefix}-{uuid.uuid4().hex[:6].upper()}"

    async def submit(self, order: dict[str, Any]) -> None:
        submission = await self.stack.orders.submit(order)
        if submission.decision is None:
            raise StackError(
                f"No worker has taken order {order['id']} up. Its log: {self.stack.folder.log_file('worker')}"
            )
        if not submission.accepted:
            raise OperationRefused("rejected", f"Order {order['id']} was rejected", submission.decision.findings)

    async def wait_until(self, order_id: str, condition: Callable[[OrderDetails], bool]) -> OrderDetails:
        """The order as soon as that is so. Raises StackError where it takes too long."""
        try:
            async with asyncio.timeout(STUCK_AFTER):
                while not condition(reading := await self.stack.orders.read(order_id)):  # noqa: ASYNC110 - it changes there
                    await asyncio.sleep(POLL_INTERVAL)
        except TimeoutError:
            raise StackError(
                f"Order {order_id} is stuck: {self.cli_command(f'why {order_id}')} tells on what"
            ) from None
        return reading

    async def follow_order(self, order_id: str) -> OrderDetails:
        """Shows the order live until it has ended."""
        return await follow(self.stack.orders, order_id, self.output.console, STUCK_AFTER)

    def cli_command(self, arguments: str) -> str:
        """The command line with which a person does it."""
        return cli_command(self.stack, arguments)

    def print_cli_command(self, arguments: str) -> None:
        self.output.print_line(f"By hand: {self.cli_command(arguments)}")

    # the sandbox

    async def _request_sandbox(self, method: str, path: str, **given: Any) -> Any:
        async with httpx.AsyncClient(base_url=self.stack.addresses.sandbox, trust_env=False) as sandbox:
            answer = (await sandbox.request(method, path, **given)).raise_for_status()
        return answer.json() if answer.content else None

    async def set_delays(self, delays: Mapping[str, float]) -> None:
        await self._request_sandbox("PUT", "/_delays", json=dict(delays))

    async def fail_system(self, system: str) -> None:
        """From now on everything that is asked of the system is answered with 503."""
        await self._request_sandbox("POST", "/_faults", json={"kind": "status", "system": system, "times": 100_000})

    async def clear_faults(self) -> None:
        await self._request_sandbox("DELETE", "/_faults")

    async def effects(self, order_id: str) -> list[dict[str, Any]]:
        """What the systems have really done for an order, oldest first."""
        effects: list[dict[str, Any]] = await self._request_sandbox(
            "GET", "/_log", params={"key_prefix": f"{order_id}/"}
        )
        return effects

    async def records(self, order_id: str) -> list[SystemRecord]:
        """What the systems hold that the order has made or touched, in the order in which they first did."""
        state = await self._request_sandbox("GET", "/_state")
        known = {
            row["id"]: SystemRecord(system, kind, row)
            for system, kinds in state.items()
            for kind in kinds
            for row in kinds[kind]
        }
        touched = dict.fromkeys(effect["resource"] for effect in await self.effects(order_id))
        return [known[id_] for id_ in touched if id_ in known]

    async def notifications(self, order_id: str) -> list[dict[str, Any]]:
        """What customer care was told of the order: CloudEvents."""
        events: list[dict[str, Any]] = await self._request_sandbox(
            "GET", "/_notifications", params={"order_id": order_id}
        )
        return events

    def show_records(self, records: list[SystemRecord]) -> None:
        for record in records:
            self.output.print_bullet(
                f"{record.system:<12}  {record.kind:<12}  {record.id:<14}  {record.state}{record.description()}"
            )


@dataclass(frozen=True)
class SystemRecord:
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

    def description(self) -> str:
        told = [f"{self.data['quantity']} × {self.data['sku']}"] if "sku" in self.data else []
        told += [f"{self.data['amount']:g} {self.data.get('currency', 'EUR')}"] if "amount" in self.data else []
        return "".join(f"  {each}" for each in told)

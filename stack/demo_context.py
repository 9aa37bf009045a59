"""What a demo or story works with: the running stack, the controls and records of the sandbox, and the screen."""

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
from stack.running_stack import RunningStack
from views.order.watch import follow
from workflows.contract.order_messages import Actor

STORY_ACTOR = Actor(by="demo", reason="part of the story")
STUCK_AFTER = 60.0
"""Seconds after which an order that has not reached the expected state is called stuck."""
POLL_INTERVAL = 0.2


def home_security_order(order_id: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": order_id,
        "customer": {"id": f"C-{order_id}", "name": "Elm Street 14", "tier": "gold"},
        "lines": [{"id": "1", "product": "home_security", "attributes": attributes}],
    }


@dataclass(frozen=True)
class DemoContext:
    stack: RunningStack
    output: DemoOutput

    # orders

    def new_order_id(self, prefix: str) -> str:
        """Unique, because a story may run again on the same data."""
        return f"{prefix}-{uuid.uuid4().hex[:6].upper()}"

    async def submit(self, order: dict[str, Any]) -> None:
        submission = await self.stack.orders.submit(order)
        if submission.decision is None:
            raise StackError(
                f"No worker has accepted order {order['id']}. The worker's log: {self.stack.folder.log_file('worker')}"
            )
        if not submission.accepted:
            raise OperationRefused("rejected", f"Order {order['id']} was rejected", submission.decision.findings)

    async def wait_until(self, order_id: str, condition: Callable[[OrderDetails], bool]) -> OrderDetails:
        """The order once `condition` holds. Raises StackError after STUCK_AFTER."""
        try:
            async with asyncio.timeout(STUCK_AFTER):
                while not condition(reading := await self.stack.orders.read(order_id)):  # noqa: ASYNC110 - the server changes it
                    await asyncio.sleep(POLL_INTERVAL)
        except TimeoutError:
            raise StackError(
                f"Order {order_id} is stuck: {self.stack.cli_command(f'why {order_id}')} shows what it waits for."
            ) from None
        return reading

    async def follow_order(self, order_id: str, stuck_after: float = STUCK_AFTER) -> OrderDetails:
        """Shows the order live until it has ended."""
        return await follow(self.stack.orders, order_id, self.output.console, stuck_after)

    def print_cli_command(self, arguments: str) -> None:
        self.output.print_line(f"By hand: {self.stack.cli_command(arguments)}")

    # the sandbox

    async def _request_sandbox(self, method: str, path: str, **options: Any) -> Any:
        async with httpx.AsyncClient(base_url=self.stack.addresses.sandbox, trust_env=False) as sandbox:
            response = (await sandbox.request(method, path, **options)).raise_for_status()
        return response.json() if response.content else None

    async def set_delays(self, delays: Mapping[str, float]) -> None:
        await self._request_sandbox("PUT", "/_delays", json=dict(delays))

    async def add_fault(self, kind: str, system: str, **fault: Any) -> None:
        await self._request_sandbox("POST", "/_faults", json={"kind": kind, "system": system, **fault})

    async def clear_faults(self) -> None:
        await self._request_sandbox("DELETE", "/_faults")

    async def effects(self, order_id: str) -> list[dict[str, Any]]:
        """What the systems have really done for an order, oldest first."""
        return await self._order_log("/_log", order_id)

    async def requests(self, order_id: str) -> list[dict[str, Any]]:
        """Every request that the systems received for an order, oldest first."""
        return await self._order_log("/_requests", order_id)

    async def _order_log(self, path: str, order_id: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = await self._request_sandbox("GET", path, params={"key_prefix": f"{order_id}/"})
        return entries

    async def records(self, order_id: str) -> list[SystemRecord]:
        """The systems' records that the order has created or changed, in the order in which it first did."""
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
        """The CloudEvents that customer care got about the order."""
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
    """A record of a system."""

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
        parts = [f"{self.data['quantity']} × {self.data['sku']}"] if "sku" in self.data else []
        parts += [f"{self.data['amount']:g} {self.data.get('currency', 'EUR')}"] if "amount" in self.data else []
        return "".join(f"  {part}" for part in parts)

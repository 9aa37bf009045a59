"""Orders of people that run on a real server, and of which a ledger is told."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine

from tests.ledger.retention.ledger_orders import write
from tests.support.core.plans import call, plan_of
from tests.support.ledger.recording_sink import RecordingSink
from tests.support.workflows.order_runner import Desk, Order

STEPS = {
    "reserve": call(),
    "visit": {
        "manual": {
            "queue": "field",
            "instructions": "ring at ${order.customer.name}",
            "form": {"note": {"type": "string"}},
        },
        "after": ["reserve"],
    },
}


@dataclass(frozen=True)
class Person:
    """A customer whose data can be told apart from all other bytes."""

    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    @property
    def customer_id(self) -> str:
        return f"C-{self.mark}"

    @property
    def customer(self) -> dict[str, str]:
        return {"id": self.customer_id, "name": f"Quill{self.mark} Nora", "email": f"nora@{self.mark}.example"}

    @property
    def texts(self) -> list[str]:
        """What must not be found anywhere. The mark is part of each."""
        return [self.mark, self.mark.upper()]


@dataclass
class PeopleDesk:
    desk: Desk
    engine: Engine
    sink: RecordingSink
    _told: dict[str, int] = field(default_factory=dict)

    async def submit(self, person: Person, order_id: str | None = None) -> Order:
        """An order that waits at its task."""
        order_id = order_id or f"O-{uuid.uuid4().hex[:8]}"
        self.desk.script.plans[order_id] = plan_of(
            STEPS, order=order_id, customer=person.customer, characteristics={"access": f"key at {person.mark}"}
        )
        decision = await self.desk.send(order_id)
        assert decision.accepted
        order = Order(self.desk.client, order_id)
        await order.until_state(visit="in_progress")
        self.write(order_id)
        return order

    async def complete(self, order: Order, entered: Mapping[str, str]) -> None:
        await order.act("complete", "visit", dict(entered))
        assert await order.ended() == "completed"
        await self.sink.until_state(order.id, "completed")
        self.write(order.id)

    async def submit_and_complete(self, person: Person) -> Order:
        order = await self.submit(person)
        await self.complete(order, {"note": f"met {person.mark}"})
        return order

    def write(self, order_id: str) -> None:
        """What the order has told since the last time."""
        changes = self.sink.of(order_id)
        write(self.engine, *changes[self._told.get(order_id, 0) :])
        self._told[order_id] = len(changes)

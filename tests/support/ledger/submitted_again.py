"""An order that was rejected, then fulfilled, and then runs as its second revision."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder
from workflows.contract.order_changes import OrderChange
from workflows.contract.states import OrderState

BEGAN = [EPOCH + timedelta(days=days) for days in (0, 1, 2)]


def rejected(order_id: str) -> Iterable[OrderChange]:
    order = _submission(order_id, "run-z", BEGAN[0])
    return order.complete(), order.end(OrderState.REJECTED)


def fulfilled(order_id: str) -> Iterable[OrderChange]:
    order = _submission(order_id, "run-m", BEGAN[1])
    return order.complete(), order.begin(1), order.succeed(1), order.turn(note="all is done"), order.end()


def second_revision(order_id: str) -> Iterable[OrderChange]:
    order = _submission(order_id, "run-a", BEGAN[2], revision=2)
    return order.complete(), order.begin(1), order.turn(note="once more")


def submitted_again(order_id: str) -> Iterable[OrderChange]:
    return *rejected(order_id), *fulfilled(order_id), *second_revision(order_id)


def _submission(order_id: str, run: str, started_at: datetime, revision: int = 1) -> SimulatedOrder:
    return SimulatedOrder(order_id, f"{run}-of-{order_id}", step_count=3, started_at=started_at, revision=revision)

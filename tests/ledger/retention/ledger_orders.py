"""Orders in a ledger, written by its own writer."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine

from ledger.database import write_transaction
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder
from workflows.contract.order_changes import OrderChange
from workflows.contract.states import OrderState

LATER = EPOCH + timedelta(days=1_000)
"""Long after all orders have ended."""


def write(engine: Engine, *changes: OrderChange) -> None:
    for change in changes:
        with write_transaction(engine) as connection:
            apply_changes(connection, [change])


def write_ended(
    engine: Engine,
    order_id: str,
    state: OrderState = OrderState.COMPLETED,
    started_at: datetime = EPOCH,
    customer: str = "C-42",
) -> SimulatedOrder:
    order = write_running(engine, order_id, started_at, customer)
    write(engine, order.end(state))
    return order


def write_running(
    engine: Engine, order_id: str, started_at: datetime = EPOCH, customer: str = "C-42"
) -> SimulatedOrder:
    """An order of which one step has succeeded, and another one has failed."""
    person = {"id": customer, "name": f"Nora Quill of {customer}", "email": f"nora@{customer.lower()}.example"}
    order = SimulatedOrder(order_id, f"first-run-of-{order_id}", step_count=4, started_at=started_at, customer=person)
    write(engine, order.complete(), order.begin(1), order.succeed(1), order.begin(2), order.fail(2))
    return order

"""Lines whose states change."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine, select

from ledger.database import is_sqlite, write_transaction
from ledger.schema.tables import order_lines, orders
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.query_plans import query_plan, sent_statements
from tests.support.ledger.simulated_orders import SimulatedOrder
from workflows.contract.order_changes import OrderChange
from workflows.contract.states import OrderState

COMPLETED, CANCELLED, IN_PROGRESS = OrderState.COMPLETED, OrderState.CANCELLED, OrderState.IN_PROGRESS


def _write(engine: Engine, *changes: OrderChange) -> None:
    """In one transaction."""
    with write_transaction(engine) as connection:
        assert apply_changes(connection, changes) == []


def _states(engine: Engine, order_id: str) -> list[str]:
    query = select(order_lines.c.state).join(orders, orders.c.key == order_lines.c.order_key)
    with engine.connect() as connection:
        query = query.where(orders.c.order_id == order_id).order_by(order_lines.c.number)
        return list(connection.execute(query).scalars())


def test_each_order_of_a_batch_has_its_own_states(ledger_database: Engine) -> None:
    """The lines of both have the same ids."""
    first, second, third = (SimulatedOrder(f"HS-{number}") for number in range(3))
    _write(ledger_database, first.complete(), second.complete(), third.complete())
    changed = second.turn(line_states={"security_camera@2": COMPLETED, "security_camera@5": CANCELLED})
    _write(ledger_database, first.end(CANCELLED), changed, third.turn(line_states={"1": COMPLETED}))
    assert _states(ledger_database, "HS-0") == [CANCELLED] * 6
    assert _states(ledger_database, "HS-1") == [
        IN_PROGRESS,
        IN_PROGRESS,
        COMPLETED,
        IN_PROGRESS,
        IN_PROGRESS,
        CANCELLED,
    ]
    assert _states(ledger_database, "HS-2") == [COMPLETED] + [IN_PROGRESS] * 5


def test_each_line_is_found_by_an_index(ledger_database: Engine) -> None:
    """On SQLite, a cancellation would else read all lines for each of them. PostgreSQL joins them."""
    order = SimulatedOrder("HS-1")
    _write(ledger_database, order.complete())
    with sent_statements(ledger_database) as sent:
        _write(ledger_database, order.end(CANCELLED))
    updates = [(sql, parameters) for sql, parameters in sent if sql.startswith('UPDATE "order_lines"')]
    assert len(updates) == 1
    if is_sqlite(ledger_database):
        plan = query_plan(ledger_database, *updates[0])
        assert plan == ["SEARCH order_lines USING PRIMARY KEY (order_key=? AND number=?)"]


def test_states_of_a_repaired_change(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1")
    _write(ledger_database, order.complete())
    with write_transaction(ledger_database) as connection:
        change = order.turn(replace(order.steps[1], waits_for="a\0b"), line_states={"1": COMPLETED})
        apply_changes(connection, [change], repair=True)
    assert _states(ledger_database, "HS-1") == [COMPLETED] + [IN_PROGRESS] * 5

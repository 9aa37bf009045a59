"""What an order consists of is read alike with and without how its steps stand."""

from __future__ import annotations

from sqlalchemy import Engine, delete

from ledger.database import write_transaction
from ledger.reading.ledger_reader import LedgerReader
from ledger.reading.single_order.plan_rows import PlanStepRow
from ledger.schema.tables import steps
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.simulated_orders import SimulatedOrder


def test_a_plan_has_the_lines_and_steps_of_the_order(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", step_count=5)
    with write_transaction(ledger_database) as connection:
        for change in (order.complete(), order.begin(1), SimulatedOrder("HS-2").complete()):
            assert apply_changes(connection, [change]) == []
    reader = LedgerReader(ledger_database)
    plan, (read, _) = reader.read_plan("HS-1"), reader.read_order("HS-1")
    assert plan is not None
    assert read is not None
    known = read.order
    assert (plan.order_id, plan.started_at, plan.revision) == (known.order_id, known.started_at, known.revision)
    assert known.lines
    assert (plan.order_lines, plan.lines) == (known.order_lines, known.lines)
    assert [each._asdict() for each in plan.steps] == [
        {name: getattr(step, name) for name in PlanStepRow._fields} for step in read.steps
    ]


def test_a_plan_of_which_the_ledger_lacks_a_step_is_not_read(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", step_count=5)
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [order.complete()])
    reader = LedgerReader(ledger_database)
    assert reader.read_plan("HS-1") is not None
    with write_transaction(ledger_database) as connection:
        connection.execute(delete(steps).where(steps.c.number == 3))
    assert reader.read_plan("HS-1") is None
    assert reader.read_plan("HS-2") is None

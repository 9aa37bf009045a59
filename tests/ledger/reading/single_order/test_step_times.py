from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine, insert

from ledger.database import write_transaction
from ledger.reading.ledger_reader import LedgerReader
from ledger.reading.single_order.timed_steps import AttemptTimes
from ledger.schema.tables import attempts
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.attempt_rows import attempt
from tests.support.ledger.simulated_orders import SimulatedOrder
from workflows.contract.order_views import UndoView
from workflows.contract.states import StepState


def test_times_tell_which_steps_ran_when_and_which_had_trouble(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", step_count=5)
    changes = [order.complete(), order.begin(1), order.succeed(1), order.begin(2), order.fail(2), order.begin(3)]
    undone = replace(order.steps[1], undo=UndoView(state="in_progress"))
    changes += [order.turn(undone), order.turn(replace(order.steps[3], attempts=2))]
    began, step = order.started_at, order.steps[1].id
    rows = [
        attempt("HS-1", step, began + timedelta(seconds=1), 1, outcome="failed"),
        attempt("HS-1", step, began + timedelta(seconds=4), 2),
        attempt("HS-1", step, began + timedelta(seconds=9), 1, effect="undo"),
        attempt("HS-1", step, began - timedelta(days=3), 1),
        attempt("HS-2", step, began, 1),
    ]
    with write_transaction(ledger_database) as connection:
        for change in (*changes, SimulatedOrder("HS-2").complete()):
            assert apply_changes(connection, [change]) == []
        connection.execute(insert(attempts), rows)
    reader = LedgerReader(ledger_database)
    found = reader.read_step_times("HS-1")
    assert found is not None
    assert [(each.number, each.state, each.is_open, each.had_trouble) for each in found] == [
        (1, StepState.COMPLETED, True, True),
        (2, StepState.FATALLY_FAILED, True, True),
        (3, StepState.IN_PROGRESS, True, True),
        (4, StepState.PENDING, True, False),
        (5, StepState.PENDING, True, False),
    ]
    views, _ = reader.read_order("HS-1")
    assert views is not None
    assert [(each.started_at, each.ended_at) for each in found] == [
        (each.started_at, each.ended_at) for each in views.steps
    ]
    last_end = began + timedelta(seconds=4.25)
    assert [each.attempts for each in found] == [AttemptTimes(began + timedelta(seconds=1), last_end, 1), *[None] * 4]
    assert reader.read_step_times("HS-3") is None


def test_some_steps_come_with_all_their_attempts(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", step_count=5)
    at = order.started_at
    rows = [attempt("HS-1", order.steps[number].id, at + timedelta(seconds=number), 1) for number in (1, 2, 4)]
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [order.complete()])
        connection.execute(insert(attempts), rows)
    reader = LedgerReader(ledger_database)
    found = reader.read_attempted_steps("HS-1", [4, 2, 3])
    assert found is not None
    steps, tried = found
    assert [step.number for step in steps] == [2, 3, 4]
    assert [each.step for each in tried] == [order.steps[2].id, order.steps[4].id]
    assert reader.read_attempted_steps("HS-3", [1]) is None

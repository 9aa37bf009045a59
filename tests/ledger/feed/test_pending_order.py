"""Changes that are merged leave the rows that they leave one after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from ledger.database import write_transaction
from ledger.feed.pending_order import DoesNotFollow, PendingOrder, change_size
from ledger.writing.apply_changes import apply_changes
from tests.ledger.writing.test_random_changes import lives
from tests.support.ledger.contents import Rows, clear, read_rows
from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder
from workflows.contract.order_changes import OrderChange
from workflows.contract.order_messages import CorrectionView
from workflows.contract.order_views import ErrorView, HoldView, KeptEventView, UndoView


def _rows_after(engine: Engine, *changes: OrderChange) -> Rows:
    clear(engine)
    for change in changes:
        with write_transaction(engine) as connection:
            assert apply_changes(connection, [change]) == []
    return read_rows(engine)


def _merge(changes: list[OrderChange]) -> OrderChange:
    pending = PendingOrder.of(changes[0], 0)
    for change in changes[1:]:
        pending.add(change)
    return pending.merged()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives(), data=st.data())
def test_a_merged_change_leaves_the_same_rows(ledger_database: Engine, life: object, data: st.DataObject) -> None:
    assert isinstance(life, tuple)
    changes: list[OrderChange] = life[0]
    cut = data.draw(st.integers(0, len(changes)), label="written before the rest is merged")
    rest = [_merge(changes[cut:])] if changes[cut:] else []
    assert _rows_after(ledger_database, *changes[:cut], *rest) == _rows_after(ledger_database, *changes)


def test_a_change_that_does_not_follow_is_not_merged() -> None:
    order = SimulatedOrder("HS-1")
    pending = PendingOrder.of(order.complete(), 0)
    order.begin(1)
    with pytest.raises(DoesNotFollow):
        pending.add(order.succeed(1))


def test_a_change_from_before_is_left_out() -> None:
    order = SimulatedOrder("HS-1")
    first, second = order.complete(), order.begin(1)
    pending = PendingOrder.of(first, 0)
    pending.add(second)
    pending.add(first)
    assert pending.merged().position == second.position
    assert pending.merged().steps[0].state == "in_progress"


def test_an_amendment_without_a_digest_does_not_keep_the_earlier_one() -> None:
    order = SimulatedOrder("HS-1")
    first, begun = order.complete(), order.begin(1)
    assert _merge([first, begun]).digest == first.digest
    amended = replace(order.amend(name="Oak Lane 2"), digest=None)
    assert _merge([first, begun, amended]).digest is None
    assert _merge([first, replace(order.complete(), digest=None)]).digest is None


def test_the_size_grows_with_what_systems_answer_and_not_with_repetition() -> None:
    order = SimulatedOrder("HS-1", step_count=3)
    pending = PendingOrder.of(order.complete(), 0)
    before = pending.size
    for _ in range(50):
        pending.add(order.begin(1))
    assert pending.size < before * 1.5
    step = replace(order.steps[1], output={"log": "x" * 1_000_000})
    pending.add(order.turn(step))
    assert pending.size > 1_000_000


LONG = "x" * 1_000_000


@pytest.mark.parametrize(
    "values",
    [
        {"characteristics": {"notes": LONG}},
        {"customer": {"id": "C-42", "notes": LONG}},
        {"findings": [{"message": LONG}]},
        {"held": [HoldView(scope="order", by="ann", reason=LONG, at=EPOCH)]},
        {"kept_events": [KeptEventView(event_id=LONG, name="delivered", at=EPOCH, reason="no_step")]},
    ],
    ids=lambda values: next(iter(values)),
)
def test_the_size_counts_what_an_order_has_once(values: dict[str, Any]) -> None:
    order = SimulatedOrder("HS-1", step_count=1)
    changes = [order.complete(), order.begin(1), order.succeed(1)]
    before = change_size(changes[0])
    merged = [replace(change, order=replace(change.order, **values)) for change in changes]
    pending = PendingOrder.of(merged[0], 0)
    for change in merged[1:]:
        pending.add(change)
    assert before + len(LONG) < pending.size < before + len(LONG) + 10_000


@pytest.mark.parametrize(
    "values",
    [
        {"output": {"log": LONG}},
        {"corrections": [CorrectionView(name="notes", value=LONG)]},
        {"error": ErrorView(code="stuck", message=LONG, at=EPOCH)},
        {"undo": UndoView(state="failed", error=ErrorView(code="stuck", message=LONG, at=EPOCH))},
    ],
    ids=lambda values: next(iter(values)),
)
def test_the_size_counts_what_a_step_has_once(values: dict[str, Any]) -> None:
    order = SimulatedOrder("HS-1", step_count=1)
    pending = PendingOrder.of(order.complete(), 0)
    before = pending.size
    for _ in range(3):
        pending.add(order.turn(replace(order.steps[1], **values)))
    assert before + len(LONG) < pending.size < before + len(LONG) + 10_000


@pytest.mark.parametrize("name", ["attributes", "named_values"])
def test_the_size_counts_what_lines_have_once(name: str) -> None:
    order = SimulatedOrder("HS-1", step_count=1)
    pending = PendingOrder.of(order.complete(), 0)
    before = pending.size
    first, *others = order.lines
    lines = [first.model_copy(update={name: {**getattr(first, name), "notes": LONG}}), *others]
    for _ in range(2):
        pending.add(order.turn(*order.steps.values(), lines=lines, order_line_count=1))
    assert before + len(LONG) < pending.size < before + len(LONG) + 10_000

"""What changes of orders leave in the tables."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, Table, delete, func, select, update

from activity_contract.line_reasons import LineReason
from ledger.database import write_transaction
from ledger.schema.tables import (
    amendments,
    catalogue_versions,
    clashes,
    gaps,
    line_reasons,
    order_documents,
    order_external_ids,
    order_ids,
    order_lines,
    order_products,
    order_systems,
    order_words,
    orders,
    state_counts,
    steps,
    work_items,
)
from ledger.writing.apply_changes import apply_changes
from ledger.writing.interruptions import mark_interrupted
from ledger.writing.memory import WriterMemory
from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder
from workflows.contract.order_changes import OrderChange
from workflows.contract.order_views import ErrorView, Interruption, InterruptionKind, UndoView
from workflows.contract.states import OrderState, StepState


def _write(engine: Engine, *changes: OrderChange, memory: WriterMemory | None = None) -> list[OrderChange]:
    """Each in a transaction of its own. Returns those that do not apply."""
    memory = memory or WriterMemory()
    missed = []
    for change in changes:
        with write_transaction(engine) as connection:
            missed += apply_changes(connection, [change], memory)
        memory.confirm()
    return missed


def _values(engine: Engine, table: Table, *columns: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        found = connection.execute(select(*(table.c[name] for name in columns))).all()
    return sorted((tuple(row) for row in found), key=str)


def _counts(engine: Engine) -> dict[str, int]:
    total = func.sum(state_counts.c.count)
    with engine.connect() as connection:
        query = select(state_counts.c.state, total).group_by(state_counts.c.state).having(total != 0)
        return {state: int(number) for state, number in connection.execute(query)}


def test_a_step_that_completes_changes_its_row_alone(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", step_count=3)
    assert _write(ledger_database, order.complete(), order.begin(1), order.succeed(1)) == []
    assert _values(ledger_database, steps, "number", "state", "output") == [
        (1, "completed", {"reservation_id": "R-1", "warehouse": "north"}),
        (2, "pending", None),
        (3, "pending", None),
    ]
    assert _values(ledger_database, orders, "order_id", "settled_steps", "step_count") == [("HS-1", 1, 3)]


def test_times_keep_their_microseconds_and_their_zone(ledger_database: Engine) -> None:
    started = EPOCH + timedelta(microseconds=123_457)
    _write(ledger_database, SimulatedOrder("HS-1", started_at=started).complete())
    assert _values(ledger_database, orders, "started_at", "ended_at") == [(started, None)]


def test_a_change_whose_predecessor_is_missing_is_a_gap_until_a_complete_one_comes(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1")
    first = order.complete()
    order.begin(1)
    later = order.succeed(1)
    assert _write(ledger_database, first, later) == [later]
    assert _values(ledger_database, gaps, "order_id", "submission", "reason") == [("HS-1", "first-run", "missed")]
    _write(ledger_database, order.complete())
    assert _values(ledger_database, gaps, "order_id") == []


def test_a_complete_change_removes_steps_and_lines_that_are_no_more(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", step_count=3)
    _write(ledger_database, order.complete())
    order.turn()
    del order.steps[2]
    order.lines = order.lines[:2]
    _write(ledger_database, order.complete())
    assert _values(ledger_database, steps, "number") == [(1,), (3,)]
    assert _values(ledger_database, order_lines, "number", "fulfilment") == [(1, False), (2, True)]


def test_the_order_as_submitted_stays_when_a_later_run_does_not_know_it(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1")
    _write(ledger_database, order.complete())
    order.continue_as_new()
    _write(ledger_database, replace(order.complete(), submitted=None, digest=None))
    assert _values(ledger_database, order_documents, "submitted") == [(order.submitted,)]
    assert _values(ledger_database, order_ids, "digest") == [("sha256:1",)]


def test_documents_of_the_order_follow_its_changes(ledger_database: Engine) -> None:
    order, memory = SimulatedOrder("HS-1"), WriterMemory()
    _write(ledger_database, order.complete(), order.begin(1), memory=memory)
    changed = order.turn()
    changed = replace(changed, order=replace(changed.order, characteristics={"access": "ring twice"}))
    _write(ledger_database, changed, memory=memory)
    assert _values(ledger_database, order_documents, "characteristics") == [({"access": "ring twice"},)]
    _write(ledger_database, order.turn(), memory=memory)
    assert _values(ledger_database, order_documents, "characteristics") == [(order.record.characteristics,)]


def test_what_finds_an_order_follows_an_amendment(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", step_count=3)
    _write(ledger_database, order.complete(), order.begin(3), order.amend(id="C-7", name="Oak Lane 2"))
    words = {str(word) for (word,) in _values(ledger_database, order_words, "word")}
    assert {"oak", "lane", "c-7", "hs-1", "crm-hs-1"} <= words
    assert not words & {"elm", "street"}
    assert _values(ledger_database, order_external_ids, "value") == [("CRM-HS-1",)]
    assert _values(ledger_database, order_products, "product") == [("home_security",)]
    assert _values(ledger_database, order_systems, "system") == [("billing",), ("logistics",)]
    assert _values(ledger_database, work_items, "customer_id", "priority") == [("C-7", 1)]
    assert _values(ledger_database, amendments, "revision", "by", "reason") == [(2, "ann", "the customer called")]


def test_the_reasons_of_a_line_stay_until_others_are_told(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1")
    order.lines = order.lines[:3]
    rule, other = (LineReason("security_camera@1", "rule", "1", name, "always") for name in ("first", "second"))
    _write(
        ledger_database,
        replace(order.complete(), line_reasons=[rule, other]),
        replace(order.complete(), line_reasons=None),
    )
    found = _values(ledger_database, line_reasons, "line_id", "number", "name")
    assert found == [("security_camera@1", 1, "first"), ("security_camera@1", 2, "second")]
    _write(ledger_database, order.complete())
    assert _values(ledger_database, line_reasons, "line_id", "place", "values") == [
        (f"security_camera@{number}", "offers.yaml:21:5", {"attributes.cameras": 4}) for number in (1, 2)
    ]


def test_work_of_people_has_a_row_while_it_is_open(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", step_count=4)
    _write(ledger_database, order.complete(), order.begin(3), order.begin(4), order.fail(4, "out_of_stock"))
    assert _values(ledger_database, work_items, "step_number", "kind", "queue", "system", "error_code") == [
        (3, "task", "field_ops", None, None),
        (4, "fallout", None, "logistics", "out_of_stock"),
    ]
    _write(ledger_database, order.succeed(4))
    assert _values(ledger_database, work_items, "step_number", "kind") == [(3, "task")]
    _write(ledger_database, order.fail(3))
    assert _values(ledger_database, work_items, "step_number", "kind") == [(3, "fallout")]
    _write(ledger_database, order.end(OrderState.FAILED))
    assert _values(ledger_database, work_items, "step_number") == []


def test_the_queue_that_works_on_an_undo_comes_first(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", step_count=3)
    failed = ErrorView(code="stuck", message="stuck", at=EPOCH)
    undo = UndoView(state=StepState.FATALLY_FAILED, queue="undo_desk", error=failed)
    step = replace(order.steps[3], undo=undo, state=StepState.COMPLETED, escalated_to="managers")
    _write(ledger_database, order.complete(), order.turn(step))
    assert _values(ledger_database, work_items, "queue", "second_queue", "third_queue", "since", "escalated") == [
        ("undo_desk", "managers", "field_ops", EPOCH, True)
    ]


def test_the_latest_submission_of_an_id_is_current(ledger_database: Engine) -> None:
    first = SimulatedOrder("HS-1", "first-run", step_count=3)
    second = SimulatedOrder("HS-1", "second-run", step_count=3, started_at=EPOCH + timedelta(days=1), revision=2)
    _write(ledger_database, first.complete(), first.begin(3), second.complete(), first.begin(1), second.begin(3))
    assert _values(ledger_database, orders, "submission", "is_current") == [("first-run", False), ("second-run", True)]
    assert _counts(ledger_database) == {"in_progress": 1}
    with ledger_database.connect() as connection:
        key = connection.execute(select(orders.c.key).where(orders.c.is_current)).scalar_one()
    for table in (order_products, order_systems, order_words, work_items):
        assert {found for (found,) in _values(ledger_database, table, "order_key")} == {key}
    assert _values(ledger_database, clashes, "order_id") == []


def test_submissions_that_come_in_the_wrong_order(ledger_database: Engine) -> None:
    first = SimulatedOrder("HS-1", "first-run")
    second = SimulatedOrder("HS-1", "second-run", started_at=EPOCH + timedelta(days=1), revision=2)
    _write(ledger_database, second.complete(), first.complete())
    assert _values(ledger_database, orders, "submission", "is_current") == [("first-run", False), ("second-run", True)]
    assert _values(ledger_database, order_ids, "submission", "revision") == [("second-run", 2)]


def test_an_id_that_was_accepted_twice_is_a_clash(ledger_database: Engine) -> None:
    first = SimulatedOrder("HS-1", "first-run")
    second = SimulatedOrder("HS-1", "second-run", started_at=EPOCH + timedelta(days=1))
    _write(ledger_database, first.complete(), second.complete(), second.begin(1))
    assert _values(ledger_database, clashes, "order_id", "earlier_submission", "later_submission") == [
        ("HS-1", "first-run", "second-run")
    ]


def _undecided(order: SimulatedOrder) -> OrderChange:
    """As it begins: it is not compiled yet, and may still be rejected."""
    return replace(order.complete(), order=replace(order.record, state=OrderState.ACKNOWLEDGED), lines=[], steps=[])


def test_an_order_clashes_only_once_it_is_accepted(ledger_database: Engine) -> None:
    first = SimulatedOrder("HS-1", "first-run")
    second = SimulatedOrder("HS-1", "second-run", started_at=EPOCH + timedelta(days=1))
    third = SimulatedOrder("HS-1", "third-run", started_at=EPOCH + timedelta(days=2))
    _write(ledger_database, first.complete(), _undecided(second), _undecided(third))
    assert _values(ledger_database, clashes, "later_submission") == []
    second.state = OrderState.REJECTED
    _write(ledger_database, replace(second.complete(), lines=[], steps=[]), third.complete())
    assert _values(ledger_database, clashes, "earlier_submission", "later_submission") == [("first-run", "third-run")]


def test_an_archived_order_clashes_too(ledger_database: Engine) -> None:
    _write(ledger_database, SimulatedOrder("HS-1", "first-run").complete())
    with write_transaction(ledger_database) as connection:
        connection.execute(delete(orders))
    later = EPOCH + timedelta(days=400)
    _write(ledger_database, SimulatedOrder("HS-1", "third-run", started_at=later, revision=2).complete())
    assert _values(ledger_database, clashes, "order_id") == []
    _write(ledger_database, SimulatedOrder("HS-1", "fourth-run", started_at=later + timedelta(days=1)).complete())
    assert _values(ledger_database, clashes, "earlier_submission", "later_submission") == [("third-run", "fourth-run")]


def test_an_order_that_was_rejected_before_is_no_clash(ledger_database: Engine) -> None:
    first = SimulatedOrder("HS-1", "first-run", state=OrderState.REJECTED)
    second = SimulatedOrder("HS-1", "second-run", started_at=EPOCH + timedelta(days=1))
    _write(ledger_database, first.complete())
    assert _values(ledger_database, order_ids, "accepted", "submission") == [(False, "first-run")]
    _write(ledger_database, second.complete())
    assert _values(ledger_database, clashes, "order_id") == []
    assert _values(ledger_database, order_ids, "accepted", "submission", "first_at") == [(True, "second-run", EPOCH)]


REJECTED = OrderState.REJECTED
IN_PROGRESS = OrderState.IN_PROGRESS


@pytest.mark.parametrize("is_together", [False, True])
@pytest.mark.parametrize("is_newest_first", [False, True])
@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([REJECTED, REJECTED], (False, "run-2")),
        ([REJECTED, IN_PROGRESS], (True, "run-2")),
        ([IN_PROGRESS, REJECTED], (True, "run-1")),
        ([IN_PROGRESS, IN_PROGRESS, REJECTED], (True, "run-2")),
    ],
    ids=["rejected twice", "then accepted", "then rejected", "a revision, then rejected"],
)
def test_an_id_is_used_by_the_latest_order_that_was_accepted(
    ledger_database: Engine,
    states: list[OrderState],
    expected: tuple[bool, str],
    is_newest_first: bool,
    is_together: bool,
) -> None:
    """A rebuild writes the latest submission first."""
    changes = [
        SimulatedOrder(
            "HS-1", f"run-{number}", state=state, started_at=EPOCH + timedelta(days=number), revision=number
        ).complete()
        for number, state in enumerate(states, start=1)
    ]
    if is_newest_first:
        changes.reverse()
    for batch in [changes] if is_together else [[change] for change in changes]:
        _write(ledger_database, *batch)
    assert _values(ledger_database, order_ids, "accepted", "submission") == [expected]


def test_an_order_that_is_not_compiled_yet_does_not_use_its_id_up(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", state=OrderState.ACKNOWLEDGED)
    undecided = replace(order.complete(), lines=[], steps=[], digest=None)
    _write(ledger_database, undecided)
    assert _values(ledger_database, order_ids, "order_id") == []
    accepted = replace(order.complete(), digest=None)
    _write(ledger_database, accepted)
    assert _values(ledger_database, order_ids, "order_id", "accepted") == [("HS-1", True)]


def test_an_order_that_is_rejected_after_it_was_asked_leaves_its_id_free(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", state=OrderState.ACKNOWLEDGED)
    undecided = replace(order.complete(), lines=[], steps=[])
    _write(ledger_database, undecided)
    order.state = OrderState.REJECTED
    _write(ledger_database, replace(order.complete(), lines=[], steps=[]))
    assert _values(ledger_database, order_ids, "order_id", "accepted") == [("HS-1", False)]


def test_writers_that_know_a_catalogue_version_use_up_no_keys(ledger_database: Engine) -> None:
    for number in range(4):
        _write(ledger_database, SimulatedOrder(f"HS-{number}").complete(), memory=WriterMemory())
    change = SimulatedOrder("HS-5").complete()
    later = replace(change, order=replace(change.order, catalogue_version="sha256:" + "5f" * 32))
    _write(ledger_database, later, memory=WriterMemory())
    assert _values(ledger_database, catalogue_versions, "key") == [(1,), (2,)]


def test_counts_by_state_are_those_of_current_orders(ledger_database: Engine) -> None:
    several = [SimulatedOrder(f"HS-{number}") for number in range(4)]
    memory = WriterMemory(slot=3)
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [order.complete() for order in several], memory)
    _write(ledger_database, several[0].end(), several[1].end(OrderState.FAILED), memory=WriterMemory(slot=5))
    assert _counts(ledger_database) == {"in_progress": 2, "completed": 1, "failed": 1}


def test_an_order_that_was_ended_from_outside_stays_so_until_it_runs_again(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1")
    late = (order.complete(), order.begin(3))
    _write(ledger_database, late[0])
    with write_transaction(ledger_database) as connection:
        connection.execute(update(orders).values(interrupted_kind="terminated", state="failed", ended_at=EPOCH))
    _write(ledger_database, late[1])
    assert _values(ledger_database, orders, "interrupted_kind", "state", "ended_at") == [
        ("terminated", "failed", EPOCH)
    ]
    assert _values(ledger_database, work_items, "step_number") == []
    order.continue_as_new()
    _write(ledger_database, order.complete())
    assert _values(ledger_database, orders, "interrupted_kind", "state") == [(None, "in_progress")]
    assert _values(ledger_database, work_items, "step_number") == [(3,)]


def test_writers_of_the_same_counters_cannot_deadlock(ledger_database: Engine) -> None:
    interruption = Interruption(kind=InterruptionKind.TERMINATED, at=EPOCH)
    _write(ledger_database, SimulatedOrder("HS-0").complete())

    def write_others() -> None:
        with write_transaction(ledger_database) as connection:
            failed, running = SimulatedOrder("HS-2", state=OrderState.FAILED), SimulatedOrder("HS-3")
            apply_changes(connection, [failed.complete(), running.complete()])

    with ThreadPoolExecutor(1) as pool:
        with write_transaction(ledger_database) as connection:
            apply_changes(connection, [SimulatedOrder("HS-1").complete()])
            others = pool.submit(write_others)
            time.sleep(0.5)  # they count, or wait to
            mark_interrupted(connection, "HS-1", "first-run", interruption)
        others.result()
    assert _counts(ledger_database) == {"failed": 2, "in_progress": 2}


def test_text_that_a_database_refuses_is_repaired_on_demand(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", customer={"id": "C-\0-1", "name": "half \ud83d"})
    failed = order.turn(replace(order.steps[1], waits_for="a\0b", output={"raw": "\ud83d", "nul": "\0"}))
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [replace(order.complete(), position=failed.position)], repair=True)
    assert _values(ledger_database, orders, "customer_id", "customer_name") == [("C-\ufffd-1", "half ?")]
    assert ("a\ufffdb",) in _values(ledger_database, steps, "waits_for")
    assert ({"raw": "?", "nul": "\ufffd"},) in _values(ledger_database, steps, "output")

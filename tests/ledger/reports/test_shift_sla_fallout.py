"""Reports of thousands of orders, compared with what the orders themselves say, on both databases."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from ledger.database import write_transaction
from ledger.reports.fallout import read_fallout
from ledger.reports.model.fallout_report import Resolution
from ledger.reports.period import ReportPeriod
from ledger.reports.shift import read_shift
from ledger.reports.sla import read_sla
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.filled_ledgers import FilledLedger
from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder
from workflows.contract.states import OrderState, StepState

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PERIOD = ReportPeriod(NOW - timedelta(days=90), NOW - timedelta(days=1), NOW)


def is_in(at: datetime | None) -> bool:
    return at is not None and PERIOD.since <= at < PERIOD.until


def test_only_an_order_without_a_plan_is_not_decided_yet(ledger_database: Engine) -> None:
    """An accepted order that is to begin later is acknowledged, too."""
    accepted, submitted = SimulatedOrder("HS-1"), SimulatedOrder("HS-2")
    for order in (accepted, submitted):
        order.state = OrderState.ACKNOWLEDGED
    undecided = replace(
        submitted.complete(), order=replace(submitted.record, catalogue_version=None), lines=[], steps=[]
    )
    period = ReportPeriod(EPOCH - timedelta(days=1), EPOCH + timedelta(days=1), EPOCH + timedelta(days=1))
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [accepted.complete(), undecided])
        arrived = read_shift(connection, period).arrived
    assert (arrived.submitted, arrived.accepted, arrived.undecided) == (2, 1, 1)


def test_a_shift_counts_what_came_ended_and_was_done(filled: FilledLedger) -> None:
    with filled.engine.connect() as connection:
        report = read_shift(connection, PERIOD)
    came = [change.order for change in filled.changes if is_in(change.order.started_at)]
    states = Counter(order.state for order in came)
    assert report.arrived.submitted == len(came) > 100
    assert report.arrived.rejected == states[OrderState.REJECTED]
    assert states[OrderState.ACKNOWLEDGED] > 0, "of these, nothing has begun"
    assert (report.arrived.undecided, report.arrived.accepted) == (0, len(came) - states[OrderState.REJECTED])
    products = Counter(product for order in came for product in order.products)
    assert report.arrived.by_product == dict(sorted(products.items(), key=lambda item: (-item[1], item[0]))[:20])
    ended = [
        change.order
        for change in filled.changes
        if is_in(change.order.ended_at) and change.order.state is not OrderState.REJECTED
    ]
    assert report.ended.by_state == Counter(order.state for order in ended)
    assert report.ended.late == sum(order.jeopardy.value == "late" for order in ended)
    done = Counter(entry.by for change in filled.changes for entry in change.history if entry.by and is_in(entry.at))
    assert {person.by: person.actions for person in report.people} == {by: {"complete": n} for by, n in done.items()}
    assert [person.total for person in report.people] == sorted(done.values(), reverse=True)


def test_a_shift_says_what_is_stuck_by_cause(filled: FilledLedger) -> None:
    with filled.engine.connect() as connection:
        stuck = read_shift(connection, PERIOD).stuck
    fallout = Counter(
        (step.system, step.error.code, step.queue)
        for change in filled.changes
        for step in change.steps
        if step.state is StepState.FATALLY_FAILED and step.error is not None
    )
    assert {(row.system, row.code, row.queue): row.steps for row in stuck.fallout} == fallout
    tasks = [
        step
        for change in filled.changes
        for step in change.steps
        if step.kind == "manual" and step.state is StepState.IN_PROGRESS and change.order.ended_at is None
    ]
    assert {row.queue: row.tasks for row in stuck.tasks} == Counter(step.queue for step in tasks)
    assert sum(row.overdue for row in stuck.tasks) == sum(step.due is not None and step.due < NOW for step in tasks) > 0
    assert sum(row.unclaimed for row in stuck.tasks) == sum(step.holder is None for step in tasks)
    opened = [change.order for change in filled.changes if change.order.ended_at is None]
    late = Counter(order.jeopardy.value for order in opened if order.jeopardy.value != "on_track")
    assert {row.jeopardy.value: row.orders for row in stuck.late} == late
    assert sum(row.orders for row in stuck.held) == sum(order.state is OrderState.HELD for order in opened)


def test_requested_completion_is_kept_or_missed_in_the_period_in_which_that_was_decided(filled: FilledLedger) -> None:
    kept: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    late_by: list[float] = []
    for order in (change.order for change in filled.changes):
        due, done = order.requested_completion, order.ended_at
        if due is None or order.state in (OrderState.REJECTED, OrderState.CANCELLED, OrderState.FAILED):
            continue
        tier = order.customer["tier"]
        if done is not None and done <= due:
            kept[tier] += is_in(done)
        elif (done or NOW) > due and is_in(due):
            missed[tier] += 1
            late_by.append(((done or NOW) - due).total_seconds())
    with filled.engine.connect() as connection:
        report = read_sla(connection, PERIOD, None)
    (total,) = [row for row in report.rows if row.by == "all" and row.promise == "order"]
    assert (total.kept, total.missed) == (kept.total(), missed.total())
    assert total.late_by is not None
    assert (total.late_by.count, total.late_by.longest) == (len(late_by), round(max(late_by), 6))
    by_tier = {row.group: (row.kept, row.missed) for row in report.rows if (row.promise, row.by) == ("order", "tier")}
    assert by_tier == {tier: (kept[tier], missed[tier]) for tier in kept}
    by_product = [row for row in report.rows if (row.promise, row.by) == ("order", "product")]
    assert sum(row.missed for row in by_product) >= total.missed
    assert [row.missed for row in by_product] == sorted((row.missed for row in by_product), reverse=True)


def test_open_fallout_counts_until_now(filled: FilledLedger) -> None:
    with filled.engine.connect() as connection:
        report = read_fallout(connection, PERIOD, None)
    wanted = Counter(
        (step.system, step.error.code)
        for change in filled.changes
        for step in change.steps
        if step.error is not None and step.error.at is not None and step.error.at < PERIOD.until
    )
    assert {(row.system, row.code): row.open for row in report.rows} == wanted
    for row in report.rows:
        assert (row.count, row.resolved, row.took, row.attempts) == (row.open, {}, None, 3 * row.count)
    assert Resolution.OPEN not in {way for row in report.rows for way in row.resolved}

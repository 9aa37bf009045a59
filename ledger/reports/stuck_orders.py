"""What is stuck now: steps in fallout, tasks that are due, orders on hold, interrupted, late or at risk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from ledger.reading.filters.order_criteria import CURRENT
from ledger.reports.model.stuck_orders import (
    FalloutCause,
    HeldOrders,
    InterruptedOrders,
    LateOrders,
    StuckOrders,
    TasksOfQueue,
)
from ledger.schema.tables import order_documents, orders, work_items
from workflows.contract.order_views import InterruptionKind
from workflows.contract.states import ENDED_ORDER_STATES, Jeopardy, OrderState


def read_stuck(connection: Connection, now: datetime) -> StuckOrders:
    return StuckOrders(
        fallout=_fallout(connection),
        tasks=_tasks(connection, now),
        held=_held(connection),
        interrupted=_interrupted(connection),
        late=_late(connection),
    )


def _fallout(connection: Connection) -> list[FalloutCause]:
    at = work_items.c
    cause = (at.system, at.error_code, at.queue)
    query = (
        select(*cause, func.count(), func.count(at.order_key.distinct()), func.min(at.since))
        .where(at.kind == "fallout")
        .group_by(*cause)
    )
    rows = [
        FalloutCause(system=system, code=code, queue=queue, steps=steps, orders=in_orders, since=since)
        for system, code, queue, steps, in_orders, since in connection.execute(query)
    ]
    return sorted(rows, key=lambda row: (-row.steps, row.system or "", row.code or "", row.queue or ""))


def _tasks(connection: Connection, now: datetime) -> list[TasksOfQueue]:
    at = work_items.c
    query = (
        select(
            at.queue,
            func.count(),
            _number(or_(at.due < now, at.jeopardy == Jeopardy.LATE.value)),
            _number(at.holder.is_(None)),
            func.min(at.since),
            func.min(at.due),
        )
        .where(at.kind == "task")
        .group_by(at.queue)
    )
    rows = [
        TasksOfQueue(queue=queue, tasks=tasks, overdue=overdue, unclaimed=unclaimed, since=since, earliest_due=due)
        for queue, tasks, overdue, unclaimed, since, due in connection.execute(query)
    ]
    return sorted(rows, key=lambda row: (-row.overdue, -row.tasks, row.queue or ""))


def _held(connection: Connection) -> list[HeldOrders]:
    query = (
        select(orders.c.key, order_documents.c.held)
        .join_from(orders, order_documents, order_documents.c.order_key == orders.c.key)
        .where(CURRENT, orders.c.state == OrderState.HELD.value)
    )
    groups: dict[tuple[str | None, str | None], list[datetime | None]] = {}
    for _, held in connection.execute(query):
        hold: dict[str, Any] = next(iter(held), {})
        at = hold.get("at")
        groups.setdefault((hold.get("by"), hold.get("reason")), []).append(
            datetime.fromisoformat(at) if isinstance(at, str) else None
        )
    rows = [
        HeldOrders(by=by, reason=reason, orders=len(times), since=min(filter(None, times), default=None))
        for (by, reason), times in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row.orders, row.by or "", row.reason or ""))


def _interrupted(connection: Connection) -> list[InterruptedOrders]:
    query = (
        select(orders.c.interrupted_kind, func.count(), func.min(orders.c.ended_at))
        .where(CURRENT, orders.c.interrupted_kind.is_not(None))
        .group_by(orders.c.interrupted_kind)
    )
    rows = [
        InterruptedOrders(kind=InterruptionKind(kind), orders=number, since=since)
        for kind, number, since in connection.execute(query)
    ]
    return sorted(rows, key=lambda row: (-row.orders, row.kind))


def _late(connection: Connection) -> list[LateOrders]:
    wanted = [Jeopardy.LATE, Jeopardy.AT_RISK]
    query = (
        select(orders.c.jeopardy, func.count(), func.min(orders.c.requested_completion))
        .where(
            CURRENT,
            orders.c.ended_at.is_(None),
            orders.c.jeopardy.in_([jeopardy.value for jeopardy in wanted]),
            orders.c.state.not_in([state.value for state in ENDED_ORDER_STATES]),
        )
        .group_by(orders.c.jeopardy)
    )
    found = {Jeopardy(jeopardy): (number, earliest) for jeopardy, number, earliest in connection.execute(query)}
    return [
        LateOrders(jeopardy=jeopardy, orders=found[jeopardy][0], earliest_requested=found[jeopardy][1])
        for jeopardy in wanted
        if jeopardy in found
    ]


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))

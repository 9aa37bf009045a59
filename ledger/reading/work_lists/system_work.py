"""Steps that are at a system now: their call is under way, or waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from ledger.reading.filters.order_criteria import CURRENT
from ledger.reading.filters.search_values import text_value
from ledger.schema.tables import attempts, order_systems, orders, steps
from workflows.contract.states import StepState

MAX_STEPS = 50
_AT_SYSTEM = (StepState.IN_PROGRESS.value, StepState.FAILED.value, StepState.ON_HOLD.value)


@dataclass(frozen=True)
class StepAtSystem:
    order_id: str
    customer_id: str | None
    customer_name: str | None
    number: int
    name: str
    state: StepState
    since: datetime | None
    failed_attempts: int
    """Since the step began, also those that Temporal repeats by itself."""
    error_code: str | None
    """Of the last failed attempt."""
    next_attempt_at: datetime | None


@dataclass(frozen=True)
class FailedAttempt:
    at: datetime
    code: str | None
    next_attempt_at: datetime | None


@dataclass(frozen=True)
class WorkAtSystem:
    count: int
    steps: Sequence[StepAtSystem]
    """The oldest first, at most MAX_STEPS."""


def read_work_at_system(connection: Connection, system: str) -> WorkAtSystem:
    """Raises InvalidSearch for a text that no system's id can be."""
    calls = order_systems.c.system == text_value(system)
    source = order_systems.join(
        orders, and_(orders.c.key == order_systems.c.order_key, CURRENT, orders.c.ended_at.is_(None))
    ).join(steps, and_(steps.c.order_key == orders.c.key, steps.c.system == order_systems.c.system))
    wanted = (calls, steps.c.state.in_(_AT_SYSTEM))
    rows = connection.execute(
        select(
            orders.c.order_id,
            orders.c.customer_id,
            orders.c.customer_name,
            steps.c.number,
            steps.c.step_id,
            steps.c.name,
            steps.c.state,
            steps.c.started_at,
        )
        .select_from(source)
        .where(*wanted)
        .order_by(steps.c.started_at, orders.c.key, steps.c.number)
        .limit(MAX_STEPS)
    ).all()
    count = len(rows)
    if count == MAX_STEPS:
        count = connection.execute(select(func.count()).select_from(source).where(*wanted)).scalar_one()
    failures = _failed_attempts(connection, system, [row.order_id for row in rows])
    return WorkAtSystem(count, [_step(row, failures.get((row.order_id, row.step_id), ())) for row in rows])


def _failed_attempts(
    connection: Connection, system: str, order_ids: Sequence[str]
) -> Mapping[tuple[str, str], Sequence[FailedAttempt]]:
    """By order and step, the earliest first."""
    at = attempts.c
    query = (
        select(at.order_id, at.step_id, at.started_at, at.code, at.next_attempt_at)
        .where(at.order_id.in_(sorted(set(order_ids))), at.system == system, at.outcome == "failed")
        .order_by(at.order_id, at.step_id, at.started_at)
    )
    found: dict[tuple[str, str], list[FailedAttempt]] = {}
    for order_id, step_id, *attempt in connection.execute(query):
        found.setdefault((order_id, step_id), []).append(FailedAttempt(*attempt))
    return found


def _step(row: Any, failures: Sequence[FailedAttempt]) -> StepAtSystem:
    own = [each for each in failures if row.started_at is None or each.at >= row.started_at]
    return StepAtSystem(
        order_id=row.order_id,
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        number=row.number,
        name=row.name,
        state=StepState(row.state),
        since=row.started_at,
        failed_attempts=len(own),
        error_code=own[-1].code if own else None,
        next_attempt_at=own[-1].next_attempt_at if own else None,
    )

"""Steps that are at a system now: their call is under way, or waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from ledger.reading.order_criteria import CURRENT
from ledger.reading.search_values import text_value
from ledger.schema.tables import order_systems, orders, steps
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
    attempts: int
    next_attempt_at: datetime | None
    error_code: str | None
    queue: str | None


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
            steps.c.name,
            steps.c.state,
            steps.c.started_at,
            steps.c.attempts,
            steps.c.next_attempt_at,
            steps.c.error_code,
            steps.c.queue,
        )
        .select_from(source)
        .where(*wanted)
        .order_by(steps.c.started_at, orders.c.key, steps.c.number)
        .limit(MAX_STEPS)
    ).all()
    count = len(rows)
    if count == MAX_STEPS:
        count = connection.execute(select(func.count()).select_from(source).where(*wanted)).scalar_one()
    return WorkAtSystem(count, [StepAtSystem(*row[:5], StepState(row.state), *row[6:]) for row in rows])

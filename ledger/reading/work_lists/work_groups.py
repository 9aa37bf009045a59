"""What waits for a person, by cause: fallout by system and code, tasks by queue and age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, and_, case, distinct, func, or_, select

from ledger.reading.filters.work_criteria import WorkCriteria
from ledger.reading.filters.work_filter import WorkFilter
from ledger.schema.tables import work_items
from workflows.contract.states import Jeopardy

AGES = (timedelta(hours=1), timedelta(days=1), timedelta(days=7))
"""The limits between the ages of tasks: up to an hour, up to a day, up to a week, and older."""
MAX_GROUPS = 1_000


@dataclass(frozen=True)
class FalloutGroup:
    system: str | None
    code: str | None
    steps: int
    orders: int
    oldest: datetime | None
    """When the first of them failed."""


@dataclass(frozen=True)
class TaskGroup:
    queue: str | None
    tasks: int
    late: int
    """Those that are due, or late by their sla."""
    unclaimed: int
    """Those that nobody holds."""
    by_age: tuple[int, ...]
    """How many are as old as AGES says: four numbers."""
    oldest: datetime | None


def read_holders(connection: Connection) -> list[str]:
    """Everybody who holds work now, at most MAX_GROUPS."""
    at = work_items.c
    query = select(at.holder).where(at.holder.is_not(None)).distinct().order_by(at.holder).limit(MAX_GROUPS)
    return list(connection.scalars(query))


def group_fallout(connection: Connection, criteria: WorkFilter) -> Sequence[FalloutGroup]:
    """The groups with the most steps first. Raises InvalidSearch."""
    at = work_items.c
    steps = func.count()
    query = (
        select(at.system, at.error_code, steps, func.count(distinct(at.order_key)), func.min(at.since))
        .where(*WorkCriteria(connection, "fallout", criteria).conditions)
        .group_by(at.system, at.error_code)
        .order_by(steps.desc(), at.system, at.error_code)
        .limit(MAX_GROUPS)
    )
    return [FalloutGroup(*row) for row in connection.execute(query)]


def group_tasks(connection: Connection, criteria: WorkFilter, now: datetime | None = None) -> Sequence[TaskGroup]:
    """The queues with the most tasks first. A task counts in the queue that works on it. Raises InvalidSearch."""
    at, now = work_items.c, now or datetime.now(UTC)
    limits = [now - age for age in AGES]
    ages = (
        at.since > limits[0],
        and_(at.since <= limits[0], at.since > limits[1]),
        and_(at.since <= limits[1], at.since > limits[2]),
        or_(at.since <= limits[2], at.since.is_(None)),
    )
    tasks = func.count()
    late = or_(at.jeopardy == Jeopardy.LATE.value, at.due < now)
    counted = [func.sum(case((condition, 1), else_=0)) for condition in (late, at.holder.is_(None), *ages)]
    query = (
        select(at.queue, tasks, *counted, func.min(at.since))
        .where(*WorkCriteria(connection, "task", criteria).conditions)
        .group_by(at.queue)
        .order_by(tasks.desc(), at.queue)
        .limit(MAX_GROUPS)
    )
    return [
        TaskGroup(queue, count, late, unclaimed, tuple(by_age), oldest)
        for queue, count, late, unclaimed, *by_age, oldest in connection.execute(query)
    ]

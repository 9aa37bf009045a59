"""The inbox by cause: fallout by system and error code, tasks by queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.presenting.work.work_query import ALL_QUEUES, WorkQuery
from views.shared.value_format import pluralize

if TYPE_CHECKING:
    from ledger.reading.work_lists.work_groups import FalloutGroup, TaskGroup


@dataclass(frozen=True, slots=True)
class WorkGroup:
    label: str
    code: str
    """Of fallout: the error code."""
    count: int
    detail: str
    url: str
    """The list of this group; of the chosen one, the list without it."""
    is_chosen: bool
    late: int = 0
    oldest: datetime | None = None


def fallout_groups(groups: Sequence[FalloutGroup], query: WorkQuery) -> list[WorkGroup]:
    return [_fallout_group(group, query) for group in groups]


def _fallout_group(group: FalloutGroup, query: WorkQuery) -> WorkGroup:
    system, code = group.system or "", group.code or ""
    chosen = query.kind == "fallout" and (query.system, query.code) == (system, code) and bool(system or code)
    wanted = {"system": "", "code": ""} if chosen else {"system": system, "code": code}
    return WorkGroup(
        label=system or "no system",
        code=code or "no code",
        count=group.steps,
        detail=f"in {pluralize(group.orders, 'order')}",
        url=query.url(kind="fallout", **wanted),
        is_chosen=chosen,
        oldest=group.oldest,
    )


def task_groups(groups: Sequence[TaskGroup], query: WorkQuery) -> list[WorkGroup]:
    return [_task_group(group, query) for group in groups]


def _task_group(group: TaskGroup, query: WorkQuery) -> WorkGroup:
    chosen = query.kind == "task" and group.queue is not None and query.queue == group.queue
    unclaimed = f"{group.unclaimed:,} unclaimed" if group.unclaimed else "all claimed"
    return WorkGroup(
        label=group.queue or "no queue",
        code="",
        count=group.tasks,
        detail=unclaimed,
        url=query.url(kind="task", queue=ALL_QUEUES if chosen or group.queue is None else group.queue),
        is_chosen=chosen,
        late=group.late,
        oldest=group.oldest,
    )

"""`/work`: the tasks and the fallout of all running orders."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from console.access.guard import SignedIn, allowed
from console.presenting.work.work_groups import WorkGroup, fallout_groups, task_groups
from console.presenting.work.work_query import (
    ALL_QUEUES,
    MAX_PAGE_SIZE,
    PAGE_SIZE,
    WorkKind,
    WorkQuery,
    default_queue,
    is_limited,
)
from console.presenting.work.work_rows import work_rows
from console.services import Console
from operations.access.permissions import READ_WORK
from operations.access.person import Person
from operations.errors import OperationError
from operations.reading.worklists import StepWorklist

Text = Annotated[str, Query(max_length=200)]


def work_query(
    person: SignedIn,
    kind: WorkKind = "task",
    queue: Annotated[str | None, Query(max_length=200)] = None,
    mine: bool = False,
    unclaimed: bool = False,
    late: bool = False,
    system: Text = "",
    code: Text = "",
    customer: Text = "",
    product: Text = "",
    search: Text = "",
    sort: Annotated[str, Query(max_length=50)] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = PAGE_SIZE,
    cursor: Annotated[str, Query(max_length=2000)] = "",
) -> WorkQuery:
    wanted = default_queue(person) if queue is None else queue
    return WorkQuery(kind, wanted, mine, unclaimed, late, system, code, customer, product, search, sort, limit, cursor)


@dataclass(frozen=True)
class Groups:
    """None without a ledger: only it counts."""

    tasks: Sequence[WorkGroup] | None
    fallout: Sequence[WorkGroup] | None
    queues: Sequence[str]
    """All that have work of this kind, whatever else the list is restricted to; and those of the person."""

    def total(self, kind: WorkKind, queue: str) -> int | None:
        """Of all groups that the list of this kind shows."""
        groups = self.tasks if kind == "task" else self.fallout
        if groups is None:
            return None
        in_all = kind == "fallout" or queue in ("", ALL_QUEUES)
        return sum(group.count for group in groups if in_all or group.label == queue)


def work_routes(console: Console) -> APIRouter:
    routes = APIRouter(dependencies=[allowed(READ_WORK)])

    @routes.get("/work")
    async def work(request: Request, person: SignedIn, query: Annotated[WorkQuery, Depends(work_query)]) -> Response:
        since = await console.live.mark("work")
        worklist, groups = await asyncio.gather(_list(console, person, query), _groups(console, person, query))
        rows = work_rows(worklist, query.kind, person, datetime.now(UTC))
        return console.render(
            request,
            "work/page.html",
            since=since,
            query=query,
            worklist=worklist,
            rows=rows,
            groups=groups,
            queues=sorted({*groups.queues, *(row.queue for row in rows if row.queue)}),
            totals={kind: groups.total(kind, query.queue) for kind in ("task", "fallout")},
            is_limited=is_limited(person),
            own_queues=sorted(person.queues),
            all_queues=ALL_QUEUES,
            chosen_by=query.choice(),
        )

    return routes


async def _list(console: Console, person: Person, query: WorkQuery) -> StepWorklist:
    read = console.orders.list_tasks if query.kind == "task" else console.orders.list_fallout
    return await read(query.filter(person), query.cursor or None, query.sort or None)


async def _groups(console: Console, person: Person, query: WorkQuery) -> Groups:
    wanted = query.filter(person)
    try:
        (tasks, _), (fallout, _), (_, counts) = await asyncio.gather(
            console.orders.group_tasks(replace(wanted, queue=None, code=None)),
            console.orders.group_fallout(replace(wanted, system=None, code=None)),
            console.orders.changes.open_work(limit=0),
        )
    except OperationError:  # there is no ledger, or it is away: the list says so
        return Groups(None, None, sorted({*person.queues, query.queue} - {"", ALL_QUEUES}))
    queues = {queue for kind, queue in counts if queue and kind == query.kind} | {*person.queues, query.queue}
    return Groups(task_groups(tasks, query), fallout_groups(fallout, query), sorted(queues - {"", ALL_QUEUES}))

"""What was chosen for a bulk job: read again from the lists, and tried out on the orders."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from console.presenting.bulk.choice import TriedTarget, pick, targets_of, tried
from console.presenting.work.work_query import WorkQuery
from operations.access.person import Person
from operations.bulk.bulk_runner import BulkTarget
from operations.client import OrderClient
from operations.errors import OperationError
from workflows.contract.action_checks import ActionCheck, PossibleActionsRequest
from workflows.contract.actions import ActionSpec
from workflows.contract.bulk_messages import MAX_TARGETS
from workflows.contract.worklists import WorklistItem

MAX_TRIED = 200
"""How many targets are tried out: each is a question to its order."""
CONCURRENT = 10


@dataclass(frozen=True)
class Chosen:
    targets: Sequence[BulkTarget]
    gone: int
    """Picked rows that no longer wait."""
    unanswered: Sequence[str]


async def read_chosen(
    orders: OrderClient, person: Person, spec: ActionSpec, query: WorkQuery, picks: Sequence[str]
) -> Chosen:
    """The picked rows of the list; all of it if `picks` is empty."""
    read = orders.list_tasks if query.kind == "task" else orders.list_fallout
    worklist = await read(replace(query.filter(person), limit=MAX_TARGETS))
    items: Sequence[WorklistItem] = worklist.items
    gone = 0
    if picks:
        wanted = set(picks)
        items = [item for item in items if pick(item) in wanted]
        gone = len(wanted) - len(items)
    return Chosen(targets_of(spec, items), gone, worklist.unanswered_orders)


async def try_out(
    orders: OrderClient, person: Person, spec: ActionSpec, targets: Sequence[BulkTarget], *, takes_over: bool
) -> list[TriedTarget]:
    """What each order would answer. Nothing is done. The targets behind MAX_TRIED are not asked."""
    limit = asyncio.Semaphore(CONCURRENT)

    async def ask(target: BulkTarget) -> Mapping[str, ActionCheck]:
        step = target.step.id if target.step is not None else None
        request = PossibleActionsRequest(actor=person.actor(person.account), step=step)
        async with limit:
            try:
                return await orders.possible_actions(target.order_id, request)
            except OperationError:
                return {}

    answers = await asyncio.gather(*map(ask, targets[:MAX_TRIED]))
    checks = [answer.get(spec.name) for answer in answers] + [None] * max(len(targets) - MAX_TRIED, 0)
    return [tried(target, check, person, takes_over=takes_over) for target, check in zip(targets, checks, strict=True)]

"""Lists of orders from the ledger, where one is configured and answers; else from Temporal's visibility."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from temporalio.client import Client

from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.work_filter import WorkFilter
from ledger.reading.paging.cursor import is_ledger_cursor
from operations.errors import NoLedger
from operations.reading import interruptions, list_orders, worklists
from operations.reading.ledger_access import LedgerAccess, LedgerAway, from_ledger
from operations.reading.list_orders import OrderPage
from operations.reading.provenance import VISIBILITY, Provenance
from operations.reading.worklists import StepWorklist
from workflows.contract.states import OrderState

if TYPE_CHECKING:
    from ledger.reading.filters.work_criteria import WorkKind
    from ledger.reading.work_lists.system_work import WorkAtSystem
    from ledger.reading.work_lists.work_groups import FalloutGroup, TaskGroup

ResultT = TypeVar("ResultT")


class ListedOrders:
    def __init__(self, client: Client, ledger: LedgerAccess | None) -> None:
        self._client = client
        self._ledger = ledger

    async def orders(self, criteria: OrderFilter, cursor: str | None, sort: str | None) -> OrderPage:
        async def from_visibility(provenance: Provenance) -> OrderPage:
            page = await list_orders.list_orders(self._client, criteria, cursor)
            return replace(page, provenance=provenance)

        async def ask(ledger: LedgerAccess) -> OrderPage:
            found, freshness = await ledger.ask(lambda reader: reader.list_orders(criteria, sort, cursor))
            total = found.total
            page = OrderPage(
                found.orders, found.next_cursor, total.count, total.is_exact, total.by_state, from_ledger(freshness)
            )
            if total.count or not (criteria.search or criteria.customer):
                return page
            return replace(page, archived=await ledger.ask(lambda reader: reader.find_archived_matches(criteria)))

        needs = [*criteria.ledger_only, *(["sort"] if sort not in (None, "recent") else [])]
        return await self._ask_first(ask, from_visibility, needs, cursor)

    async def count(self, criteria: OrderFilter) -> dict[OrderState, int]:
        """Empty if more orders fit than the ledger counts."""

        async def from_visibility(_: Provenance) -> dict[OrderState, int]:
            return await list_orders.count_orders(self._client, criteria)

        async def ask(ledger: LedgerAccess) -> dict[OrderState, int]:
            total, _ = await ledger.ask(lambda reader: reader.count_orders(criteria))
            return total.by_state

        return await self._ask_first(ask, from_visibility, criteria.ledger_only)

    async def work(self, kind: WorkKind, criteria: WorkFilter, cursor: str | None, sort: str | None) -> StepWorklist:
        async def from_visibility(provenance: Provenance) -> StepWorklist:
            read = worklists.list_fallout if kind == "fallout" else worklists.list_tasks
            fits = worklists.work_condition(criteria, datetime.now(UTC))
            worklist = await read(self._client, criteria.of_orders, cursor, fits)
            interrupted = await interruptions.list_interrupted(self._client, _recoverable(kind, criteria))
            return replace(worklist, interrupted=interrupted, provenance=provenance)

        async def ask(ledger: LedgerAccess) -> StepWorklist:
            (found, freshness), interrupted = await asyncio.gather(
                ledger.ask(lambda reader: reader.list_work(kind, criteria, sort, cursor)),
                ledger.ask(lambda reader: reader.list_orders(_recoverable(kind, criteria))),
            )
            return StepWorklist(
                items=found.items,
                unanswered_orders=[],
                next_cursor=found.next_cursor,
                order_count=found.order_count,
                interrupted=interrupted[0].orders,
                total=found.total,
                total_is_exact=found.is_exact,
                provenance=from_ledger(freshness),
            )

        needs = [*criteria.ledger_only, *(["sort"] if sort not in (None, "due") else [])]
        return await self._ask_first(ask, from_visibility, needs, cursor)

    async def fallout_groups(self, criteria: WorkFilter) -> tuple[Sequence[FalloutGroup], Provenance]:
        groups, freshness = await self._require().ask(lambda reader: reader.group_fallout(criteria))
        return groups, from_ledger(freshness)

    async def task_groups(self, criteria: WorkFilter) -> tuple[Sequence[TaskGroup], Provenance]:
        groups, freshness = await self._require().ask(lambda reader: reader.group_tasks(criteria))
        return groups, from_ledger(freshness)

    async def holders(self) -> Sequence[str]:
        if self._ledger is None:
            return ()
        return await self._ledger.ask(lambda reader: reader.read_holders())

    async def work_at_system(self, system: str) -> tuple[WorkAtSystem, Provenance]:
        work, freshness = await self._require("the steps at a system").ask(
            lambda reader: reader.read_work_at_system(system)
        )
        return work, from_ledger(freshness)

    def _require(self, what: str = "groups") -> LedgerAccess:
        if self._ledger is None:
            raise NoLedger(f"Only a ledger counts {what}, and {NO_LEDGER}")
        return self._ledger

    async def _ask_first(
        self,
        ask: Callable[[LedgerAccess], Awaitable[ResultT]],
        from_visibility: Callable[[Provenance], Awaitable[ResultT]],
        needs: Sequence[str],
        cursor: str | None = None,
    ) -> ResultT:
        """`needs`: what Temporal's visibility cannot do. Raises LedgerAway if only the ledger could answer."""
        if self._ledger is None:
            if needs:
                raise NoLedger(f"Only a ledger knows {_named(needs)}, and {NO_LEDGER}", {"needs": needs})
            return await from_visibility(VISIBILITY)
        try:
            return await ask(self._ledger)
        except LedgerAway as error:
            if needs:
                raise LedgerAway(f"{error.message}. Temporal's visibility does not know {_named(needs)}") from error
            if cursor is not None and is_ledger_cursor(cursor):
                raise LedgerAway(f"{error.message}. Only the ledger can continue this list: begin it again") from error
            return await from_visibility(replace(VISIBILITY, ledger_failure=error.message))


MAX_RECOVERABLE = 100
NO_LEDGER = "none is configured here (`ORDO_LEDGER_URL`)"


def _recoverable(kind: WorkKind, criteria: WorkFilter) -> OrderFilter:
    """Orders that were ended from outside, with such work."""
    is_restricted = replace(criteria, limit=0) != WorkFilter(limit=0)
    return replace(
        criteria.of_orders,
        limit=MAX_RECOVERABLE,
        open_tasks=kind == "task",
        fallout=kind == "fallout" and is_restricted,
        interrupted=True,
    )


def _named(needs: Sequence[str]) -> str:
    names = [f"`{need}`" for need in needs]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

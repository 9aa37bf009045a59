"""Compares the ledger, row by row, with what the orders themselves say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, func, select
from temporalio.client import Client, WorkflowExecutionStatus

from ledger.reconciliation import repairs
from ledger.reconciliation.interruptions import fetch_interruption
from ledger.reconciliation.order_record_source import OrderGone, OrderRecordSource, OrderUnanswered
from ledger.reconciliation.order_runs import LONG_AGO, OrderRuns
from ledger.reconciliation.pace import Pace
from ledger.reconciliation.row_comparison import Difference, ScratchLedger, compare_rows, load_rows, scratch_ledger
from ledger.retention.moved_away import MovedAway, find_moved
from ledger.schema.tables import order_ids, orders, state_counts

TRIES, PAUSE = 8, 0.5
"""How often, and after how many seconds, an order is compared again that has moved on meanwhile."""
STATE_COUNTS = "state_counts"
FORGOTTEN = "Temporal does not know it any more"
UNLISTED = "it is not in Temporal's list of orders; if it was just submitted, try again in a second"


class _LeftOut(Exception):
    """Nothing of an order is compared."""

    def __init__(self, away: MovedAway) -> None:
        super().__init__(away)
        self.away = away


class OrderUnknown(Exception):
    """Neither Temporal nor the ledger has an order of this id."""


@dataclass
class CheckResult:
    checked: int = 0
    """Orders."""
    differences: list[Difference] = field(default_factory=list)
    unanswered: dict[str, str] = field(default_factory=dict)
    """Orders that could not be compared, and why."""
    left_out: dict[str, MovedAway] = field(default_factory=dict)
    """Orders of which nothing is compared, because they were archived or erased."""

    @property
    def compared(self) -> int:
        """Orders, without those that were not compared."""
        return max(self.checked - len(self.unanswered) - len(self.left_out), 0)

    @property
    def is_clean(self) -> bool:
        return not self.differences and not self.unanswered


class LedgerCheck:
    def __init__(self, client: Client, task_queue: str, engine: Engine, requests_per_second: float) -> None:
        self._client = client
        self._engine = engine
        self._source = OrderRecordSource(client, Pace(requests_per_second))
        self.runs = OrderRuns(client, task_queue)

    async def run(
        self,
        closed_since: datetime,
        order_id: str | None = None,
        on_progress: Callable[[CheckResult], None] = lambda _: None,
    ) -> CheckResult:
        """Every order that runs, or ended since then; or one order. Raises OrderUnknown for an id that nobody knows,
        the client's errors and the database's."""
        result = CheckResult()
        if order_id is not None and not await self._is_listed(order_id, result):
            return result
        with scratch_ledger() as scratch:
            async for each in self._order_ids(closed_since, order_id):
                await self._check_order(each, scratch, result)
                on_progress(result)
        if order_id is None:
            result.differences += await asyncio.to_thread(self._wrong_counts)
        return result

    async def _is_listed(self, order_id: str, result: CheckResult) -> bool:
        """Whether there is something to compare with the ledger. If not, the result says why. Raises OrderUnknown."""
        async for _ in self.runs.of_order(order_id):
            return True
        if await self.runs.describe(order_id) is not None:
            result.unanswered[order_id] = UNLISTED
        elif moved := await asyncio.to_thread(self._moved, order_id):
            result.left_out[order_id] = _of_order(moved.values())
        elif await asyncio.to_thread(self._is_in_ledger, order_id):
            result.unanswered[order_id] = FORGOTTEN
        else:
            raise OrderUnknown(order_id)
        result.checked = 1
        return False

    def _is_in_ledger(self, order_id: str) -> bool:
        with self._engine.connect() as connection:
            found = load_rows(connection, order_id)
        return bool(found[orders.name] or found[order_ids.name])

    async def _order_ids(self, closed_since: datetime, order_id: str | None) -> AsyncIterator[str]:
        if order_id is not None:
            yield order_id
            return
        now, seen = datetime.now(UTC), set[str]()
        for listing in (
            self.runs.running(LONG_AGO, now),
            self.runs.closed(closed_since, now),
        ):
            async for run in listing:
                if run.order_id not in seen:
                    seen.add(run.order_id)
                    yield run.order_id

    async def _check_order(self, order_id: str, scratch: ScratchLedger, result: CheckResult) -> None:
        result.checked += 1
        found: list[Difference] = []
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(PAUSE)
            try:
                found = await self._differences(order_id, scratch)
            except (OrderUnanswered, OrderGone) as error:
                result.unanswered[order_id] = str(error) or FORGOTTEN
                return
            except _LeftOut as error:
                result.left_out[order_id] = error.away
                return
            except repairs.RecordRefused as error:
                result.unanswered[order_id] = f"its record cannot be written: {error}"
                return
            if not any(each.is_of_position or each.column in ("", "run_id") for each in found):
                break
        result.differences += found

    async def _differences(self, order_id: str, scratch: ScratchLedger) -> list[Difference]:
        """Raises _LeftOut, if all of the order was archived or erased, and what reading a record raises."""
        await asyncio.to_thread(scratch.clear)
        left_out, records = list[MovedAway](), 0
        moved = await asyncio.to_thread(self._moved, order_id)
        async for listed in self.runs.of_order(order_id):
            run = await self.runs.describe(order_id, listed.run_id)
            if run is None or run.reset_to is not None:
                continue
            is_closed = run.execution.status is not WorkflowExecutionStatus.RUNNING
            away = moved.get((order_id, run.submission))
            if away is not None and is_closed:
                left_out.append(away)
                continue
            record = await self._source.read(order_id, run.run_id)
            records += 1
            interruption = (
                await fetch_interruption(self._client, run.execution, run.interrupted) if run.interrupted else None
            )
            await asyncio.to_thread(repairs.write_record, scratch.engine, record, interruption, is_closed=is_closed)
        if left_out and not records:
            raise _LeftOut(_of_order(left_out))
        return await asyncio.to_thread(self._compare, order_id, scratch)

    def _compare(self, order_id: str, scratch: ScratchLedger) -> list[Difference]:
        with self._engine.connect() as connection:
            return compare_rows(order_id, scratch.rows(order_id), load_rows(connection, order_id))

    def _moved(self, order_id: str) -> dict[tuple[str, str], MovedAway]:
        with self._engine.connect() as connection:
            return find_moved(connection, [order_id])

    def _wrong_counts(self) -> list[Difference]:
        with self._engine.connect() as connection:
            counted, kept = count_states(connection), read_state_counts(connection)
        return [
            Difference("", STATE_COUNTS, state, "count", kept.get(state, 0), counted.get(state, 0))
            for state in sorted(counted.keys() | kept.keys())
            if counted.get(state, 0) != kept.get(state, 0)
        ]


def _of_order(submissions: Collection[MovedAway]) -> MovedAway:
    return MovedAway.ARCHIVED if MovedAway.ARCHIVED in submissions else MovedAway.ERASED


def count_states(connection: Connection) -> dict[str, int]:
    """Current orders by state, counted."""
    query = select(orders.c.state, func.count()).where(orders.c.is_current).group_by(orders.c.state)
    return {state: int(number) for state, number in connection.execute(query)}


def read_state_counts(connection: Connection) -> dict[str, int]:
    """Current orders by state, as the ledger keeps count."""
    query = select(state_counts.c.state, func.sum(state_counts.c.count)).group_by(state_counts.c.state)
    return {state: int(number) for state, number in connection.execute(query) if number}

"""Compares single orders with the ledger, and brings the ledger up to date with them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine
from temporalio.client import Client, WorkflowExecutionStatus

from ledger.database import write_transaction
from ledger.reconciliation import gap_list, repairs
from ledger.reconciliation.gap_list import Gap
from ledger.reconciliation.interruptions import fetch_interruption
from ledger.reconciliation.line_reason_source import LineReasonSource
from ledger.reconciliation.missing_reasons import add_reasons, load_unreasoned
from ledger.reconciliation.order_record_source import NoAnswer, OrderGone, OrderRecordSource, OrderUnanswered
from ledger.reconciliation.order_runs import DescribedRun, ListedRun, OrderRuns
from ledger.reconciliation.pace import Pace
from ledger.reconciliation.run_position import read_position
from ledger.reconciliation.stored_runs import StoredRun, load_stored_runs
from ledger.reconciliation.summary import ReconciliationSummary
from ledger.reconciliation.verdicts import Verdict, judge_position, judge_run
from ledger.retention.moved_away import MovedAway, find_moved

CONCURRENT = 4
"""Orders that are looked at together, at one pace."""
MAX_SILENT = 3
"""After so many orders in a row that nobody answered for, there is no worker to ask."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class NobodyAnswers(Exception):
    """No worker runs the orders at present."""


class OrderRepair:
    def __init__(self, client: Client, task_queue: str, engine: Engine, pace: Pace) -> None:
        self._client = client
        self._engine = engine
        self._pace = pace
        self._reasons = LineReasonSource(client, task_queue)
        self._source = OrderRecordSource(client, pace)
        self._silent = 0
        self.runs = OrderRuns(client, task_queue)
        self.on_progress: Callable[[], None] = lambda: None

    async def read(self, query: Callable[[Connection], Result]) -> Result:
        def ask() -> Result:
            with self._engine.connect() as connection:
                return query(connection)

        return await asyncio.to_thread(ask)

    async def write(self, change: Callable[[Connection], None]) -> None:
        def commit() -> None:
            with write_transaction(self._engine) as connection:
                change(connection)

        await asyncio.to_thread(commit)

    # Many

    async def compare_runs(self, runs: Sequence[ListedRun], summary: ReconciliationSummary) -> None:
        """Raises NobodyAnswers, and the errors of an unusable database."""
        ids = {run.order_id for run in runs}
        stored = await self.read(lambda connection: load_stored_runs(connection, ids))
        moved = await self.read(lambda connection: find_moved(connection, ids))
        moved_ids = {order_id for order_id, _ in moved}

        async def compare(run: ListedRun) -> None:
            summary.checked += 1
            verdict = judge_run(run, stored.get(run.order_id, ()))
            if verdict is Verdict.UNCERTAIN:
                known = next(each for each in stored[run.order_id] if each.run_id == run.run_id)
                verdict = await self._judge_by_history(known)
            if verdict is Verdict.DIFFERS and (
                run.order_id not in moved_ids or await self._find_away(run.order_id, run.run_id, moved) is None
            ):
                await self.repair(run.order_id, run.run_id, summary)

        await self._each(runs, compare)
        await self._explain_lines(ids)

    async def compare_open_orders(self, orders: Sequence[StoredRun], summary: ReconciliationSummary) -> None:
        """Orders that have not ended, as far as the ledger knows. Raises as `compare_runs`."""

        async def compare(stored: StoredRun) -> None:
            summary.checked += 1
            if await self._judge_by_history(stored) is Verdict.DIFFERS:
                await self.repair(stored.order_id, stored.run_id, summary)

        await self._each(orders, compare)
        await self._explain_lines({order.order_id for order in orders})

    async def rewrite_runs(self, runs: Sequence[ListedRun], summary: ReconciliationSummary) -> Counter[MovedAway]:
        """Whether the ledger agrees with them or not. Returns how many are left out, because they were archived or
        erased. Raises as `compare_runs`."""
        moved = await self.read(lambda connection: find_moved(connection, {run.order_id for run in runs}))
        moved_ids = {order_id for order_id, _ in moved}
        left_out = Counter[MovedAway]()

        async def rewrite(run: ListedRun) -> None:
            summary.checked += 1
            away = await self._find_away(run.order_id, run.run_id, moved) if run.order_id in moved_ids else None
            if away is None:
                await self.repair(run.order_id, run.run_id, summary)
            else:
                left_out[away] += 1

        await self._each(runs, rewrite)
        await self._explain_lines({run.order_id for run in runs})
        return left_out

    async def close_gaps(self, gaps: Sequence[Gap], summary: ReconciliationSummary) -> None:
        """Raises as `compare_runs`."""

        async def close(gap: Gap) -> None:
            summary.checked += 1
            runs = await self._runs_of_gap(gap)
            for run_id in runs:
                await self.repair(gap.order_id, run_id, summary, gap)
            if not runs:
                await self._note_gone(gap.order_id, gap.submission, summary)

        await self._each(gaps, close)

    async def _explain_lines(self, order_ids: Collection[str]) -> None:
        """An order knows why its lines are there only while the worker that compiled its plan runs it."""
        for order in await self.read(lambda connection: load_unreasoned(connection, order_ids)):
            reasons = await self._reasons.find(order.submitted, order.version)
            if reasons:
                await self.write(lambda connection: add_reasons(connection, order, reasons))  # noqa: B023
            self.on_progress()

    async def _each(self, items: Iterable[Item], handle: Callable[[Item], Awaitable[None]]) -> None:
        """After an error, those under way are finished, and no other begins."""
        limit, errors = asyncio.Semaphore(CONCURRENT), list[Exception]()

        async def handled(item: Item) -> None:
            async with limit:
                if errors:
                    return
                try:
                    await handle(item)
                except Exception as error:
                    errors.append(error)
                self.on_progress()

        await asyncio.gather(*map(handled, items))
        if errors:
            raise errors[0]

    # One

    async def repair(self, order_id: str, run_id: str, summary: ReconciliationSummary, gap: Gap | None = None) -> None:
        """Asks the order and writes its record. If it does not answer, it becomes a gap, or stays one."""
        await self._pace.turn()
        run = await self._last_of_chain(order_id, run_id)
        if run is None:
            await self._note_gone_run(order_id, run_id, summary)
            return
        if run.reset_to is not None:
            return  # the run that continues it is compared by itself
        try:
            record = await self._source.read(order_id, run.run_id)
            self._silent = 0
            summary.asked += 1
            interruption = (
                await fetch_interruption(self._client, run.execution, run.interrupted) if run.interrupted else None
            )
            is_closed = run.execution.status is not WorkflowExecutionStatus.RUNNING
            changed = await asyncio.to_thread(
                repairs.write_record, self._engine, record, interruption, is_closed=is_closed
            )
        except OrderGone:
            await self._note_gone_run(order_id, run.run_id, summary)
        except OrderUnanswered as error:
            self._silent = self._silent + 1 if isinstance(error, NoAnswer) else 0
            await self._note_failure(order_id, run.submission, gap_list.UNANSWERED, str(error), summary, gap)
            if self._silent >= MAX_SILENT:
                raise NobodyAnswers(str(error)) from error
        except repairs.RecordRefused as error:
            await self._note_failure(order_id, run.submission, gap_list.REFUSED, str(error), summary, gap)
        else:
            summary.repaired += changed
            summary.interrupted += changed and interruption is not None

    async def _last_of_chain(self, order_id: str, run_id: str) -> DescribedRun | None:
        """The run, or the one as which it continues."""
        run = await self.runs.describe(order_id, run_id)
        if run is not None and run.execution.status is WorkflowExecutionStatus.CONTINUED_AS_NEW:
            latest = await self.runs.describe(order_id)
            if latest is not None and latest.submission == run.submission:
                return latest
            return await self._last_run_of(order_id, run.submission)
        return run

    async def _last_run_of(self, order_id: str, submission: str) -> DescribedRun | None:
        """Of an earlier submission of the id."""
        async for listed in self.runs.of_order(order_id):
            run = await self.runs.describe(order_id, listed.run_id)
            if run is not None and run.submission == submission and run.reset_to is None:
                return run
        return None

    async def _runs_of_gap(self, gap: Gap) -> list[str]:
        latest = await self.runs.describe(gap.order_id)
        if latest is None:
            return []
        if gap.submission == latest.submission:
            return [latest.run_id]
        if gap.submission:
            earlier = await self._last_run_of(gap.order_id, gap.submission)
            return [earlier.run_id] if earlier is not None else []
        listed = [run.run_id async for run in self.runs.of_order(gap.order_id)]
        return list(dict.fromkeys([latest.run_id, *listed]))

    async def _judge_by_history(self, stored: StoredRun) -> Verdict:
        await self._pace.turn()
        position = await read_position(self._client, stored.order_id, stored.run_id)
        return Verdict.DIFFERS if position is None else judge_position(position, stored)

    async def _find_away(self, order_id: str, run_id: str, moved: dict[tuple[str, str], MovedAway]) -> MovedAway | None:
        """Whether the run was archived or erased on purpose: `moved` has the order. An archived order that runs again
        is not away. One that Temporal has just forgotten is."""
        run = await self.runs.describe(order_id, run_id)
        if run is None:
            return next(away for (each, _), away in moved.items() if each == order_id)
        away = moved.get((order_id, run.submission))
        is_running = run.execution.status is WorkflowExecutionStatus.RUNNING
        return None if away is MovedAway.ARCHIVED and is_running else away

    # What cannot be repaired

    async def _note_gone_run(self, order_id: str, run_id: str, summary: ReconciliationSummary) -> None:
        stored = await self.read(lambda connection: load_stored_runs(connection, [order_id]))
        for each in stored[order_id]:
            if each.run_id == run_id:
                await self._note_gone(order_id, each.submission, summary)

    async def _note_gone(self, order_id: str, submission: str, summary: ReconciliationSummary) -> None:
        """What the ledger has is all that is left of the order."""
        await self.write(lambda connection: gap_list.close_gap(connection, order_id, submission))
        stored = await self.read(lambda connection: load_stored_runs(connection, [order_id]))
        for each in stored[order_id]:
            if each.submission == submission and each.ended_at is None:
                summary.deleted += await asyncio.to_thread(repairs.mark_deleted, self._engine, order_id, submission)

    async def _note_failure(
        self,
        order_id: str,
        submission: str,
        reason: str,
        error: str,
        summary: ReconciliationSummary,
        gap: Gap | None,
    ) -> None:
        summary.note_problem(f"Order {order_id}: {error}")
        now, tries = datetime.now(UTC), gap.tries if gap is not None else 0
        if gap is not None:
            submission = gap.submission
        await self.write(
            lambda connection: gap_list.note_failed_try(connection, order_id, submission, reason, error, now, tries)
        )

"""Writes the ledger anew from what Temporal still holds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from sqlalchemy import Connection, Engine, delete, insert, text
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from ledger.database import is_sqlite, write_transaction
from ledger.reconciliation.ledger_check import count_states
from ledger.reconciliation.order_repair import OrderRepair
from ledger.reconciliation.order_runs import LONG_AGO, ListedRun
from ledger.reconciliation.pace import Pace
from ledger.reconciliation.summary import ReconciliationSummary
from ledger.reconciliation.watermarks import NAMESPACE, read_watermark, write_watermark
from ledger.retention.moved_away import MovedAway
from ledger.schema.tables import state_counts

REBUILD = "rebuild"
"""The watermark of a rebuild under way. `at`: when it began; `value`: since when orders have ended that it writes, and
how far back it has come. Without a `value`, it has ended."""
CHUNK = 20


@dataclass
class RebuildProgress:
    total: int
    """Runs, as Temporal counted them at the beginning."""
    began: float = field(default_factory=monotonic)
    done: int = 0
    summary: ReconciliationSummary = field(default_factory=lambda: ReconciliationSummary(started_at=datetime.now(UTC)))
    left_out: Counter[MovedAway] = field(default_factory=Counter)
    """Runs of orders that were archived or erased. They stay away."""
    continues: datetime | None = None
    """When the rebuild that is continued began."""

    @property
    def per_second(self) -> float:
        return self.done / max(monotonic() - self.began, 0.001)


class Rebuild:
    def __init__(self, client: Client, task_queue: str, engine: Engine, requests_per_second: float) -> None:
        self._client = client
        self._engine = engine
        self._orders = OrderRepair(client, task_queue, engine, Pace(requests_per_second))

    async def of_order(self, order_id: str) -> RebuildProgress:
        """Every submission of it that Temporal knows. Raises as `of_all`."""
        runs = [run async for run in self._orders.runs.of_order(order_id)]
        progress = RebuildProgress(len(runs))
        await self._write(list(reversed(runs)), progress)
        return progress

    async def of_all(
        self,
        since: datetime | None = None,
        *,
        restart: bool = False,
        on_progress: Callable[[RebuildProgress], None] = lambda _: None,
    ) -> RebuildProgress:
        """Orders that run, or ended after `since`. A rebuild that was interrupted, and has these, is continued, unless
        it is to `restart`.

        Raises NobodyAnswers, the client's errors and the database's: what is done stays, and it can be continued.
        """
        began, closed_since, cursor = await self._begin(since or LONG_AGO, restart=restart)
        progress = RebuildProgress(await self._orders.runs.count(closed_since))
        if cursor is not None:
            progress.continues = began
        runs = self._orders.runs
        async for chunk in _chunks(runs.running(LONG_AGO, datetime.now(UTC))):
            await self._write(chunk, progress)
            on_progress(progress)
        async for chunk in _chunks(runs.closed(closed_since, cursor or datetime.now(UTC))):
            await self._write(chunk, progress)
            await self._keep(began, closed_since, min(run.closed_at or run.started_at for run in chunk))
            on_progress(progress)
        await asyncio.to_thread(self._finish)
        return progress

    async def _begin(self, since: datetime, *, restart: bool) -> tuple[datetime, datetime, datetime | None]:
        """When the rebuild began, since when orders have ended that it writes, and until which end they are left."""
        mark = await self._orders.read(lambda connection: read_watermark(connection, REBUILD))
        if mark.at is not None and mark.value and not restart:
            earlier = datetime.fromisoformat(mark.value["since"])
            if earlier <= since:
                return mark.at, earlier, datetime.fromisoformat(mark.value["cursor"])
        return datetime.now(UTC), since, None

    async def _keep(self, began: datetime, since: datetime, cursor: datetime) -> None:
        value = {"since": since.isoformat(), "cursor": cursor.isoformat()}
        await self._orders.write(lambda connection: write_watermark(connection, REBUILD, began, value))

    async def _write(self, runs: Sequence[ListedRun], progress: RebuildProgress) -> None:
        progress.left_out += await self._orders.rewrite_runs(runs, progress.summary)
        progress.done += len(runs)

    async def adopt_namespace(self, *, other: bool) -> str | None:
        """From now on, the ledger has the orders of this namespace of Temporal. Returns the id of the one whose orders
        it has, if that is another one, and nothing was changed, because not `other`."""
        request = DescribeNamespaceRequest(namespace=self._client.namespace)
        found = (await self._client.workflow_service.describe_namespace(request)).namespace_info.id
        known = (await self._orders.read(lambda connection: read_watermark(connection, NAMESPACE))).value
        if known not in (None, found) and not other:
            return str(known)
        await self._orders.write(lambda at: write_watermark(at, NAMESPACE, datetime.now(UTC), found))
        return None

    def _finish(self) -> None:
        with write_transaction(self._engine) as connection:
            recount_states(connection)
            write_watermark(connection, REBUILD, datetime.now(UTC))


def recount_states(connection: Connection) -> None:
    """Counts the orders by state anew, while others write."""
    if not is_sqlite(connection):
        # Waits for writers that have counted, and has others wait with counting. What they have not committed is not
        # counted here, and they add it afterwards.
        connection.execute(text(f"LOCK TABLE {state_counts.name} IN SHARE ROW EXCLUSIVE MODE"))
    counted = count_states(connection)
    connection.execute(delete(state_counts))
    if counted:
        rows = [{"state": state, "slot": 0, "count": number} for state, number in sorted(counted.items())]
        connection.execute(insert(state_counts), rows)


async def _chunks(listing: AsyncIterator[ListedRun]) -> AsyncIterator[list[ListedRun]]:
    chunk: list[ListedRun] = []
    async for run in listing:
        chunk.append(run)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk

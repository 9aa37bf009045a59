"""One run of reconciliation: what is known to be missing, what has ended, what has started, what is open, and what ran
before there was a ledger."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

from sqlalchemy import Engine, select
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from ledger.reconciliation import gap_list
from ledger.reconciliation.order_repair import NobodyAnswers, OrderRepair
from ledger.reconciliation.order_runs import LONG_AGO, ListedRun
from ledger.reconciliation.pace import Pace
from ledger.reconciliation.settings import ReconciliationSettings
from ledger.reconciliation.stored_runs import load_open_runs, settled_before
from ledger.reconciliation.summary import ReconciliationSummary
from ledger.reconciliation.watermarks import (
    BACKFILL,
    CLOSED,
    NAMESPACE,
    OPEN,
    RECONCILIATION,
    REPORTED_CLASHES,
    STARTED,
    Watermark,
    read_watermark,
    write_watermark,
)
from ledger.schema.tables import clashes

logger = logging.getLogger(__name__)

CHUNK = 50
"""Runs that are compared before the watermark moves on."""
MARGIN = timedelta(minutes=2)
"""Visibility may learn of a run late, so that much is listed again."""

Listing = Callable[[datetime, datetime], AsyncIterator[ListedRun]]


class OtherNamespace(Exception):
    """The ledger has the orders of another namespace of Temporal."""


class _TimeIsUp(Exception):
    pass


class Reconciler:
    def __init__(
        self,
        client: Client,
        task_queue: str,
        engine: Engine,
        settings: ReconciliationSettings | None = None,
        on_progress: Callable[[ReconciliationSummary], None] = lambda _: None,
    ) -> None:
        self._client = client
        self._settings = settings or ReconciliationSettings()
        self._orders = OrderRepair(client, task_queue, engine, Pace(self._settings.requests_per_second))
        self._on_progress = on_progress
        self._summary = ReconciliationSummary(started_at=datetime.now(UTC))
        self._deadline = 0.0

    async def run(self) -> ReconciliationSummary:
        """Ends in time, at the latest shortly after the time limit. Raises OtherNamespace, the client's errors, and
        those of an unusable database."""
        began = monotonic()
        self._summary = summary = ReconciliationSummary(started_at=datetime.now(UTC))
        self._orders.on_progress = lambda: self._on_progress(summary)
        limit = self._settings.time_limit.total_seconds()
        await self._check_namespace()
        until = await self._orders.read(lambda connection: settled_before(connection, summary.started_at))
        parts = {
            "gaps": (0.4, self._close_gaps),
            "ended orders": (0.7, self._compare_closed),
            "started orders": (0.8, self._compare_started),
            "open orders": (0.9, self._compare_open),
            "orders that ended earlier": (1.0, self._compare_earlier),
        }
        for name, (share, work) in parts.items():
            self._deadline = began + share * limit
            try:
                await work(until)
            except _TimeIsUp:
                summary.unfinished.append(name)
            except NobodyAnswers:
                summary.unfinished.append(f"{name}: no worker answers")
                break
        await self._report_clashes()
        summary.gaps = await self._orders.read(gap_list.count_gaps)
        summary.duration_seconds = round(monotonic() - began, 3)
        await self._set(RECONCILIATION, datetime.now(UTC), summary.model_dump(mode="json"))
        return summary

    # Parts

    async def _close_gaps(self, until: datetime) -> None:
        """Each gap is tried once. One stays if its order runs and has told more than it answers: its next change closes
        it."""
        now, tried, left = datetime.now(UTC), set[tuple[str, str]](), 0
        while True:
            limit = CHUNK + left
            found = await self._orders.read(lambda at: gap_list.load_due_gaps(at, now, until, limit))  # noqa: B023
            due = [gap for gap in found if gap[:2] not in tried][:CHUNK]
            if not due:
                return
            await self._orders.close_gaps(due, self._summary)
            tried |= {gap[:2] for gap in due}
            left = sum(gap[:2] in tried for gap in found)
            self._check_time()

    async def _compare_closed(self, until: datetime) -> None:
        if (await self._get(CLOSED)).at is None:  # the first run: what ended before is for `_compare_earlier`
            await self._set(BACKFILL, until)
            await self._set(CLOSED, until)
        await self._compare_window(CLOSED, self._orders.runs.closed, _closed_at, until)

    async def _compare_started(self, until: datetime) -> None:
        await self._compare_window(STARTED, self._orders.runs.running, _started_at, until)

    async def _compare_earlier(self, _until: datetime) -> None:
        mark = await self._get(BACKFILL)
        if mark.at is None or mark.value:
            return
        async for oldest in self._compare_chunks(self._orders.runs.closed(LONG_AGO, mark.at), _closed_at):
            await self._set(BACKFILL, oldest)
            self._check_time()
        await self._set(BACKFILL, mark.at, True)

    async def _compare_open(self, until: datetime) -> None:
        mark = await self._get(OPEN)
        key = int(mark.value or 0)
        now = datetime.now(UTC)
        if key == 0 and mark.at is not None and now - mark.at < self._settings.round_pause:
            return
        began = now if key == 0 else mark.at
        while True:
            orders = await self._orders.read(lambda at: load_open_runs(at, key, until, CHUNK))  # noqa: B023
            await self._orders.compare_open_orders(orders, self._summary)
            key = orders[-1].key if len(orders) == CHUNK else 0
            await self._set(OPEN, began, key)
            if key == 0:
                return
            self._check_time()

    async def _compare_window(
        self, name: str, listing: Listing, at: Callable[[ListedRun], datetime], until: datetime
    ) -> None:
        """Compares what happened since the watermark. The latest comes first; a part that the time does not suffice for
        is continued by the next run."""
        while True:
            mark = await self._get(name)
            begin = mark.at - MARGIN if mark.at is not None else LONG_AGO
            end, cursor = _window(mark, until)
            async for oldest in self._compare_chunks(listing(begin, cursor), at):
                await self._set(name, mark.at, {"end": end.isoformat(), "cursor": oldest.isoformat()})
                self._check_time()
            await self._set(name, end)
            if mark.value is None:
                return

    async def _compare_chunks(
        self, listing: AsyncIterator[ListedRun], at: Callable[[ListedRun], datetime]
    ) -> AsyncIterator[datetime]:
        """Yields the time of the oldest run of each chunk once that is compared."""
        chunk: list[ListedRun] = []
        async for run in listing:
            chunk.append(run)
            if len(chunk) == CHUNK:
                await self._orders.compare_runs(chunk, self._summary)
                yield min(map(at, chunk))
                chunk = []
        if chunk:
            await self._orders.compare_runs(chunk, self._summary)

    # The ledger as a whole

    async def _check_namespace(self) -> None:
        request = DescribeNamespaceRequest(namespace=self._client.namespace)
        found = (await self._client.workflow_service.describe_namespace(request)).namespace_info.id
        known = (await self._get(NAMESPACE)).value
        if known is None:
            await self._set(NAMESPACE, datetime.now(UTC), found)
        elif known != found:
            raise OtherNamespace(
                f"The ledger has the orders of another Temporal namespace (id {known}) than `{self._client.namespace}` "
                f"(id {found}). Nothing was compared."
            )

    async def _report_clashes(self) -> None:
        last = int((await self._get(REPORTED_CLASHES)).value or 0)
        query = select(clashes).where(clashes.c.key > last).order_by(clashes.c.key)
        found = await self._orders.read(lambda connection: connection.execute(query).all())
        for clash in found:
            logger.warning(
                "the id %s was accepted twice; the later order is no revision of the earlier one (runs %s and %s)",
                clash.order_id, clash.earlier_submission, clash.later_submission,
            )  # fmt: skip
        self._summary.clashes = len(found)
        if found:
            await self._set(REPORTED_CLASHES, datetime.now(UTC), found[-1].key)

    def _check_time(self) -> None:
        if monotonic() >= self._deadline:
            raise _TimeIsUp

    async def _get(self, name: str) -> Watermark:
        return await self._orders.read(lambda connection: read_watermark(connection, name))

    async def _set(self, name: str, at: datetime | None, value: object = None) -> None:
        await self._orders.write(lambda connection: write_watermark(connection, name, at, value))


def _window(mark: Watermark, until: datetime) -> tuple[datetime, datetime]:
    """Its end, and how far back it is still to be compared."""
    if mark.value is None:
        return until, until
    return datetime.fromisoformat(mark.value["end"]), datetime.fromisoformat(mark.value["cursor"])


def _closed_at(run: ListedRun) -> datetime:
    return run.closed_at or run.started_at


def _started_at(run: ListedRun) -> datetime:
    return run.started_at

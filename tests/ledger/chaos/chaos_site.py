"""Real workers with a ledger under load: the database is in trouble, workers are killed, then all is compared."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, delete, select
from temporalio.client import Client
from temporalio.service import RPCError

from ledger.database import open_ledger, write_transaction
from ledger.reconciliation import stored_runs
from ledger.reconciliation.ledger_check import LedgerCheck
from ledger.reconciliation.order_runs import LONG_AGO
from ledger.reconciliation.rebuild import Rebuild
from ledger.reconciliation.reconciler import Reconciler
from ledger.reconciliation.reconciliation_messages import reconciliation_schedule_id
from ledger.reconciliation.settings import ReconciliationSettings
from ledger.reconciliation.summary import ReconciliationSummary
from ledger.schema.tables import feeders, line_reasons, orders
from operations.client import OrderClient
from tests.ledger.chaos.order_load import EXPECTED, OFFERS, SYSTEM, OrderLoad, Shop, TaskTimes, read_task_times
from tests.ledger.chaos.troubles import Trouble
from tests.support.ledger.contents import read_rows
from tests.support.ledger.databases import migrate, sqlite_url
from tests.support.servers.scripted_system import ScriptedServer
from tests.support.workers.site import Site, WorkerProcess

NOT_REBUILT = ("attempts",)
SECONDS_UNTIL_WRITTEN = 60.0
SETTINGS = ReconciliationSettings(requests_per_second=500, time_limit=timedelta(minutes=5), round_pause=timedelta(0))


@dataclass
class ChaosSite:
    client: Client
    site: Site
    url: URL
    workers: list[WorkerProcess] = field(default_factory=list)
    windows: list[tuple[datetime, datetime]] = field(default_factory=list)
    """When the database was in trouble."""

    def __post_init__(self) -> None:
        self.site.define("systems", SYSTEM)
        self.site.define("offers", OFFERS)
        self.site.server.answers(Shop())
        self.orders = OrderClient(self.client, self.site.task_queue)
        self.load = OrderLoad(self.orders, self.site.task_queue)

    @property
    def worker_ids(self) -> list[int]:
        return [worker.process.pid for worker in self.workers if worker.process.returncode is None]

    async def start_worker(self) -> None:
        worker = await self.site.worker(
            ORDO_LEDGER_URL=self.url.render_as_string(hide_password=False), ORDO_LEDGER_RECONCILE_EVERY="5"
        )
        await worker.says("worker ready")
        self.workers.append(worker)

    async def live_through(self, troubles: Sequence[tuple[Trouble, float]], kills: int, per_second: float) -> None:
        """Orders keep coming until the last trouble is over and the last worker was killed. All of them end."""
        await asyncio.gather(self.start_worker(), self.start_worker())
        over = asyncio.Event()
        loading = asyncio.create_task(self.load.run(per_second, over.is_set))
        try:
            await asyncio.sleep(2.0)
            for trouble, seconds in troubles:
                await self._suffer(trouble, seconds, loading)
            for _ in range(kills):
                await self._replace_worker()
        finally:
            over.set()
        await loading

    async def _suffer(self, trouble: Trouble, seconds: float, loading: asyncio.Task[None]) -> None:
        context = trouble()
        await asyncio.to_thread(context.__enter__)
        begin = datetime.now(UTC)
        try:
            done, _ = await asyncio.wait([loading], timeout=seconds)
            assert not done, loading.exception()
        finally:
            end = datetime.now(UTC)
            await asyncio.to_thread(context.__exit__, None, None, None)
        self.windows.append((begin, end))
        await asyncio.sleep(1.0)

    async def _replace_worker(self) -> None:
        """The one that has run longest is killed, and another one started."""
        worker = self.workers.pop(0)
        worker.process.send_signal(signal.SIGKILL)
        await worker.process.wait()
        await self.start_worker()

    async def reconciled(self, monkeypatch: pytest.MonkeyPatch) -> list[ReconciliationSummary]:
        """Waits until the live workers have written everything, and repairs the rest until nothing is left to do."""
        engine = open_ledger(self.url)
        live = time.monotonic() + SECONDS_UNTIL_WRITTEN
        while not await asyncio.to_thread(self._is_written, engine):
            assert time.monotonic() < live, "the workers do not write what waits"
            await asyncio.sleep(0.2)
        await asyncio.sleep(2.0)  # visibility
        monkeypatch.setattr(stored_runs, "VISIBILITY_LAG", timedelta(0))
        monkeypatch.setattr(stored_runs, "FEEDER_SILENCE", timedelta(0))  # a killed worker writes nothing more
        await asyncio.to_thread(self._lose_reasons, engine)
        summaries = []
        for _ in range(10):
            summaries.append(await Reconciler(self.client, self.site.task_queue, engine, SETTINGS).run())
            if not (summaries[-1].repaired or summaries[-1].gaps or summaries[-1].unfinished):
                break
        engine.dispose()
        return summaries

    def _lose_reasons(self, engine: Engine) -> None:
        """As if the worker that compiled the latest orders had been killed before it told why their lines are there."""
        latest = select(orders.c.key).where(orders.c.order_id.in_(self.load.sent[-len(EXPECTED) :]))
        with write_transaction(engine) as connection:
            lost = connection.execute(delete(line_reasons).where(line_reasons.c.order_key.in_(latest)))
            assert lost.rowcount > 0

    def _is_written(self, engine: Engine) -> bool:
        """Whether each live worker that has told anything has reported since the last trouble, and has nothing left."""
        alive = {str(pid) for pid in self.worker_ids}
        columns = feeders.c.worker, feeders.c.unwritten_orders, feeders.c.reported_at
        with engine.connect() as connection:
            rows = [row for row in connection.execute(select(*columns)) if row.worker.partition("@")[0] in alive]
        _, end = self.windows[-1]
        return bool(rows) and all(row.reported_at > end and not row.unwritten_orders for row in rows)

    async def differences(self) -> list[str]:
        """Row by row: with what the orders say, and with what a rebuild into an empty database makes of it."""
        engine = open_ledger(self.url)
        found = await LedgerCheck(self.client, self.site.task_queue, engine, 500).run(LONG_AGO)
        assert found.checked >= len(self.load.sent)
        sentences = [f"{each.order_id}: {each.sentence}" for each in found.differences]
        sentences += [f"{order_id}: {reason}" for order_id, reason in found.unanswered.items()]
        fed = await asyncio.to_thread(read_rows, engine)
        engine.dispose()
        rebuilt = await self._rebuilt()
        assert fed["line_reasons"], "a rebuild works these out again"
        for table in fed.keys() - set(NOT_REBUILT):
            sentences += [f"{table} of the rebuild: {row}" for row in set(fed[table]) ^ set(rebuilt[table])]
        return sentences

    async def _rebuilt(self) -> dict[str, list[str]]:
        folder = Path(self.site.folder).parent / "rebuilt"
        folder.mkdir()
        url = sqlite_url(folder)
        await asyncio.to_thread(migrate, url)
        engine = open_ledger(url)
        progress = await Rebuild(self.client, self.site.task_queue, engine, 500).of_all()
        assert progress.summary.failed == 0, progress.summary.problems
        rows = await asyncio.to_thread(read_rows, engine)
        engine.dispose()
        return rows

    async def task_times(self) -> TaskTimes:
        return await read_task_times(self.orders, self.load.sent, self.windows)

    async def close(self) -> None:
        with suppress(RPCError):
            await self.client.get_schedule_handle(reconciliation_schedule_id(self.site.task_queue)).delete()
        await self.site.close()
        await self.site.server.close()


async def open_chaos_site(client: Client, folder: Path, url: URL, name: str) -> ChaosSite:
    server = ScriptedServer()
    await server.start()
    definitions = folder / "definitions"
    definitions.mkdir()
    return ChaosSite(client, Site(definitions, server, client.service_client.config.target_host, name), url)

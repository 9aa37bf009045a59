"""What the orders and activities of a worker tell the ledger, if there is one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from activities.attempts.attempt_sink import clear_attempt_sink, install_attempt_sink
from ledger.settings import LedgerUnusable, read_ledger_url
from workflows.shell.order_changes import clear_sink, install_sink

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from temporalio.client import Client

    from ledger.feed.ledger_feed import LedgerFeed
    from workers.ledger_reconciliation import ReconciliationWorker

logger = structlog.get_logger("worker")


@dataclass
class LedgerFeeding:
    engine: Engine
    feed: LedgerFeed
    reconciliation: ReconciliationWorker | None = None

    def start_reconciling(self, client: Client, task_queue: str) -> None:
        """Once orders run: reconciliation asks them."""
        from workers.ledger_reconciliation import start_reconciling

        self.reconciliation = start_reconciling(client, task_queue, self.engine.url)

    async def stop_reconciling(self) -> None:
        """Must be called while the worker's orders still answer."""
        if self.reconciliation is not None:
            await self.reconciliation.stop()

    async def stop(self) -> None:
        """Writes what is left. Must be called after the worker's orders and activities have ended."""
        clear_sink()
        clear_attempt_sink()
        await asyncio.to_thread(self.feed.close)
        self.engine.dispose()


def start_feeding(worker: str) -> LedgerFeeding | None:
    """None if ORDO_LEDGER_URL names no ledger, or one that cannot be used: orders run without it. A ledger that is away
    is waited for. `worker`: the worker's identity, as Temporal shows it."""
    try:
        url = read_ledger_url()
        if url is None:
            return None
        # without a ledger, no database library is needed
        from ledger.database import describe_location, open_ledger
        from ledger.feed.ledger_feed import LedgerFeed

        engine = open_ledger(url, application=f"ordo worker {worker}"[:63], create=True)
    except (ImportError, LedgerUnusable) as error:
        logger.warning("orders run without a ledger", reason=str(error))
        return None
    feed = LedgerFeed(engine, worker)
    feed.start()
    install_sink(feed)
    install_attempt_sink(feed)
    logger.info("orders tell the ledger what they do", ledger=describe_location(engine.url))
    return LedgerFeeding(engine, feed)

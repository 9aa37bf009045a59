"""A worker's buffer is full while the database takes nothing: orders go on, and reconciliation adds what is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from ledger.database import is_sqlite
from ledger.feed import ledger_feed
from ledger.feed.ledger_feed import LedgerFeed
from ledger.schema.tables import gaps
from tests.ledger.chaos.troubles import locked, read_only
from tests.support.ledger.orders import STEPS, check, finish, reconcile, visible
from tests.support.workflows.order_runner import Desk
from workflows.shell.order_changes import clear_sink, install_sink

ORDERS = 12
MAX_BYTES = 40_000
"""Changes of a few orders."""


@contextmanager
def feeding(engine: Engine) -> Iterator[LedgerFeed]:
    feed = LedgerFeed(engine, "1@tests", max_bytes=MAX_BYTES)
    feed.start()
    install_sink(feed)
    try:
        yield feed
    finally:
        clear_sink()
        feed.close()


def refusing(engine: Engine, request: pytest.FixtureRequest) -> AbstractContextManager[None]:
    """The database takes nothing."""
    name = str(engine.url.database)
    return locked(Path(name)) if is_sqlite(engine) else read_only(request.getfixturevalue("postgres_server"), name)


def gap_reasons(engine: Engine) -> set[str]:
    with suppress(DBAPIError), engine.connect() as connection:  # PostgreSQL has ended the connections of the pool
        return set(connection.execute(select(gaps.c.reason)).scalars())
    return set()


async def eventually(holds: Callable[[], bool]) -> bool:
    for _ in range(600):
        if await asyncio.to_thread(holds):
            return True
        await asyncio.sleep(0.05)
    return False


async def test_dropped_orders_become_gaps_and_are_repaired(
    desk: Desk, ledger_database: Engine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_feed, "LONGEST_PAUSE", 1.0)
    with feeding(ledger_database) as feed:
        await finish(await desk.submit(STEPS))  # the feed is connected
        with refusing(ledger_database, request):
            began = time.monotonic()
            await asyncio.gather(*[finish(await desk.submit(STEPS)) for _ in range(ORDERS)])
            took = time.monotonic() - began
            status = feed.status()
            assert status.dropped_orders > 0
            assert status.unwritten_orders < ORDERS, "what waits is bounded"
        assert await eventually(lambda: gap_reasons(ledger_database) == {"dropped"})
        assert await eventually(lambda: feed.status().unwritten_orders == 0)
        await visible(desk, "ExecutionStatus = 'Completed'", ORDERS + 1)
        summary = await reconcile(desk, ledger_database)
        assert summary.repaired > 0
        assert (summary.gaps, summary.failed) == (0, 0)
        assert (await check(desk, ledger_database)).is_clean
    assert took < 30.0

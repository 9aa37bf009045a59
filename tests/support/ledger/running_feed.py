"""A feed that runs in the test's own process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, Table

from ledger.feed.ledger_feed import LedgerFeed
from tests.support.ledger.contents import count

WORKER = "7@worker-1"


@contextmanager
def feeding(engine: Engine, **settings: int) -> Iterator[LedgerFeed]:
    feed = LedgerFeed(engine, WORKER, **settings)
    feed.start()
    try:
        yield feed
    finally:
        feed.close()


def wait_until(holds: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def count_rows(engine: Engine, table: Table) -> int:
    with engine.connect() as connection:
        return count(connection, table)


def has_written(feed: LedgerFeed, changes: int) -> Callable[[], bool]:
    return lambda: feed.status().written_changes == changes and feed.status().unwritten_orders == 0

"""Ledgers of some thousand generated orders, one on each database, made once for all tests that only read."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import URL, Engine, text

from benchmarks.ledger.order_generator import OrderGenerator
from ledger.database import is_sqlite, open_ledger, write_transaction
from ledger.reading.ledger_reader import LedgerReader
from ledger.writing.apply_changes import apply_changes
from workflows.contract.order_changes import OrderChange

ORDERS = 3_000
BATCH = 150


@dataclass(frozen=True)
class FilledLedger:
    engine: Engine
    changes: list[OrderChange]
    """What was written: one complete change for each order."""

    @property
    def reader(self) -> LedgerReader:
        return LedgerReader(self.engine)


def generate_orders() -> list[OrderChange]:
    return list(OrderGenerator(ORDERS).changes())


def fill(url: URL, changes: list[OrderChange]) -> FilledLedger:
    """Writes the changes into the empty ledger at `url`."""
    engine = open_ledger(url)
    for at in range(0, len(changes), BATCH):
        with write_transaction(engine) as connection:
            assert apply_changes(connection, changes[at : at + BATCH]) == []
    if not is_sqlite(engine):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    return FilledLedger(engine, changes)

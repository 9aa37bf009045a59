"""The keys of catalogue versions that orders have."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert, select

from ledger.database import write_transaction
from ledger.schema.tables import catalogue_versions, orders
from ledger.writing.apply_changes import apply_changes
from ledger.writing.memory import WriterMemory
from tests.support.ledger.contents import clear
from tests.support.ledger.simulated_orders import VERSION, SimulatedOrder


def _write(engine: Engine, order: SimulatedOrder, memory: WriterMemory) -> None:
    with write_transaction(engine) as connection:
        apply_changes(connection, [order.complete()], memory)
    memory.confirm()


@pytest.mark.parametrize("is_key_used", [False, True])
def test_a_writer_goes_on_after_the_database_was_restored(ledger_database: Engine, is_key_used: bool) -> None:
    """An earlier state lacks versions, or has given their keys to others."""
    memory = WriterMemory()
    _write(ledger_database, SimulatedOrder("HS-1"), memory)
    with ledger_database.connect() as connection:
        key = connection.execute(select(catalogue_versions.c.key)).scalar_one()
    clear(ledger_database)
    if is_key_used:
        with write_transaction(ledger_database) as connection:
            connection.execute(insert(catalogue_versions).values(key=key, version="sha256:other"))
    _write(ledger_database, SimulatedOrder("HS-2"), memory)
    stored = select(orders.c.order_id, catalogue_versions.c.version).outerjoin(
        catalogue_versions, orders.c.catalogue_version_key == catalogue_versions.c.key
    )
    with ledger_database.connect() as connection:
        assert connection.execute(stored).all() == [("HS-2", VERSION)]

"""Reasons that are worked out again are for the order as it was read."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine, select, update

from ledger.database import write_transaction
from ledger.reconciliation.missing_reasons import add_reasons, load_unreasoned
from ledger.schema.tables import line_reasons, order_documents
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.simulated_orders import SimulatedOrder, simulated_reasons


def test_reasons_of_an_order_that_was_erased_meanwhile_are_not_added(ledger_database: Engine) -> None:
    erased, kept = SimulatedOrder("HS-1"), SimulatedOrder("HS-2")
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [replace(order.complete(), line_reasons=None) for order in (erased, kept)])
        first, second = load_unreasoned(connection, ["HS-1", "HS-2"])
    with write_transaction(ledger_database) as connection:
        of_first = order_documents.c.order_key == first.order_key
        connection.execute(update(order_documents).where(of_first).values(submitted=None))
    with write_transaction(ledger_database) as connection:
        for order in (first, second):
            add_reasons(connection, order, simulated_reasons(kept.lines))
    with ledger_database.connect() as connection:
        assert set(connection.execute(select(line_reasons.c.order_key)).scalars()) == {second.order_key}
        assert load_unreasoned(connection, ["HS-1", "HS-2"]) == []

"""Orders whose run was ended from outside."""

from __future__ import annotations

from sqlalchemy import Engine, select

from ledger.database import write_transaction
from ledger.schema.tables import order_documents
from ledger.writing.apply_changes import apply_changes
from ledger.writing.interruptions import mark_interrupted
from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder
from workflows.contract.order_views import Interruption, InterruptionKind


def test_a_reason_that_a_database_refuses_is_repaired(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1")
    ended = Interruption(kind=InterruptionKind.TERMINATED, at=EPOCH, by="a\0nn", reason="wrong\0 order \ud83d")
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [order.complete()])
        assert mark_interrupted(connection, order.order_id, order.submission, ended)
    columns = order_documents.c
    with ledger_database.connect() as connection:
        found = connection.execute(select(columns.interrupted_by, columns.interrupted_reason)).one()
    assert found == ("a\ufffdnn", "wrong\ufffd order ?")

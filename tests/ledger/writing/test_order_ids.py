"""What is known of each id that orders have used."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine, select

from ledger.database import write_transaction
from ledger.schema.tables import order_ids
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder
from workflows.contract.order_changes import OrderChange
from workflows.contract.states import OrderState


def _stored_after(engine: Engine, *changes: OrderChange) -> tuple[str, int, str | None]:
    """(submission, revision, digest) of the only id."""
    for change in changes:
        with write_transaction(engine) as connection:
            apply_changes(connection, [change])
    columns = order_ids.c
    with engine.connect() as connection:
        row = connection.execute(select(columns.submission, columns.revision, columns.digest)).one()
    return row.submission, row.revision, row.digest


def test_an_accepted_order_does_not_get_the_digest_of_a_rejected_one(ledger_database: Engine) -> None:
    rejected = SimulatedOrder("HS-1", "first-run", state=OrderState.REJECTED)
    accepted = SimulatedOrder("HS-1", "second-run", started_at=EPOCH + timedelta(hours=1))
    changes = (rejected.complete(), replace(accepted.complete(), digest=None))
    assert _stored_after(ledger_database, *changes) == ("second-run", 1, None)


def test_an_amendment_without_a_digest_does_not_keep_the_earlier_one(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1")
    changes = (order.complete(), replace(order.amend(name="Oak Lane 2"), digest=None))
    assert _stored_after(ledger_database, *changes) == ("first-run", 2, None)

"""What is answered to an action on an order that only the ledger still knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from operations.errors import ORDER_ENDED, NoOrder, OperationRefused
from operations.reading.ledger_access import LedgerAccess, LedgerAway
from operations.reading.order_source import FORGOTTEN, only_in_ledger
from workflows.contract.order_messages import Alternative

if TYPE_CHECKING:
    from ledger.reading.single_order.order_record import OrderRecordRead


@asynccontextmanager
async def explain_forgotten(ledger: LedgerAccess | None, order_id: str, consequence: str) -> AsyncIterator[None]:
    """For an action on an order that Temporal does not know. Raises what the ledger says of it, and NoOrder if that
    does not know it either. `consequence` is a phrase like `it takes no more actions`."""
    try:
        yield
    except NoOrder as error:
        if ledger is None:
            raise
        try:
            found, _ = await ledger.ask(lambda reader: reader.read_order(order_id, with_steps=False))
        except LedgerAway as away:
            raise LedgerAway(f"Temporal does not know order {order_id}. {away.message}") from error
        if found is None:
            raise
        raise _refusal(found, consequence) from error


def _refusal(found: OrderRecordRead, consequence: str) -> OperationRefused:
    order_id, ended_at, erased_at = found.order.order_id, found.order.ended_at, found.storage.erased_at
    if not found.head.has_ended or ended_at is None:
        return only_in_ledger(order_id)
    erased = f", and its personal data was erased at {_moment(erased_at)}" if erased_at is not None else ""
    return OperationRefused(
        ORDER_ENDED,
        f"Order {order_id} has ended ({found.order.state}, at {_moment(ended_at)}); {consequence}. {FORGOTTEN}{erased}",
        alternatives=[Alternative(action="show", parameters={"order_id": order_id}, effect="shows how it ended")],
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

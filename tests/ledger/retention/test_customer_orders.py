"""The orders of a customer are found, however many there are."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from ledger.retention.customer_orders import CustomerOrder, complete_orders
from ledger.retention.holds import HoldScope, LegalHold, place_hold
from tests.ledger.retention.ledger_orders import write_ended
from tests.support.ledger.simulated_orders import EPOCH

MORE_THAN_PARAMETERS = 70_000
"""A statement of PostgreSQL has at most 65,535."""


class _ForgetfulTemporal:
    """It knows no run."""

    def get_workflow_handle(self, *_: Any, **__: Any) -> _ForgetfulTemporal:
        return self

    async def describe(self) -> None:
        raise RPCError("workflow not found", RPCStatusCode.NOT_FOUND, b"")


async def test_a_customer_may_have_very_many_orders(ledger_database: Engine) -> None:
    write_ended(ledger_database, "HS-7")
    write_ended(ledger_database, "HS-8")
    place_hold(ledger_database, LegalHold(HoldScope.ORDER, "HS-8", "an audit", "ann", EPOCH))
    many = [CustomerOrder(f"HS-{number}", {"s"}) for number in range(MORE_THAN_PARAMETERS)]
    completed = await complete_orders(ledger_database, cast(Client, _ForgetfulTemporal()), many)
    known = {order.order_id: (order.state, order.hold) for order in completed if order.state is not None}
    assert known == {"HS-7": ("completed", None), "HS-8": ("completed", "an audit")}
    assert len(completed) == MORE_THAN_PARAMETERS

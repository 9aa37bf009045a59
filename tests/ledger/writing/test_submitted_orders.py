"""The order as submitted, when a reset undoes an amendment in a run that does not know what was submitted before."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, select

from ledger.database import write_transaction
from ledger.feed.pending_order import PendingOrder
from ledger.schema.tables import amendments, order_documents
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.simulated_orders import SimulatedOrder
from workflows.contract.order_changes import OrderChange


def _write(engine: Engine, *changes: OrderChange) -> None:
    for change in changes:
        with write_transaction(engine) as connection:
            assert apply_changes(connection, [change]) == []


def _merged(*changes: OrderChange) -> OrderChange:
    pending = PendingOrder.of(changes[0], 0)
    for change in changes[1:]:
        pending.add(change)
    return pending.merged()


def _submitted(engine: Engine) -> dict[str, Any] | None:
    with engine.connect() as connection:
        submitted: dict[str, Any] | None = connection.execute(select(order_documents.c.submitted)).scalar_one()
    return submitted


def _continued(order: SimulatedOrder) -> OrderChange:
    """The first change of a run that continues the order."""
    order.continue_as_new()
    return replace(order.complete(), submitted=None, digest=None, amendments=[])


def _amended(order: SimulatedOrder, *, knows_before: bool) -> OrderChange:
    change = order.amend(name="Somebody Else")
    return change if knows_before else replace(change, amendments=[replace(change.amendments[0], before=None)])


def _reset(order: SimulatedOrder, before: SimulatedOrder) -> OrderChange:
    """The first change of the run that goes on from an earlier state of the order."""
    before.position = order.position
    return _continued(before)


@pytest.mark.parametrize("is_merged", [False, True])
@pytest.mark.parametrize("knows_before", [False, True])
def test_an_undone_amendment_is_not_what_was_submitted(
    ledger_database: Engine, knows_before: bool, is_merged: bool
) -> None:
    order = SimulatedOrder("HS-1")
    original = order.submitted
    _write(ledger_database, order.complete())
    continued, before = _continued(order), deepcopy(order)
    changes = (continued, _amended(order, knows_before=knows_before), _reset(order, before))
    _write(ledger_database, *([_merged(*changes)] if is_merged else changes))
    with ledger_database.connect() as connection:
        assert connection.execute(select(amendments.c.revision)).all() == []
    is_known = knows_before or is_merged  # a merged amendment was never written
    assert _submitted(ledger_database) == (original if is_known else None)


@pytest.mark.parametrize("is_merged", [False, True])
def test_an_amendment_that_stays_is_what_was_submitted(ledger_database: Engine, is_merged: bool) -> None:
    order = SimulatedOrder("HS-1")
    first = (order.complete(), _amended(order, knows_before=True))
    submitted = order.submitted
    continued, before = _continued(order), deepcopy(order)
    changes = (*first, continued, _amended(order, knows_before=False), _reset(order, before))
    _write(ledger_database, *([_merged(*changes)] if is_merged else changes))
    assert _submitted(ledger_database) == submitted

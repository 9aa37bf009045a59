"""Legal holds: placed once, released once, and remembered."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from ledger.database import write_transaction
from ledger.retention.customer_orders import find_stored_orders
from ledger.retention.erase_stored import erase_stored
from ledger.retention.holds import HoldRefused, HoldScope, LegalHold, list_holds, place_hold, release_hold
from ledger.writing.apply_changes import apply_changes
from tests.ledger.retention.ledger_orders import write_ended
from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder

HOLD = LegalHold(HoldScope.CUSTOMER, "C-7", "the dispute of May", "ann", EPOCH)


@pytest.fixture(autouse=True)
def order(ledger_database: Engine) -> None:
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [SimulatedOrder("HS-1", customer={"id": "C-7"}).complete()])


@pytest.mark.parametrize(
    ("scope", "subject", "message"),
    [
        (HoldScope.ORDER, "HS-7", "There is no order HS-7 in the ledger or its archive; is the id right?"),
        (HoldScope.CUSTOMER, "C-1", "There is no order of customer C-1 in the ledger or its archive; is the id right?"),
    ],
)
def test_a_mistyped_id_is_not_held(ledger_database: Engine, scope: HoldScope, subject: str, message: str) -> None:
    with pytest.raises(HoldRefused, match=re.escape(message)):
        place_hold(ledger_database, LegalHold(scope, subject, "the dispute of May", "ann", EPOCH))
    assert list_holds(ledger_database) == []


def test_a_hold_is_remembered_with_who_placed_and_who_released_it(ledger_database: Engine) -> None:
    later = EPOCH + timedelta(days=1)
    place_hold(ledger_database, HOLD)
    assert list_holds(ledger_database) == [HOLD]
    release_hold(ledger_database, HoldScope.CUSTOMER, "C-7", "bob", later)
    assert list_holds(ledger_database) == []
    [released] = list_holds(ledger_database, released=True)
    assert (released.placed_by, released.released_by, released.released_at) == ("ann", "bob", later)


def test_a_second_hold_on_the_same_customer_is_refused(ledger_database: Engine) -> None:
    place_hold(ledger_database, HOLD)
    with pytest.raises(HoldRefused, match="a hold on customer C-7 already: by ann, the dispute of May"):
        place_hold(ledger_database, HOLD)
    release_hold(ledger_database, HoldScope.CUSTOMER, "C-7", "bob", EPOCH)
    place_hold(ledger_database, HOLD)
    assert len(list_holds(ledger_database, released=True)) == 2


def test_an_erasure_forgets_why_an_order_was_held(ledger_database: Engine) -> None:
    for order_id in ("HS-1", "HS-2"):
        write_ended(ledger_database, order_id, customer=f"C-of-{order_id}")
        place_hold(ledger_database, replace(HOLD, scope=HoldScope.ORDER, subject=order_id))
        release_hold(ledger_database, HoldScope.ORDER, order_id, "bob", EPOCH)
    targets = find_stored_orders(ledger_database, "C-of-HS-1").values()
    erase_stored(ledger_database, 1, list(targets), EPOCH, None)
    holds = {hold.subject: (hold.reason, hold.placed_by) for hold in list_holds(ledger_database, released=True)}
    assert holds == {"HS-1": ("", "ann"), "HS-2": ("the dispute of May", "ann")}


def test_what_is_not_held_cannot_be_released(ledger_database: Engine) -> None:
    place_hold(ledger_database, HOLD)
    with pytest.raises(HoldRefused, match="There is no hold on order C-7"):
        release_hold(ledger_database, HoldScope.ORDER, "C-7", "bob", EPOCH)

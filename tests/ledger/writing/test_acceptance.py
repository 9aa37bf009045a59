"""Which changes apply to rows of which position."""

from __future__ import annotations

import pytest

from ledger.writing.acceptance import Acceptance, judge_change
from tests.support.ledger.simulated_orders import SimulatedOrder

_order = SimulatedOrder("HS-1")
CHANGES = {"first": _order.complete(), "second": _order.begin(1), "third": _order.succeed(1)}
_order.continue_as_new()
CHANGES["continued"] = _order.complete()


@pytest.mark.parametrize(
    ("change", "stored", "acceptance"),
    [
        ("first", None, Acceptance.REPLACE),
        ("first", "first", Acceptance.REPLACE),
        ("first", "second", Acceptance.LATE),
        ("continued", None, Acceptance.REPLACE),
        ("continued", "third", Acceptance.REPLACE),
        ("second", None, Acceptance.MISSED),
        ("second", "first", Acceptance.EXTEND),
        ("second", "second", Acceptance.EXTEND),
        ("second", "third", Acceptance.LATE),
        ("third", "first", Acceptance.MISSED),
        ("third", "continued", Acceptance.LATE),
    ],
)
def test_changes_by_the_position_of_the_rows(change: str, stored: str | None, acceptance: Acceptance) -> None:
    position = CHANGES[stored].position if stored is not None else None
    assert judge_change(CHANGES[change], position) is acceptance

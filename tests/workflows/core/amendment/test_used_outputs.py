"""Amendments undo what has used a step before the step itself, as a cancellation does."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from activity_contract.compilation import CompiledAmendment
from tests.support.core.amendments import Amendable, amended
from tests.support.core.order_driver import ANN
from tests.support.core.plans import call, plan_of
from views.order.amendment import render_amendment
from workflows.contract.order_messages import AmendOrder, AmendResult
from workflows.contract.states import StepState
from workflows.core.amendment import answer
from workflows.core.amendment.used_outputs import UNDO_USERS_FIRST

S = StepState


def undo(path: str) -> dict[str, Any]:
    return {"undo": {"call": {"system": "shop", "delete": path}}}


RESERVE: dict[str, Any] = {
    "call": {"system": "shop", "post": "/reservations", "body": {"model": "${attributes.model}"}},
    **undo("/reservations/${output.id}"),
}
SHIP: dict[str, Any] = {
    "call": {"system": "shop", "post": "/shipments", "body": {"of": "${steps.reserve.output.id}"}},
    "after": ["reserve"],
    **undo("/shipments/${output.id}"),
}
ORDER = {"reserve": RESERVE, "ship": SHIP, "delivered": {"event": {"name": "delivered"}, "after": ["ship"]}}


def shipped(steps: dict[str, Any]) -> Amendable:
    driven = Amendable(steps, attributes={"model": "7 kW"})
    driven.answer("reserve", {"id": "R-1"})
    driven.answer("ship", {"id": "S-1"})
    return driven


def dry_run(driven: Amendable, steps: dict[str, Any], override: str | None = None) -> AmendResult:
    found = amended(driven.run.plan, driven.run.amendments.retired, plan_of(steps, attributes={"model": "22 kW"}))
    message = AmendOrder(order={"id": "O-1"}, dry_run=True, actor=ANN, override=override)
    return answer.decide(driven.run, 1, message, CompiledAmendment(), found).result


def used(driven: Amendable, steps: dict[str, Any], override: str | None = None) -> list[tuple[str, str]]:
    return [(each.step, each.user) for each in dry_run(driven, steps, override).used_by_kept]


def test_the_shipment_is_recalled_before_its_reservation_is_released() -> None:
    driven = shipped(ORDER)
    assert driven.amend(ORDER, attributes={"model": "22 kW"}) == {"reserve": "redone", "ship": "redone"}
    driven.answer("ship", {})
    driven.answer("reserve", {})
    driven.answer("reserve", {"id": "R-2"})
    assert driven.request("ship").body == {"of": "R-2"}
    driven.answer("ship", {"id": "S-2"})
    assert driven.all_keys() == [
        "reserve@1/do/1", "ship@1/do/1", "ship@1/undo/1", "reserve@1/undo/1", "reserve@1/do/2", "ship@1/do/2",
    ]  # fmt: skip


def test_the_order_of_undoing_is_that_of_a_cancellation() -> None:
    cancelled, changed = shipped(ORDER), shipped(ORDER)
    cancelled.order_action("cancel")
    changed.amend(ORDER, attributes={"model": "22 kW"})
    for driven in (cancelled, changed):
        driven.answer("ship", {})
    assert cancelled.all_keys() == changed.all_keys()


def test_users_of_users_are_undone_first_too() -> None:
    label = {
        "call": {"system": "shop", "post": "/labels", "body": {"of": "${steps.ship.output.id}"}},
        "after": ["ship"],
        **undo("/labels/${output.id}"),
    }
    steps = {**ORDER, "label": label}
    driven = shipped(steps)
    driven.answer("label", {"id": "L-1"})
    driven.amend(steps, attributes={"model": "22 kW"})
    assert driven.all_keys()[-1] == "label@1/undo/1"


def test_a_running_user_ends_is_undone_and_then_done_again() -> None:
    driven = Amendable(ORDER, attributes={"model": "7 kW"})
    driven.answer("reserve", {"id": "R-1"})
    assert driven.amend(ORDER, attributes={"model": "22 kW"}) == {"reserve": "redone", "ship": "ends_then_redone"}
    driven.answer("ship", {"id": "S-1"})
    assert driven.all_keys()[-1] == "ship@1/undo/1"
    driven.answer("ship", {})
    driven.answer("reserve", {})
    driven.answer("reserve", {"id": "R-2"})
    assert driven.all_keys()[-1] == "ship@1/do/2"


def test_a_user_that_may_have_had_its_effect_is_undone_first() -> None:
    driven = Amendable(ORDER, attributes={"model": "7 kW"})
    driven.answer("reserve", {"id": "R-1"})
    driven.fail("ship", "timeout", outcome_known=False)
    assert driven.amend(ORDER, attributes={"model": "22 kW"}) == {"reserve": "redone", "ship": "redone"}


def test_what_used_a_step_that_is_left_out_is_undone_first() -> None:
    driven = shipped(ORDER)
    without = {**ORDER, "ship": {**SHIP, "call": {"system": "shop", "post": "/shipments"}, "after": []}}
    del without["reserve"]
    driven.amend(without, attributes={"model": "7 kW"})
    assert driven.all_keys()[-1] == "ship@1/undo/1"


def test_a_user_that_has_done_nothing_is_not_concerned() -> None:
    driven = Amendable(ORDER, attributes={"model": "7 kW"})
    driven.answer("reserve", {"id": "R-1"})
    driven.fail("ship", "http_409")
    assert driven.amend(ORDER, attributes={"model": "22 kW"}) == {"reserve": "redone"}


def test_a_step_without_an_undo_only_is_done_again() -> None:
    steps = {**ORDER, "reserve": {"call": RESERVE["call"]}}
    driven = shipped(steps)
    assert used(driven, steps) == []
    assert driven.amend(steps, attributes={"model": "22 kW"}) == {"reserve": "redone"}


@pytest.mark.parametrize(
    ("ship", "override"),
    [
        ({**SHIP, "undo": None}, None),
        ({**SHIP, "on_change": "keep"}, None),
        ({**SHIP, "on_change": {"call": {"system": "shop", "put": "/shipments"}}}, None),
        ({**SHIP, "point_of_no_return": True}, "the customer insists"),
    ],
)
def test_the_dry_run_warns_of_users_that_are_not_undone(ship: dict[str, Any], override: str | None) -> None:
    steps = {**ORDER, "ship": ship}
    driven = shipped(steps)
    assert used(driven, steps, override) == [("camera.reserve@1", "camera.ship@1")]
    assert driven.amend(steps, attributes={"model": "22 kW"}) == {"reserve": "redone"}


def test_no_warning_where_all_users_are_undone() -> None:
    driven = shipped(ORDER)
    result = dry_run(driven, ORDER)
    assert (result.used_by_kept, result.may_redo) == ([], [])
    assert "used_by_kept" not in result.model_dump()


def test_the_warning_names_both_steps() -> None:
    steps = {**ORDER, "ship": {**SHIP, "on_change": "keep"}}
    console = Console(width=200)
    with console.capture() as capture:
        for part in render_amendment(dry_run(shipped(steps), steps)):
            console.print(part)
    warning = "Warning: camera.reserve@1 is undone, and camera.ship@1, which has used it, is not"
    assert warning in capture.get()


def test_an_order_that_decided_before_keeps_its_order() -> None:
    driven = shipped(ORDER)
    driven.run.is_patched = lambda patch: patch != UNDO_USERS_FIRST
    assert driven.amend(ORDER, attributes={"model": "22 kW"}) == {"reserve": "redone"}
    assert driven.all_keys()[-1] == "reserve@1/undo/1"


def test_a_reader_without_undo_is_still_compared() -> None:
    steps = {**ORDER, "note": call("/note/${steps.reserve.output.id}", after=["reserve"])}
    driven = shipped(steps)
    driven.answer("note", {})
    driven.amend(steps, attributes={"model": "22 kW"})
    for name, output in (("ship", {}), ("reserve", {}), ("reserve", {"id": "R-2"})):
        driven.answer(name, output)
    assert sorted(driven.all_keys()[-2:]) == ["note@1/do/2", "ship@1/do/2"]

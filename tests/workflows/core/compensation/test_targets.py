"""Which steps a rollback of a line, a bundle or the order concerns, and how the rest of the order goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from compiler.language.steps import LineAction
from compiler.plan.plan import Plan, PlannedLine
from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call, plan_of
from tests.support.core.undoable_plans import undoable
from workflows.contract.states import OrderState, StepState
from workflows.core.compensation.targets import line_target, target_around
from workflows.core.state.rollup import line_states

S, O = StepState, OrderState  # noqa: E741

ORDER_LINES = 4
LINES = {
    # fulfilment line → the lines that it stands below
    "hub@1.a": ("1.a",),
    "sim@1.a": ("hub@1.a",),
    "hub@1.b": ("1.b",),
    "controller@1": ("1.a", "1.b"),
    "hub@2": ("2",),
    "bill": ("1.a", "1.b", "2"),
}


def lines_plan(steps: Mapping[str, tuple[str, Mapping[str, Any]]]) -> Plan:
    """A bundle 1 of the offers 1.a and 1.b, and a second order line; each step with the fulfilment line it serves."""
    base = plan_of({name: written for name, (_, written) in steps.items()})
    order_lines = tuple(
        PlannedLine(id_, "offer", "Offer", 1, LineAction.ADD, {}, sources)
        for id_, sources in (("1", ()), ("1.a", ("1",)), ("1.b", ("1",)), ("2", ()))
    )
    lines = tuple(
        PlannedLine(id_, "part", "Part", 1, LineAction.ADD, {}, sources, "line") for id_, sources in LINES.items()
    )
    places = {id_: position for position, id_ in enumerate(LINES)}
    served = [
        replace(planned, line_positions=tuple(places[line] for line in at.split(" ")))
        for planned, (at, _) in zip(base.steps, steps.values(), strict=True)
    ]
    return replace(base, order_lines=order_lines, fulfilment_lines=lines, steps=tuple(served))


STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "a": ("hub@1.a", undoable()),
    "sim": ("sim@1.a", undoable(after=["a"])),
    "b": ("hub@1.b", undoable()),
    "both": ("hub@1.a hub@1.b", undoable(after=["a", "b"])),
    "control": ("controller@1", undoable()),
    "c": ("hub@2", undoable()),
    "bill": ("bill", call(after=["sim", "both", "c"])),
}


def named(driven: OrderDriver, positions: list[int]) -> list[str]:
    return [driven.plan.definitions[position].step for position in positions]


@pytest.mark.parametrize(
    ("step", "scope", "inside", "concerned"),
    [
        ("sim", "line", ["a", "sim"], ["a", "sim", "both", "control", "bill"]),
        ("b", "line", ["b"], ["b", "both", "control", "bill"]),
        ("both", "line", ["a", "sim", "b", "both", "control"], ["a", "sim", "b", "both", "control", "bill"]),
        ("sim", "bundle", ["a", "sim", "b", "both", "control"], ["a", "sim", "b", "both", "control", "bill"]),
        ("c", "bundle", ["c"], ["c", "bill"]),
        ("c", "order", list(STEPS), list(STEPS)),
    ],
)
def test_target_around_a_step(step: str, scope: Any, inside: list[str], concerned: list[str]) -> None:
    driven = OrderDriver(lines_plan(STEPS))
    target = target_around(driven.run, driven.step(step), scope)
    assert named(driven, target.exclusive_steps) == inside
    assert named(driven, target.serving_steps) == concerned


@pytest.mark.parametrize(
    ("line", "inside"),
    [
        ("1.a", ["a", "sim"]),
        ("sim@1.a", ["sim"]),
        ("1", ["a", "sim", "b", "both", "control"]),
        ("bill", ["bill"]),
    ],
)
def test_line_target_includes_everything_below_the_line(line: str, inside: list[str]) -> None:
    driven = OrderDriver(lines_plan(STEPS))
    target = line_target(driven.run, line)
    assert target is not None
    assert named(driven, target.exclusive_steps) == inside
    assert line_target(driven.run, "nothing") is None


def failing(scope: str, **further: Any) -> OrderDriver:
    steps = {**STEPS, "sim": ("sim@1.a", undoable(after=["a"], on_failure={"rollback": scope}, **further))}
    driven = OrderDriver(lines_plan(steps))
    for name in ("a", "b", "control", "c"):
        driven.answer(name, {"id": name})
    return driven


def test_failure_rolls_back_the_line_and_its_followers_go_on() -> None:
    driven = failing("line")
    driven.answer("both", {"id": "both"})
    driven.fail("sim", "refused")
    assert driven.state("bill") is S.IN_PROGRESS
    assert driven.in_flight() == ["camera.a@1", "camera.bill@1"]
    driven.answer("a")
    driven.answer("bill")
    assert driven.states() | {"a": "", "sim": ""} == dict.fromkeys(STEPS, "completed") | {"a": "", "sim": ""}
    assert line_states(driven.run)[ORDER_LINES:][:3] == [O.PARTIAL, O.FAILED, O.COMPLETED]
    assert driven.order_state() is O.PARTIAL


def test_failure_rolls_back_the_order() -> None:
    driven = failing("order")
    driven.answer("both", {"id": "both"})
    driven.fail("sim", "refused")
    assert sorted(driven.in_flight()) == ["camera.both@1", "camera.c@1", "camera.control@1"]
    for name in ("c", "control", "both", "a", "b"):
        driven.answer(name)
    assert driven.run.ended
    assert driven.order_state() is O.FAILED
    assert driven.state("bill") is S.DISCARDED


def test_failure_rolls_back_the_bundle_and_others_go_on() -> None:
    driven = failing("bundle")
    driven.fail("both", "refused")
    driven.fail("sim", "refused")
    for name in ("control", "a", "b"):
        driven.answer(name)
    driven.answer("bill")
    assert [state.value for state in line_states(driven.run)[:ORDER_LINES]] == ["partial"] * 3 + ["completed"]
    assert driven.order_state() is O.PARTIAL


def test_failed_step_with_unknown_outcome_is_undone_with_its_line() -> None:
    driven = failing("line")
    driven.fail("sim", "timeout", outcome_known=False)
    assert driven.keys("sim") == ["O-1/camera.sim@1/do/1"] * 2
    assert driven.run.counters.fallout == 0
    driven.answer("sim", {"id": "late"})
    driven.answer("sim")
    assert driven.state("sim") is S.CANCELLED
    assert driven.view("sim").error is not None


def test_shared_step_past_its_point_of_no_return_keeps_what_it_depends_on() -> None:
    steps = {**STEPS, "both": ("hub@1.a hub@1.b", undoable(after=["a", "b"], point_of_no_return=True))}
    driven = OrderDriver(lines_plan(steps))
    for name in ("a", "b", "sim", "control", "both"):
        driven.answer(name, {"id": name})
    found = driven.roll_back("1.a")
    assert named(driven, found.kept) == ["a"]
    assert named(driven, found.undone) == ["sim"]


def test_second_rollback_extends_the_first() -> None:
    driven = failing("line")
    driven.fail("sim", "refused")
    driven.answer("both", {"id": "both"})
    assert "camera.a@1" in driven.in_flight()
    driven.order_action("rollback")
    driven.fail("a", "locked")
    driven.fail("bill", "refused")
    assert driven.undo("b").state is S.PENDING
    for name in ("both", "control", "c"):
        driven.answer(name)
    driven.answer("b")
    driven.step_action("complete", "a")
    assert driven.run.ended
    assert driven.order_state() is O.FAILED

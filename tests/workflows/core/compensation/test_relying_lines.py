"""Lines that rely on a line that is rolled back: parked, or rolled back with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compiler.language.steps import LineAction, ReliedFailure
from compiler.plan.plan import Plan, PlannedLine
from tests.support.compiler.plan_sketch import catalogue_of, line, sketch
from tests.support.core.amendments import Amendable
from tests.support.core.order_driver import ANN, OrderDriver
from tests.support.core.plans import call, plan_of
from tests.support.core.undoable_plans import undoable
from workflows.contract.order_messages import OrderAction
from workflows.contract.states import OrderState, StepState
from workflows.core.actions.action import possible_actions
from workflows.core.engine import advance
from workflows.core.steps.refusal import RequestRefused

S, O = StepState, OrderState  # noqa: E741

SWAP: dict[str, tuple[str, dict[str, Any]]] = {
    "cease": ("1", call("/cease")),
    "archive": ("1", call("/archive", after=["cease"])),
    "build": ("2", undoable("/build")),
    "test": ("2", call("/test", after=["build"], on_failure=[{"rollback": "line"}])),
}


def swap_plan(
    steps: Mapping[str, tuple[str, dict[str, Any]]] = SWAP,
    relies_on: Mapping[str, tuple[str, ...]] = {"1": ("2",)},
    on_relied_failure: ReliedFailure = ReliedFailure.FALLOUT,
    lines: Mapping[str, tuple[str, ...]] = {"1": (), "2": ()},
) -> Plan:
    """Each step with the order line that it serves. The first steps of a line wait for the lines that it relies on."""
    written = {name: dict(step) for name, (_, step) in steps.items()}
    for id_, others in relies_on.items():
        theirs = [name for name, (served, _) in steps.items() if served.split(".")[0] in others]
        for name, (served, _) in steps.items():
            if served == id_ and not written[name].get("after"):
                written[name]["after"] = theirs
    base = plan_of(written)
    order_lines = tuple(
        PlannedLine(
            id_, "offer", "Offer", 1, LineAction.ADD, {}, sources,
            relies_on=relies_on.get(id_, ()), on_relied_failure=on_relied_failure,
        )
        for id_, sources in lines.items()
    )  # fmt: skip
    places = {id_: position for position, id_ in enumerate(lines)}
    planned = tuple(
        replace(step, line_positions=(~places[served],))
        for step, (served, _) in zip(base.steps, steps.values(), strict=True)
    )
    return replace(base, order_lines=order_lines, fulfilment_lines=(), steps=planned)


def fail_test(driven: OrderDriver) -> None:
    """The new access does not work: line 2 rolls back."""
    driven.answer("build", {"id": "B-1"})
    driven.fail("test", "http_409")
    driven.answer("build")  # its undo


def parked_swap(**options: Any) -> OrderDriver:
    driven = OrderDriver(swap_plan(**options))
    fail_test(driven)
    return driven


def test_a_line_does_not_go_on_when_the_line_that_it_relies_on_is_rolled_back() -> None:
    driven = parked_swap()
    assert driven.states() == {
        "cease": "fatally_failed", "archive": "pending", "build": "cancelled", "test": "cancelled",
    }  # fmt: skip
    failure = driven.step("cease").failure
    assert failure is not None
    assert (failure.code, failure.message) == (
        "relied_on_failed",
        "line 2, on which line 1 relies, was rolled back",
    )
    assert driven.started("cease") == []
    assert [each.action for each in possible_actions(driven.run, driven.step("cease"))] == ["proceed", "skip"]


def test_the_whole_line_goes_on_when_a_person_says_so() -> None:
    driven = parked_swap()
    driven.step_action("proceed", "cease")
    driven.answer("cease", {})
    driven.answer("archive", {})
    assert driven.states()["archive"] == "completed"
    assert driven.order_state() is O.PARTIAL


def test_what_a_person_decided_survives_continue_as_new() -> None:
    driven = parked_swap()
    driven = driven.continue_as_new()
    assert driven.state("cease") is S.FATALLY_FAILED
    driven.step_action("proceed", "cease")
    driven.answer("cease", {})
    driven.fail("archive", "http_500")
    driven = driven.continue_as_new()
    driven.step_action("retry", "archive")
    assert driven.state("archive") is S.IN_PROGRESS


def test_a_retry_parks_it_again() -> None:
    driven = parked_swap()
    driven.step_action("retry", "cease")
    assert (driven.state("cease"), driven.started("cease")) == (S.FATALLY_FAILED, [])


def test_a_parked_step_takes_the_queue_of_its_fallout_and_no_other_rule() -> None:
    for rules, queue in (([{"rollback": "line"}], None), ([{"do": "continue"}, {"do": "fallout", "queue": "q"}], "q")):
        steps = {**SWAP, "cease": ("1", call("/cease", on_failure=rules))}
        driven = parked_swap(steps=steps)
        assert (driven.state("cease"), driven.step("cease").queue) == (S.FATALLY_FAILED, queue)


def test_a_line_goes_back_with_the_one_that_it_relies_on_if_it_says_so() -> None:
    driven = parked_swap(on_relied_failure=ReliedFailure.ROLLBACK)
    assert driven.states() == {
        "cease": "discarded", "archive": "discarded", "build": "cancelled", "test": "cancelled",
    }  # fmt: skip
    assert driven.order_state() is O.FAILED
    assert "line 1 is rolled back, too: it relies on what is rolled back" in [
        entry.message for entry in driven.run.audit_log.entries
    ]


@pytest.mark.parametrize(
    ("policy", "going_back", "parked"),
    [(ReliedFailure.FALLOUT, (), ("1",)), (ReliedFailure.ROLLBACK, ("1",), ())],
)
def test_an_operators_rollback_names_the_lines_that_rely_on_it(
    policy: ReliedFailure, going_back: tuple[str, ...], parked: tuple[str, ...]
) -> None:
    driven = OrderDriver(swap_plan(on_relied_failure=policy))
    driven.answer("build", {"id": "B-1"})
    told = driven.order_action("rollback", line="2", assess=True)
    assert told.assessment is not None
    assert told.assessment.lines_going_back == list(going_back)
    assert told.assessment.lines_parked == list(parked)
    assert "line 1" in told.message
    assert ("camera.cease@1" in told.assessment.discarded) == bool(going_back)
    driven.order_action("rollback", line="2")
    driven.fail("test", "http_409")
    driven.answer("build")
    assert driven.state("cease") is (S.DISCARDED if going_back else S.FATALLY_FAILED)


def test_a_scheduled_step_is_parked_at_once() -> None:
    steps = {**SWAP, "cease": ("1", call("/cease", start={"delay": "30d"}))}
    driven = OrderDriver(swap_plan(steps))
    driven.answer("build", {"id": "B-1"})
    driven.answer("test", {})
    assert driven.state("cease") is S.SCHEDULED
    driven.order_action("rollback", line="2")
    assert driven.state("cease") is S.FATALLY_FAILED
    driven.step_action("proceed", "cease")
    assert driven.state("cease") is S.SCHEDULED


def test_what_has_begun_ends_and_the_next_step_is_parked() -> None:
    driven = OrderDriver(swap_plan())
    driven.answer("build", {"id": "B-1"})
    driven.answer("test", {})
    driven.order_action("rollback", line="2")
    driven.answer("cease", {})
    assert driven.states()["cease"] == "completed"
    assert driven.state("archive") is S.FATALLY_FAILED


def test_lines_that_rely_on_each_other_in_a_chain_go_back_together() -> None:
    steps = {**SWAP, "bill": ("3", undoable("/bill"))}
    chain = {"1": ("2",), "3": ("1",)}
    plan = swap_plan(steps, chain, ReliedFailure.ROLLBACK, {"1": (), "2": (), "3": ()})
    driven = OrderDriver(plan)
    fail_test(driven)
    assert {driven.state(name) for name in ("cease", "archive", "bill")} == {S.DISCARDED}


def test_a_line_below_the_one_relied_on_counts() -> None:
    steps = {**SWAP, "build": ("2.a", undoable("/build")), "test": ("2.a", SWAP["test"][1])}
    driven = parked_swap(steps=steps, lines={"1": (), "2": (), "2.a": ("2",)})
    assert driven.state("cease") is S.FATALLY_FAILED


def test_a_step_past_its_point_of_no_return_keeps_what_it_relies_on() -> None:
    steps = {**SWAP, "cease": ("1", call("/cease", point_of_no_return=True))}
    driven = OrderDriver(swap_plan(steps, on_relied_failure=ReliedFailure.ROLLBACK))
    driven.answer("build", {"id": "B-1"})
    driven.answer("test", {})
    driven.answer("cease", {})
    told = driven.order_action("rollback", line="2", assess=True)
    assert told.assessment is not None
    assert told.assessment.past_no_return == ["camera.cease@1"]
    assert "camera.build@1" in told.assessment.kept


def test_an_accepted_or_skipped_failure_lets_it_go_on() -> None:
    steps = {**SWAP, "test": ("2", call("/test", after=["build"], on_failure=[{"do": "continue"}]))}
    driven = OrderDriver(swap_plan(steps))
    driven.answer("build", {"id": "B-1"})
    driven.fail("test", "http_409")
    assert driven.state("cease") is S.IN_PROGRESS


def test_a_cancelled_order_takes_parked_steps_back() -> None:
    driven = parked_swap()
    driven.order_action("cancel")
    assert driven.states()["cease"] == "discarded"
    assert driven.run.ended


def test_an_amendment_that_no_longer_relies_on_the_failed_line_lets_it_go_on() -> None:
    driven = Amendable(swap_plan())
    fail_test(driven)
    driven.amend(swap_plan(relies_on={}))
    assert driven.state("cease") is S.IN_PROGRESS


def test_an_amendment_to_another_line_waits_for_that_one() -> None:
    driven = Amendable(swap_plan())
    fail_test(driven)
    again = {
        "cease": SWAP["cease"],
        "archive": SWAP["archive"],
        "cable": ("3", undoable("/cable")),
    }
    driven.amend(swap_plan(again, {"1": ("3",)}, lines={"1": (), "3": ()}))
    assert driven.state("cease") is S.PENDING
    driven.answer("cable", {"id": "C"})
    assert driven.state("cease") is S.IN_PROGRESS


def test_an_amendment_that_makes_a_line_rely_on_a_failed_one_parks_it() -> None:
    steps = {**SWAP, "cease": ("1", call("/cease", start={"delay": "30d"}))}
    driven = Amendable(swap_plan(steps, relies_on={}))
    fail_test(driven)
    assert driven.state("cease") is S.SCHEDULED
    driven.amend(swap_plan(steps))
    assert driven.state("cease") is S.FATALLY_FAILED


def test_proceed_is_for_steps_that_wait_for_others() -> None:
    driven = OrderDriver(swap_plan())
    driven.fail("build", "http_500")
    with pytest.raises(RequestRefused, match="waits neither for another order nor for a line that has failed"):
        driven.step_action("proceed", "build")


CATALOGUE = """
{kind: commercial_product, id: dsl, %s decomposes_to: [{product: dsl_line}]}
---
{kind: commercial_product, id: fibre, decomposes_to: [{product: fibre_line}]}
---
{kind: technical_product, id: dsl_line, steps: {cease: {actions: [delete], call: {system: s, post: /c}}}}
---
kind: technical_product
id: fibre_line
steps:
  build: {call: {system: s, post: /b}, undo: {call: {system: s, delete: /b}}}
  test: {after: [build], call: {system: s, post: /t}, on_failure: [{rollback: line}]}
---
{kind: system, id: s, base_url: "http://localhost"}
"""


@pytest.mark.parametrize(
    ("of_offer", "of_line", "state"),
    [
        ("", {}, S.FATALLY_FAILED),
        ("on_relied_failure: rollback,", {}, S.DISCARDED),
        ("", {"on_relied_failure": "rollback"}, S.DISCARDED),
        ("on_relied_failure: rollback,", {"on_relied_failure": "fallout"}, S.FATALLY_FAILED),
    ],
)
def test_the_line_says_what_becomes_of_it_or_else_the_offer(
    of_offer: str, of_line: dict[str, str], state: StepState, tmp_path: Path
) -> None:
    catalogue = catalogue_of(tmp_path, CATALOGUE % of_offer)
    order = [line("1", "dsl", action="delete", relies_on=["2"], **of_line), line("2", "fibre")]
    driven = OrderDriver(sketch(catalogue, *order).plan)
    steps = {driven.plan.step_definition(step).step: step.id for step in driven.plan.steps}
    driven.perform("rollback", OrderAction(actor=ANN, line="2"))
    build = driven.run.position_by_id[steps["build"]]
    assert driven.run.steps[build].stopping
    advance.activity_succeeded(driven.run, build, 1, {"output": {"id": 1}, "attempts": 1})
    driven.advance()
    advance.activity_succeeded(driven.run, build, driven.run.steps[build].launch, {"output": {}, "attempts": 1})
    driven.advance()
    assert driven.run.steps[driven.run.position_by_id[steps["cease"]]].state is state

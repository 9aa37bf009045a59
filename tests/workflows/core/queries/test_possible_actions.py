"""What the order would answer to each action, and what a step sends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.core.order_driver import ANN, OrderDriver
from tests.support.core.plans import call
from workflows.contract.action_checks import ActionCheck, PossibleActionsRequest, StepDetailsRequest
from workflows.contract.actions import ACTIONS, ActionTarget
from workflows.contract.order_messages import Actor, RefusalCode
from workflows.core.actions.registry import ACTION_HANDLERS
from workflows.core.queries.possible_actions import possible_actions
from workflows.core.queries.step_details import step_details

BEN = Actor(by="ben")


def in_fallout() -> OrderDriver:
    ordered: dict[str, Any] = {"call": {"system": "shop", "post": "/x", "body": {"sku": "one"}}}
    driven = OrderDriver({"a": ordered, "b": call("/${steps.a.output.id}", after=["a"])})
    driven.fail("a", "out_of_stock")
    return driven


def checks(driven: OrderDriver, actor: Actor = ANN, **target: Any) -> dict[str, ActionCheck]:
    answer = possible_actions(driven.run, PossibleActionsRequest(actor=actor, **target))
    return {check.action: check for check in answer.checks}


@pytest.mark.parametrize("target", [{"step": "1"}, {}, {"line": "1"}])
def test_every_action_on_the_target_is_answered_and_nothing_changes(target: dict[str, Any]) -> None:
    driven = in_fallout()
    kind = ActionTarget(next(iter(target), "order"))
    before = (driven.states(), len(driven.run.audit_log.entries), driven.run.view_changed)
    found = checks(driven, **target)
    assert found.keys() == {name for name in ACTION_HANDLERS if kind in ACTIONS[name].targets}
    assert (driven.states(), len(driven.run.audit_log.entries), driven.run.view_changed) == before


def test_a_step_in_fallout_can_be_mended_and_an_impossible_action_says_why() -> None:
    found = checks(in_fallout(), step="1")
    assert {name for name, check in found.items() if check.is_possible} >= {"retry", "skip", "complete", "claim"}
    assert found["skip"].needs_data
    assert found["skip"].reason == "output_needed"
    assert found["skip"].message.startswith("The output of step 1 (camera.a@1) is needed by step 2 (camera.b@1)")
    assert not found["reschedule"].is_possible
    assert found["reschedule"].code is RefusalCode.NOT_NOW
    assert "no time that could be moved" in found["reschedule"].message
    waiting = checks(in_fallout(), step="2")["retry"]
    assert not waiting.is_possible
    assert "only a step in fallout" in waiting.message


def test_a_step_that_somebody_else_holds_can_be_taken_over() -> None:
    driven = in_fallout()
    driven.step_action("claim", "a")
    assert checks(driven, step="1")["claim"].already
    retry = checks(driven, BEN, step="1")["retry"]
    assert (retry.held_by, retry.is_possible) == ("ann", True)


def test_an_order_says_what_cancelling_would_do() -> None:
    driven = in_fallout()
    cancel = checks(driven)["cancel"]
    assert cancel.is_possible
    assert cancel.assessment is not None
    assert cancel.assessment.discarded
    assert "would" in cancel.message


def test_a_step_shows_what_it_sends_with_corrections_or_what_is_missing() -> None:
    driven = in_fallout()
    first = step_details(driven.run, StepDetailsRequest(step="1"))
    assert first.input["body"] == {"sku": "one"}
    assert (first.takes_input, first.input_names) == (True, ["sku"])
    assert first.definition["call"]["system"] == "shop"
    later = step_details(driven.run, StepDetailsRequest(step="2"))
    assert later.input is None
    assert later.input_missing
    driven.step_action("retry", "a", {"sku": "two"})
    assert step_details(driven.run, StepDetailsRequest(step="1")).input["body"] == {"sku": "two"}

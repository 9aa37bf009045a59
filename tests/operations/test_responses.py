"""The JSON that programs rely on."""

from __future__ import annotations

from operations.blockers.order_blockers import find_blockers
from operations.list_responses import order_list_response
from operations.reading.list_orders import OrderPage
from operations.reading.order_details import OrderDetails
from operations.responses import blockers_response, order_with_steps_response, submission_response
from operations.submission.submit_order import SubmissionResult
from tests.support.order_views import START, order_view, step_view
from workflows.contract.order_messages import SubmissionDecision
from workflows.contract.order_summary import OrderSummary
from workflows.contract.order_views import LineView
from workflows.contract.states import Jeopardy, OrderState, StepState

ACCEPTED = SubmissionDecision(order_id="HS-1", state=OrderState.IN_PROGRESS, accepted=True, steps=3)


def test_a_submission_has_the_keys_of_the_command_lines_contract() -> None:
    shape = submission_response(
        SubmissionResult("HS-1", "order/HS-1", "r", OrderState.IN_PROGRESS, False, decision=ACCEPTED)
    ).model_dump(mode="json")
    assert {"order_id", "workflow_id", "run_id", "state", "already_running"} <= set(shape)
    assert (shape["state"], shape["already_running"], shape["steps"]) == ("in_progress", False, 3)


def test_a_list_has_the_keys_of_the_command_lines_contract() -> None:
    summary = OrderSummary(
        "HS-1", "order/HS-1", "r", OrderState.FAILED, Jeopardy.LATE, 1, 0, "C-42", ["p"], None, None, START, None
    )
    page = order_list_response(OrderPage([summary], "next")).model_dump(mode="json")
    assert page["next_cursor"] == "next"
    (listed,) = page["orders"]
    assert list(listed) == [
        "order_id",
        "state",
        "jeopardy",
        "fallout",
        "open_tasks",
        "customer_id",
        "products",
        "started_at",
        "ended_at",
        "customer_name",
        "requested_completion",
    ]
    assert listed["started_at"] == "2026-12-01T08:00:00Z"


def test_an_order_is_shown_in_the_plans_shape_with_states_and_goes_into_json() -> None:
    line = LineView(
        id="1",
        product="home_security",
        name="Home",
        quantity=1,
        action="add",
        attributes={},
        state=OrderState.IN_PROGRESS,
        sources=[],
    )
    reading = OrderDetails(
        order_view(order_lines=[line], lines=[line.model_copy(update={"sources": ["1"]})]),
        (step_view(1, "camera.reserve@1", StepState.READY),),
    )
    shape = order_with_steps_response(reading).model_dump(mode="json")
    assert shape["order_lines"][0]["parent"] is None
    assert shape["lines"][0]["sources"] == ["1"]
    assert shape["steps"][0]["state"] == "ready"
    assert shape["source"] == "worker"


def test_reasons_carry_both_their_parts_and_their_sentence() -> None:
    reading = OrderDetails(order_view(), (step_view(1, "camera.reserve@1", StepState.READY),))
    shape = blockers_response(reading, find_blockers(reading.order, reading.steps)).model_dump(mode="json")
    (reason,) = shape["reasons"]
    assert (reason["step"], reason["whose_move"]) == ("camera.reserve@1", "the worker's")
    assert reason["waits_for"] in reason["sentence"]

from __future__ import annotations

from console.presenting.order.moves import order_moves
from console.presenting.order.wait_words import wait_words
from operations.blockers.order_blockers import find_blockers
from tests.support.order_views import START, order_view, step_view
from workflows.contract.order_views import ErrorView, StepView
from workflows.contract.states import StepState


def waiting(number: int, waits_for: str, kind: str = "event") -> StepView:
    step_id = f"shipment.delivered@{number}"
    return step_view(number, step_id, StepState.IN_PROGRESS, kind=kind, name="Delivered", waits_for=waits_for)


def test_alike_steps_that_wait_for_their_own_events_are_one_move() -> None:
    steps = [waiting(number, f"event delivered with key TRK-{number}") for number in range(1, 5)]
    steps.append(waiting(5, "event returned with key TRK-5"))
    moves = order_moves(find_blockers(order_view(), steps), steps)
    assert [(move.step_count, move.waits_for) for move in moves] == [
        (4, "Waits for event delivered, each with its own key"),
        (1, "Waits for event returned with key TRK-5"),
    ]


def test_a_poll_is_told_without_its_expression() -> None:
    steps = [waiting(1, '`response.body.state == "active"`, asking subscription every 2s', "call")]
    (move,) = order_moves(find_blockers(order_view(), steps), steps)
    assert move.waits_for == "Asks subscription every 2s whether it is done"
    assert move.condition == 'response.body.state == "active"'


def test_a_condition_is_told_without_its_expression() -> None:
    steps = [waiting(1, "condition `order.characteristics.site_access == true` (not yet)", "wait")]
    (move,) = order_moves(find_blockers(order_view(), steps), steps)
    assert move.waits_for == "Waits for a condition of its definition (not yet)"
    assert move.condition == "order.characteristics.site_access == true"


def test_a_failure_names_the_system_and_its_reason() -> None:
    message = "Inventory, POST /reservations: answered 409 out_of_stock: none left"
    error = ErrorView(code="out_of_stock", message=message, at=START)
    step = step_view(1, "camera.reserve@1", StepState.FATALLY_FAILED, error=error, attempts=1)
    text = f"is in fallout after 1 attempt (out_of_stock: {message})"
    assert wait_words(text, step).text == "is in fallout after 1 attempt – Inventory: none left (out_of_stock)"
    assert wait_words(text, None).text == text

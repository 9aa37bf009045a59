"""Prints the result of an action on an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.framework.session import Session

if TYPE_CHECKING:
    from workflows.contract.order_messages import ActionResult


def print_answer(session: Session, order_id: str, answer: ActionResult) -> None:
    from operations.responses import action_response

    session.print_result(action_response(order_id, answer), answer.message)

"""Prints the result of an action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.framework.session import Session

if TYPE_CHECKING:
    from workflows.contract.order_messages import ActAnswer


def tell(session: Session, order_id: str, answer: ActAnswer) -> None:
    from operations.json_views import act_json

    if session.json:
        session.document(act_json(order_id, answer))
    else:
        session.show(answer.message)

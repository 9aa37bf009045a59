"""The actions on a whole order, as a menu beside its name."""

from __future__ import annotations

from console.presenting.actions.action_links import ActionLink, ActionTargetView, WhyNot, action_links
from operations.access.person import Person
from workflows.contract import actions
from workflows.contract.action_checks import ActionCheck
from workflows.contract.order_messages import RefusalCode
from workflows.contract.order_views import OrderView


def order_menu(order: OrderView, person: Person, why_not: WhyNot) -> list[ActionLink]:
    """By the order's state alone: it is not asked. The page of an action asks it."""
    known = {} if order.held else {actions.RESUME.name: _NOTHING_HELD}
    return action_links(ActionTargetView(order, known), person, why_not)


_NOTHING_HELD = ActionCheck(
    action=actions.RESUME.name, code=RefusalCode.NOT_NOW, message="Nothing of the order is held"
)

"""The actions on an order, a line or a step as links: those that are impossible say why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from console.presenting.actions.action_form import is_worth_trying
from console.presenting.actions.action_words import DANGEROUS, action_label
from console.presenting.actions.suggestions import action_url
from operations.access.permissions import ACTION_PERMISSIONS
from operations.access.person import Forbidden, Person, require_step
from views.shared.value_format import in_words
from workflows.contract import actions
from workflows.contract.action_checks import ActionCheck
from workflows.contract.actions import ACTIONS, ActionSpec, ActionTarget
from workflows.contract.order_views import InterruptionKind, OrderView, StepView
from workflows.contract.states import ENDED_ORDER_STATES, OrderState

NO_ANSWER = "No worker answers, so that nothing can be done now"

WhyNot = Callable[[str], str]
"""Why the person's account may not use this permission; empty if it may."""


@dataclass(frozen=True, slots=True)
class ActionLink:
    name: str
    label: str
    summary: str
    """What it does, in a sentence."""
    url: str
    reason: str = ""
    """Why it is impossible; empty if it is possible."""
    is_dangerous: bool = False

    @property
    def is_possible(self) -> bool:
        return not self.reason


@dataclass(frozen=True)
class ActionTargetView:
    """What actions are about, and what the order would answer to them."""

    order: OrderView
    checks: Mapping[str, ActionCheck] | None
    """None: no worker has answered."""
    step: StepView | None = None
    line: str | None = None

    @property
    def kind(self) -> ActionTarget:
        if self.step is not None:
            return ActionTarget.STEP
        return ActionTarget.ORDER if self.line is None else ActionTarget.LINE


def action_links(target: ActionTargetView, person: Person, why_not: WhyNot) -> list[ActionLink]:
    """Every action on the target. Those that are possible come first, each in the order of their declaration."""
    links = list(_links(target, person, why_not))
    return [link for link in links if link.is_possible] + [link for link in links if not link.is_possible]


def _links(target: ActionTargetView, person: Person, why_not: WhyNot) -> Iterator[ActionLink]:
    parameters = {"step": target.step.number if target.step is not None else None, "line": target.line}
    for name, spec in ACTIONS.items():
        if target.kind in spec.targets:
            yield ActionLink(
                name,
                action_label(spec),
                f"{spec.summary}.",
                action_url(target.order.order_id, name, **parameters),
                reason_against(target, spec, person, why_not),
                name in DANGEROUS,
            )


def reason_against(target: ActionTargetView, spec: ActionSpec, person: Person, why_not: WhyNot) -> str:
    """Why the action is impossible for this person now. Empty if it is possible."""
    return why_not(spec.name) or _queue_reason(target, spec, person) or _state_reason(target, spec)


def _queue_reason(target: ActionTargetView, spec: ActionSpec, person: Person) -> str:
    if target.step is None:
        return ""
    try:
        require_step(person, ACTION_PERMISSIONS[spec.name], target.step)
    except Forbidden as forbidden:
        return forbidden.message
    return ""


def _state_reason(target: ActionTargetView, spec: ActionSpec) -> str:
    order = target.order
    if spec is actions.RECOVER:
        return _recovery_reason(order)
    if order.interrupted is not None:
        return f"The order {order.interrupted.description}. Recover it first"
    if order.state in ENDED_ORDER_STATES:
        return f"The order has ended {in_words(order.state)}"
    if order.state is OrderState.ACKNOWLEDGED:
        return "The order waits for a worker to start it"
    if target.checks is None:
        return NO_ANSWER
    check = target.checks.get(spec.name)
    return "" if check is None or is_worth_trying(check) else check.message


def _recovery_reason(order: OrderView) -> str:
    if order.interrupted is None:
        return "Only an order that was ended from outside can be recovered"
    if order.interrupted.kind is InterruptionKind.DELETED:
        return "Temporal no longer has the order's run"
    return ""

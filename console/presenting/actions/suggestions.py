"""What is possible instead of a refused action, as links of the console."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from console.presenting.actions.action_words import action_label
from workflows.contract.actions import ACTIONS
from workflows.contract.order_messages import Alternative


@dataclass(frozen=True, slots=True)
class Suggestion:
    label: str
    effect: str
    url: str | None
    """None: it is done outside the console."""


def suggestion(alternative: Alternative) -> Suggestion:
    parameters = {name: value for name, value in alternative.parameters.items() if value is not None}
    label = _label(alternative)
    target = _TARGETS.get(alternative.action)
    if target is not None:
        return Suggestion(label, alternative.effect, target(parameters))
    if alternative.action in ACTIONS and "order_id" in parameters:
        return Suggestion(label, alternative.effect, _action_url(alternative.action, parameters))
    return Suggestion(label, alternative.effect, None)


def why_not_action(action: str, why_not: Callable[[str], str]) -> str:
    """Why the person may not follow a suggestion. Empty if they may, or if it is nothing that an account is asked
    for."""
    return why_not(_PERMISSIONS.get(action, action)) if action in ACTIONS or action in _PERMISSIONS else ""


_PERMISSIONS = {"submit": "submit", "switch_on": "switch_system", "event": "send_event"}


def _label(alternative: Alternative) -> str:
    spec = ACTIONS.get(alternative.action)
    if spec is None:
        return LABELS.get(alternative.action, alternative.action.replace("_", " ").capitalize())
    step, line = alternative.parameters.get("step"), alternative.parameters.get("line")
    part = f" · step {step}" if step is not None else f" · line {line}" if line is not None else ""
    override = " all the same" if "override" in alternative.required else ""
    return f"{action_label(spec)}{override}{part}"


LABELS: Mapping[str, str] = {
    "event": "Deliver the event",
    "submit": "Submit it again",
    "show": "Look at the order",
    "history": "Look at its history",
    "why": "What it waits for",
    "list": "Look at the orders",
    "systems": "Look at the systems",
    "switch_on": "Switch the system on",
    "notifications": "Look at the notifications",
    "versions": "Look at the published versions",
    "start_worker": "Start a worker",
    "start_server": "Start the server",
    "connect": "Connect to another server",
}
"""Alternatives that are no operator actions."""


def order_url(order_id: str) -> str:
    return f"/orders/{quote(order_id, safe='')}"


def step_url(order_id: str, step: object) -> str:
    return f"{order_url(order_id)}/steps/{quote(str(step), safe='')}"


def action_url(order_id: str, action: str, **parameters: object) -> str:
    given = {name: str(value) for name, value in parameters.items() if value is not None}
    return f"{order_url(order_id)}/actions/{action}" + (f"?{urlencode(given)}" if given else "")


def _action_url(action: str, parameters: Mapping[str, Any]) -> str:
    """With what the alternative already says: a person adds the rest in the form."""
    prefilled = {name: value for name, value in parameters.items() if name not in ("order_id", "data")}
    data = parameters.get("data")
    if isinstance(data, Mapping):
        prefilled |= data
    return action_url(str(parameters["order_id"]), action, **prefilled)


def _order_of(parameters: Mapping[str, Any]) -> str:
    return order_url(str(parameters["order_id"])) if "order_id" in parameters else "/orders"


def _why(parameters: Mapping[str, Any]) -> str:
    step = parameters.get("step")
    return _order_of(parameters) if step is None else step_url(str(parameters["order_id"]), step)


def _event(parameters: Mapping[str, Any]) -> str:
    given = {name: str(value) for name, value in parameters.items() if name != "order_id"}
    return f"{_order_of(parameters)}/event" + (f"?{urlencode(given)}" if given else "")


_TARGETS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "event": _event,
    "show": _order_of,
    "why": _why,
    "history": lambda parameters: f"{_order_of(parameters)}?view=history",
    "list": lambda _: "/orders",
    "submit": lambda _: "/submit",
    "systems": lambda _: "/systems",
    "switch_on": lambda parameters: f"/systems/{quote(str(parameters['system']), safe='')}",
    "notifications": lambda _: "/notifications",
    "versions": lambda _: "/catalogue",
}

"""The form by which a person delivers an event that a system has not sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.presenting.forms.fields import Control, FormField, Problems, Typed, with_typed
from console.presenting.forms.yaml_text import NotYaml, read_yaml
from operations.events.deliver_events import DeliveryResult
from workflows.contract.action_checks import StepDetails
from workflows.contract.order_views import StepView

NAME, KEY, PAYLOAD, STEP, EVENT_ID, REASON = "name", "key", "payload", "step", "event_id", "reason"
RESULTS: Mapping[str, str] = {
    "completed": "The event has completed its step",
    "delivered": "The event is delivered",
    "kept": "The event is kept: no step has taken it yet",
    "duplicate": "The event came before, and counts once",
    "late": "The event comes too late: its step is done",
}
"""What became of an event, in words."""


@dataclass(frozen=True)
class ReadEvent:
    name: str
    key: str | None
    payload: Any
    reason: str
    problems: Mapping[str, list[str]]


def event_fields(
    step: StepView | None,
    details: StepDetails | None,
    event_id: str,
    typed: Typed | None = None,
    problems: Problems | None = None,
) -> list[FormField]:
    """`event_id`: of this form, so that sending it twice counts once. An event that the order keeps has its own."""
    waits_for = f"The step waits for {step.waits_for}." if step is not None and step.waits_for else ""
    fields = [
        FormField(NAME, "Name", value=_event_name(details), help=waits_for, is_required=True, max_length=200),
        FormField(KEY, "Key", help="What tells the event from others of its name. Empty: it has none.", max_length=500),
        FormField(PAYLOAD, "Content", Control.CODE, help="As YAML: `name: value`. Empty: it has none."),
        FormField(REASON, "Reason", help="Why; it stays with the order.", max_length=1000),
        FormField(STEP, "", Control.HIDDEN, step.id if step is not None else ""),
        FormField(EVENT_ID, "", Control.HIDDEN, event_id),
    ]
    return with_typed(fields, typed, problems)


def _event_name(details: StepDetails | None) -> str:
    """Of the event that the step waits for; empty if it is one of several."""
    declared = (details.definition.get("event") or {}).get("name", []) if details is not None else []
    names = declared if isinstance(declared, list) else [declared]
    return str(names[0]) if len(names) == 1 else ""


def read_event(typed: Typed) -> ReadEvent:
    problems: dict[str, list[str]] = {}
    name = typed.get(NAME, "").strip()
    if not name:
        problems[NAME] = ["needs a value"]
    payload = None
    try:
        payload = read_yaml(typed.get(PAYLOAD, ""))
    except NotYaml as error:
        problems[PAYLOAD] = [f"cannot be read: {error}"]
    return ReadEvent(name, typed.get(KEY, "").strip() or None, payload, typed.get(REASON, "").strip(), problems)


def result_text(result: DeliveryResult) -> str:
    step = f" (step {result.step})" if result.step else ""
    return f"{RESULTS[result.status]}{step}"

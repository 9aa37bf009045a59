"""The request of an action, from a form that was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from console.presenting.actions.action_context import ActionContext, ReadForm
from console.presenting.actions.action_form import EXPECTED, EXPECTED_HOLDER, EXPECTED_REVISION
from console.presenting.forms.fields import Typed
from operations.actions.amend_order import AmendCommand
from workflows.contract.order_messages import (
    Actor,
    AmendOrder,
    Message,
    NoteAction,
    OrderAction,
    RecoverOrder,
    SetCharacteristics,
    StepAction,
)

ActionRequest = Message | AmendCommand


@dataclass(frozen=True)
class Asked:
    """A read form, who acts, and what they saw."""

    context: ActionContext
    form: ReadForm
    actor: Actor
    typed: Typed
    only_report: bool = False
    """Only report what it would do."""

    def given(self, *names: str) -> dict[str, Any]:
        return {name: self.form.values[name] for name in names if name in self.form.values}

    @property
    def step_id(self) -> str | None:
        return self.context.step.id if self.context.step is not None else None


def build_request(asked: Asked) -> ActionRequest:
    """Of the type that the action's specification names; for an amendment, a command of operations."""
    return REQUESTS[asked.context.spec.request](asked)


def _step_action(asked: Asked) -> ActionRequest:
    return StepAction(
        step=asked.step_id or "",
        actor=asked.actor,
        expected=asked.typed.get(EXPECTED) or None,
        expected_holder=asked.typed.get(EXPECTED_HOLDER),
        **asked.given("data", "take_over"),
    )


def _order_action(asked: Asked) -> ActionRequest:
    is_undone = asked.context.step is not None and asked.context.step.undo is not None
    return OrderAction(
        actor=asked.actor,
        step=asked.step_id,
        line=asked.context.line,
        expected=None if is_undone else asked.typed.get(EXPECTED) or None,
        assess=asked.only_report,
        **asked.given("override", "take_over"),
    )


def _note(asked: Asked) -> ActionRequest:
    return NoteAction(actor=asked.actor, step=asked.step_id, **asked.given("text"))


def _characteristics(asked: Asked) -> ActionRequest:
    return SetCharacteristics(actor=asked.actor, **asked.given("characteristics"))


def _recovery(asked: Asked) -> ActionRequest:
    return RecoverOrder(actor=asked.actor)


def _amendment(asked: Asked) -> ActionRequest:
    revision = asked.typed.get(EXPECTED_REVISION, "")
    return AmendCommand(
        actor=asked.actor,
        dry_run=asked.only_report,
        expected_revision=int(revision) if revision.isdecimal() else None,
        **asked.given("order", "override", "drop_units", "catalogue_version"),
    )


REQUESTS: Mapping[type[Message], Callable[[Asked], ActionRequest]] = {
    StepAction: _step_action,
    OrderAction: _order_action,
    NoteAction: _note,
    SetCharacteristics: _characteristics,
    RecoverOrder: _recovery,
    AmendOrder: _amendment,
}
"""One for each request of workflows.contract.actions."""

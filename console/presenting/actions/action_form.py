"""The form of any operator action, made from its specification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.presenting.actions.action_context import ActionContext, ReadForm
from console.presenting.actions.action_words import DANGEROUS, action_label
from console.presenting.actions.parameters import PARTS
from console.presenting.actions.refusals import Refusal, refusal_of_check
from console.presenting.forms.fields import Control, FormField, Problems, Typed, with_typed
from workflows.contract.action_checks import ActionCheck
from workflows.contract.actions import ActionSpec
from workflows.contract.order_messages import NoteAction

EXPECTED, EXPECTED_HOLDER, EXPECTED_REVISION = "expected", "expected_holder", "expected_revision"
REASON = "reason"


@dataclass(frozen=True)
class ActionForm:
    spec: ActionSpec
    title: str
    subject: str
    """`step 3 (camera.reserve@1) of order HS-1`."""
    fields: Sequence[FormField]
    is_dangerous: bool
    needs_preview: bool
    """What it would do is shown before it can be confirmed."""
    impossible: Refusal | None
    """Why it is not possible now."""

    @property
    def has_file(self) -> bool:
        return any(field.control is Control.FILE for field in self.fields)


def make_form(context: ActionContext, typed: Typed | None = None, problems: Problems | None = None) -> ActionForm:
    spec = context.spec
    return ActionForm(
        spec,
        action_label(spec),
        subject_text(context),
        with_typed([*_fields(context), *_seen_fields(context)], typed, problems),
        spec.name in DANGEROUS,
        needs_preview(spec),
        None if context.check is None or is_worth_trying(context.check) else refusal_of_check(context.check),
    )


def _fields(context: ActionContext) -> list[FormField]:
    spec = context.spec
    fields = [field for name in spec.parameters for field in PARTS[name].fields(context)]
    if spec.request is not NoteAction:
        fields.append(FormField(REASON, "Reason", help="Why; it stays with the order.", max_length=2000))
    return fields


def needs_preview(spec: ActionSpec) -> bool:
    return bool({"assess", "dry_run"} & spec.parameters.keys())


def is_worth_trying(check: ActionCheck) -> bool:
    """Whether a form is of any use: the action is possible, perhaps with a reason to pass a point of no return."""
    return check.is_possible or any("override" in each.required for each in check.alternatives)


def subject_text(context: ActionContext) -> str:
    order = f"order {context.order.order_id}"
    if context.step is not None:
        return f"step {context.step.number} ({context.step.id}) of {order}"
    return f"line {context.line} of {order}" if context.line is not None else order


def _seen_fields(context: ActionContext) -> list[FormField]:
    """What the person sees now. They are sent back with the form."""
    step = context.step
    seen = {
        EXPECTED: (step.undo.state if step.undo and step.undo.state != "completed" else step.state.value)
        if step is not None
        else context.order.state.value,
        EXPECTED_HOLDER: (step.holder or "") if step is not None else "",
        EXPECTED_REVISION: str(context.order.revision),
    }
    return [FormField(name, "", Control.HIDDEN, value) for name, value in seen.items()]


def read_form(context: ActionContext, typed: Typed) -> ReadForm:
    values: dict[str, object] = {}
    problems: dict[str, list[str]] = {}
    for name in context.spec.parameters:
        found, wrong = PARTS[name].read(context, typed)
        values |= found
        problems |= wrong
    for field in _fields(context):
        if field.max_length is not None and len(typed.get(field.name, "")) > field.max_length:
            problems.setdefault(field.name, [f"must have at most {field.max_length:,} characters"])
    return ReadForm(values, problems)

"""The forms for the `data` of actions on steps. What data means depends on the action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.language.durations import parse_duration
from compiler.values import as_text
from console.presenting.actions.action_context import ActionContext
from console.presenting.forms.attribute_fields import attribute_fields, read_attributes
from console.presenting.forms.fields import Choice, Control, FormField, Typed
from console.presenting.forms.moments import input_moment, read_moment
from console.presenting.forms.yaml_text import NotYaml, read_mapping
from workflows.contract import actions
from workflows.contract.action_checks import StepDetails

DATA = "data"
"""The field for data that has no declared form."""
FORM_PREFIX = "form."
"""Begins the fields of a task's form."""
INPUT_PREFIX = "input."
"""Begins the fields of a step's input."""

ReadData = tuple[dict[str, Any] | None, dict[str, list[str]]]
"""The data (None: none is sent), and what is wrong with each field."""


@dataclass(frozen=True)
class DataForm:
    fields: Callable[[ActionContext], list[FormField]]
    read: Callable[[ActionContext, Typed], ReadData]


def _yaml_field(label: str, help_text: str, value: str = "", *, is_required: bool = False) -> FormField:
    return FormField(DATA, label, Control.CODE, value, help_text, is_required)


def _read_yaml(typed: Typed) -> ReadData:
    text = typed.get(DATA, "")
    if not text.strip():
        return None, {}
    try:
        return read_mapping(text), {}
    except NotYaml as error:
        return None, {DATA: [f"cannot be read: {error}"]}


# complete: a task's form, else the output of the step

OUTPUT_HELP = "What later steps read, as YAML: `name: value`, one on each line."


def _complete_fields(context: ActionContext) -> list[FormField]:
    if context.form:
        return attribute_fields(context.form, FORM_PREFIX)
    if context.step is not None and context.step.undo is not None and context.step.kind != "manual":
        return []
    return [_yaml_field("Output", OUTPUT_HELP, _missing_output(context))]


def _missing_output(context: ActionContext) -> str:
    """A line for each value that the order says is missing."""
    missing = context.check.data.get("missing", []) if context.check is not None else []
    return "".join(f"{name}: \n" for name in missing)


def _read_complete(context: ActionContext, typed: Typed) -> ReadData:
    if context.form:
        values, problems = read_attributes(context.form, typed, FORM_PREFIX)
        return values, problems
    data, found = _read_yaml(typed)
    return data or {}, found


# skip: the output, if later steps need it


def _skip_fields(context: ActionContext) -> list[FormField]:
    if context.step is not None and context.step.undo is not None and context.step.undo.state != "completed":
        return []
    needed = context.check is not None and context.check.needs_data
    return [_yaml_field("Output", f"{OUTPUT_HELP} Leave it empty if no later step needs it.", is_required=needed)]


# retry: changed input


def _retry_fields(context: ActionContext) -> list[FormField]:
    details = context.details
    if details is None or not details.takes_input:
        return []
    if not details.input_names:
        return [_yaml_field("Changed input", "Only what changes, as YAML: `name: value`. Empty: the same again.")]
    sent = _sent_values(details)
    return [
        FormField(
            f"{INPUT_PREFIX}{name}",
            name,
            Control.TEXT if not isinstance(sent.get(name), dict | list) else Control.CODE,
            value=_input_text(sent.get(name)),
        )
        for name in details.input_names
    ]


def _sent_values(details: StepDetails) -> dict[str, Any]:
    """By the names that a retry can change."""
    sent = details.undo_input if details.undo_input is not None else details.input
    if not isinstance(sent, dict):
        return {}
    body, query = sent.get("body"), sent.get("query")
    merged = {**(query if isinstance(query, dict) else {}), **(body if isinstance(body, dict) else {})}
    given = sent.get("with")
    return given if isinstance(given, dict) else merged


def _input_text(value: Any) -> str:
    return "" if value is None else as_text(value)


def _read_retry(context: ActionContext, typed: Typed) -> ReadData:
    """Only the values that differ from what the step sends now."""
    details = context.details
    if details is None or not details.input_names:
        return _read_yaml(typed)
    sent, changed, problems = _sent_values(details), dict[str, Any](), dict[str, list[str]]()
    for name in details.input_names:
        field = f"{INPUT_PREFIX}{name}"
        text = typed.get(field, _input_text(sent.get(name)))
        if text == _input_text(sent.get(name)):
            continue
        try:
            changed[name] = _as_before(sent.get(name), text)
        except ValueError as error:
            problems[field] = [str(error)]
    return changed or None, problems


def _as_before(before: Any, text: str) -> Any:
    """The typed text as a value of the same type as before. Raises ValueError."""
    if isinstance(before, str):
        return text
    try:
        return read_mapping(text) if isinstance(before, dict) else _scalar(text)
    except NotYaml as error:
        raise ValueError(f"cannot be read: {error}") from error


def _scalar(text: str) -> Any:
    value = read_mapping(f"value: {text}")["value"] if text.strip() else None
    return text if isinstance(value, dict) else value


# assign: to whom


def _assign_fields(context: ActionContext) -> list[FormField]:
    queue = context.step.queue if context.step is not None else None
    returned = f"to the queue {queue}" if queue else "to its queue"
    help_text = f"A name. Empty: it goes back {returned}."
    return [FormField("to", "To whom", help=help_text, suggestions=context.people, max_length=200)]


def _read_assign(_context: ActionContext, typed: Typed) -> ReadData:
    return {"to": typed.get("to", "").strip()}, {}


# reschedule and extend: times

TIME_HELP = "A time like 2026-12-01T08:00Z, or how long from now: 2h, 3d."
SEEN_PREFIX = "seen."


def _seen_fields(context: ActionContext) -> list[FormField]:
    step = context.step
    moments = {
        "move": (step.next_attempt_at or step.due) if step else None,
        "within": step.due if step else None,
        "sla": step.late_at if step else None,
    }
    return [
        FormField(f"{SEEN_PREFIX}{name}", "", Control.HIDDEN, moment.isoformat())
        for name, moment in moments.items()
        if moment is not None
    ]


def _seen(typed: Typed, name: str) -> dict[str, str]:
    seen = typed.get(f"{SEEN_PREFIX}{name}")
    return {"seen": seen} if seen else {}


def _reschedule_fields(context: ActionContext) -> list[FormField]:
    step = context.step
    present = (step.next_attempt_at or step.due) if step else None
    help_text = f"{TIME_HELP} A time in the past means now."
    return [
        FormField("to", "To", value=input_moment(present), help=help_text, is_required=True),
        *(field for field in _seen_fields(context) if field.name.endswith("move")),
    ]


def _read_reschedule(_context: ActionContext, typed: Typed) -> ReadData:
    try:
        return {"to": read_moment(typed.get("to", "")).isoformat(), **_seen(typed, "move")}, {}
    except ValueError as error:
        return None, {"to": [str(error)]}


LIMITS = {"": "the one that runs", "within": "what it waits for", "sla": "its sla"}


def _extend_fields(context: ActionContext) -> list[FormField]:
    step = context.step
    both = step is not None and step.due is not None and step.late_at is not None
    choices = tuple(Choice(name, label) for name, label in LIMITS.items() if name or not both)
    return [
        FormField(
            "by", "How much longer, or until when", help="2h, 3d; or a time like 2026-12-01T08:00Z.", is_required=True
        ),
        FormField("limit", "More time for", Control.SELECT, choices=choices),
        *_seen_fields(context),
    ]


def _read_extend(_context: ActionContext, typed: Typed) -> ReadData:
    text, limit = typed.get("by", "").strip(), typed.get("limit", "")
    data: dict[str, Any] = {"limit": limit, **_seen(typed, limit)} if limit else {}
    try:
        parse_duration(text)
        return {"by": text, **data}, {}
    except ValueError:
        pass
    try:
        return {"to": read_moment(text).isoformat(), **data}, {}
    except ValueError as error:
        return None, {"by": [str(error)]}


DATA_FORMS: Mapping[str, DataForm] = {
    actions.COMPLETE.name: DataForm(_complete_fields, _read_complete),
    actions.SKIP.name: DataForm(_skip_fields, lambda _context, typed: _read_yaml(typed)),
    actions.RETRY.name: DataForm(_retry_fields, _read_retry),
    actions.ASSIGN.name: DataForm(_assign_fields, _read_assign),
    actions.RESCHEDULE.name: DataForm(_reschedule_fields, _read_reschedule),
    actions.EXTEND.name: DataForm(_extend_fields, _read_extend),
}
"""One for each action that takes data."""

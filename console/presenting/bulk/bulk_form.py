"""The form of a bulk job: the action's data, a reason, the pace, and when to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from console.presenting.forms.fields import CHECKED, Choice, Control, FormField, Problems, Typed, with_typed
from console.presenting.forms.yaml_text import NotYaml, read_mapping
from operations.bulk.bulk_runner import BulkPacing
from workflows.contract import actions
from workflows.contract.actions import ActionSpec

DEFAULT = BulkPacing()


@dataclass(frozen=True)
class BulkForm:
    fields: Sequence[FormField]
    takes_over: bool


@dataclass(frozen=True)
class ReadBulkForm:
    data: dict[str, Any] | None = None
    reason: str = ""
    override: str | None = None
    take_over: bool = False
    pacing: BulkPacing = DEFAULT
    problems: dict[str, list[str]] = field(default_factory=dict)


def bulk_form(
    spec: ActionSpec, typed: Typed | None = None, problems: Problems | None = None, people: Sequence[str] = ()
) -> BulkForm:
    """`people`: known names, for an action that gives steps to somebody."""
    fields = with_typed(list(_fields(spec, people)), typed, problems)
    return BulkForm(fields, typed is not None and typed.get("take_over") == CHECKED)


def _fields(spec: ActionSpec, people: Sequence[str]) -> list[FormField]:
    fields = [replace(_DATA_FIELDS.get(spec.name, _YAML_DATA), suggestions=people)] if "data" in spec.parameters else []
    if "override" in spec.parameters:
        fields.append(
            FormField("override", "Pass points of no return, because", help="Empty: they count.", max_length=2000)
        )
    if "take_over" in spec.parameters:
        fields.append(
            FormField("take_over", "Take over what others hold", Control.CHECKBOX, help="Otherwise it is left alone.")
        )
    return [
        *fields,
        FormField("reason", "Reason", help="Why; it stays with each order.", max_length=2000),
        FormField("per_second", "Pace", Control.SELECT, "5", choices=_PACES, is_required=True),
        FormField(
            "max_failures", "Stop after", Control.SELECT, "5", choices=_LIMITS, is_required=True, help=_LIMIT_HELP
        ),
    ]


_YAML_DATA = FormField(
    "data", "Data", Control.CODE, help="The same for all, as YAML: `name: value`. Empty if none is needed."
)
_DATA_FIELDS: Mapping[str, FormField] = {
    actions.ASSIGN.name: FormField("to", "To whom", help="A name. Empty: they go back to their queues.", max_length=200)
}
_PACES = tuple(Choice(str(number), f"{number} a second") for number in (1, 5, 20))
_LIMITS = (
    Choice("1", "the first failure"),
    Choice("5", "5 failures"),
    Choice("20", "20 failures"),
    Choice("0", "no number of failures"),
)
_LIMIT_HELP = "So that a wrong fix does not fail everywhere. Steps that are tried again are watched for some seconds."


def read_bulk_form(spec: ActionSpec, typed: Typed) -> ReadBulkForm:
    problems: dict[str, list[str]] = {}
    data: dict[str, Any] | None = None
    if spec is actions.ASSIGN:
        data = {"to": typed.get("to", "").strip()}
    elif "data" in spec.parameters and typed.get("data", "").strip():
        try:
            data = read_mapping(typed["data"])
        except NotYaml as error:
            problems["data"] = [f"cannot be read: {error}"]
    pace, limit = typed.get("per_second", "5"), typed.get("max_failures", "5")
    if pace not in {choice.value for choice in _PACES}:
        problems["per_second"] = ["must be one of the list"]
    if limit not in {choice.value for choice in _LIMITS}:
        problems["max_failures"] = ["must be one of the list"]
    if problems:
        return ReadBulkForm(problems=problems)
    return ReadBulkForm(
        data,
        typed.get("reason", "").strip(),
        typed.get("override", "").strip() or None,
        typed.get("take_over") == CHECKED,
        BulkPacing(float(pace), int(limit) or None),
    )

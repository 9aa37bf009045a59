"""The part of a form for each parameter that an action can have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from compiler.orders.reader import read_orders
from compiler.source.findings import OrderRejected
from console.presenting.actions.action_context import ActionContext
from console.presenting.actions.data_forms import DATA_FORMS
from console.presenting.actions.refusals import PAST_NO_RETURN
from console.presenting.forms.fields import CHECKED, Choice, Control, FormField, Typed
from console.presenting.forms.yaml_text import NotYaml, read_mapping
from workflows.contract.order_messages import SAME_VERSION

Problems = dict[str, list[str]]
Values = dict[str, Any]
"""By parameter. What is not given is left out."""
ORDER_FILE = "order_file"


@dataclass(frozen=True)
class Part:
    fields: Callable[[ActionContext], list[FormField]]
    read: Callable[[ActionContext, Typed], tuple[Values, Problems]]


def _no_fields(_context: ActionContext) -> list[FormField]:
    return []


def _nothing(_context: ActionContext, _typed: Typed) -> tuple[Values, Problems]:
    return {}, {}


def _data_fields(context: ActionContext) -> list[FormField]:
    return DATA_FORMS[context.spec.name].fields(context)


def _read_data(context: ActionContext, typed: Typed) -> tuple[Values, Problems]:
    data, problems = DATA_FORMS[context.spec.name].read(context, typed)
    return ({} if data is None else {"data": data}), problems


def _take_over_fields(context: ActionContext) -> list[FormField]:
    if context.held_by is None:
        return []
    label = f"Take it over from {context.held_by}"
    return [FormField("take_over", label, Control.CHECKBOX, help="It is yours from then on.", is_required=True)]


def _read_take_over(_context: ActionContext, typed: Typed) -> tuple[Values, Problems]:
    return ({"take_over": True} if typed.get("take_over") == CHECKED else {}), {}


def _override_fields(context: ActionContext) -> list[FormField]:
    """Only where a point of no return stands against the action."""
    check = context.check
    has_alternative = check is not None and any("override" in each.required for each in check.alternatives)
    if check is None or not (check.reason == PAST_NO_RETURN or has_alternative):
        return []
    help_text = "With a reason, what is past the point of no return is undone, too. The reason stays with the order."
    return [FormField("override", "Do it all the same, because", Control.TEXT, help=help_text, max_length=2000)]


def _read_override(_context: ActionContext, typed: Typed) -> tuple[Values, Problems]:
    text = typed.get("override", "").strip()
    return ({"override": text} if text else {}), {}


def _text_fields(_context: ActionContext) -> list[FormField]:
    return [FormField("text", "Note", Control.TEXTAREA, is_required=True, max_length=2000)]


def _read_text(_context: ActionContext, typed: Typed) -> tuple[Values, Problems]:
    text = typed.get("text", "").strip()
    return ({"text": text}, {}) if text else ({}, {"text": ["needs a text"]})


def _characteristics_fields(context: ActionContext) -> list[FormField]:
    present = context.order.characteristics
    value = yaml.safe_dump(present, sort_keys=False, allow_unicode=True) if present else ""
    help_text = "Names and values as YAML, one on each line. What you leave out stays as it is."
    return [FormField("characteristics", "Characteristics", Control.CODE, value, help_text, is_required=True)]


def _read_characteristics(_context: ActionContext, typed: Typed) -> tuple[Values, Problems]:
    try:
        values = read_mapping(typed.get("characteristics", ""))
    except NotYaml as error:
        return {}, {"characteristics": [f"cannot be read: {error}"]}
    return ({"characteristics": values}, {}) if values else ({}, {"characteristics": ["needs at least one name"]})


def _order_fields(context: ActionContext) -> list[FormField]:
    versions = (Choice("", "the catalogue in force"), Choice(SAME_VERSION, "the order's own version"))
    units = "Units that go first where a quantity goes down, one on each line: router@1#2. Usually empty."
    return [
        FormField("order", "The whole new order", Control.CODE, context.submitted, "YAML or JSON.", is_required=True),
        FormField(ORDER_FILE, "Or a file", Control.FILE, help="It counts instead of the text above."),
        FormField("catalogue_version", "Compiled with", Control.SELECT, choices=versions),
        FormField("drop_units", "Units to take away", Control.TEXTAREA, help=units),
    ]


def _read_order(context: ActionContext, typed: Typed) -> tuple[Values, Problems]:
    file = typed.get(ORDER_FILE, "")
    field = ORDER_FILE if file.strip() else "order"
    order, problems = read_one_order(file if file.strip() else typed.get("order", ""))
    if order is None:
        return {}, {field: problems}
    if order.get("id") != context.order.order_id:
        wrong = f"must be of order {context.order.order_id}, and its `id` is `{order.get('id')}`"
        return {}, {field: [wrong]}
    units = [line.strip() for line in typed.get("drop_units", "").splitlines() if line.strip()]
    version = typed.get("catalogue_version") or None
    return {"order": order, "drop_units": units, "catalogue_version": version}, {}


def read_one_order(text: str) -> tuple[dict[str, Any] | None, list[str]]:
    """The only order of the text, or what is wrong with it."""
    try:
        orders = read_orders(text, "order")
    except OrderRejected as error:
        return None, [
            f"line {each.line}, column {each.column}: {each.message}" if each.line else each.message
            for each in error.findings
        ]
    if len(orders) > 1:
        return None, [f"has {len(orders)} orders; give one"]
    return orders[0], []


PARTS: Mapping[str, Part] = {
    "data": Part(_data_fields, _read_data),
    "text": Part(_text_fields, _read_text),
    "characteristics": Part(_characteristics_fields, _read_characteristics),
    "order": Part(_order_fields, _read_order),
    "override": Part(_override_fields, _read_override),
    "take_over": Part(_take_over_fields, _read_take_over),
    # The form shows what the action would do before it asks for confirmation.
    "assess": Part(_no_fields, _nothing),
    "dry_run": Part(_no_fields, _nothing),
}
"""One for each parameter of workflows.contract.actions."""

"""The values of names in expressions (docs/language.md, Expressions), from the data of a plan.

The compiler and the workflow both use them. compiler/typecheck/scopes.py declares their types.
"""

from __future__ import annotations

from typing import Any

from compiler.language.steps import ACTIONS_WITH_PREVIOUS
from compiler.plan.plan import OrderHeader, Plan, PlannedLine, PlannedStep


def order_bindings(header: OrderHeader) -> dict[str, Any]:
    """The value of `order`. If the order lacks a text, that is `""`. If it lacks a time, that is null."""
    customer = header.customer
    return {
        "id": header.id,
        "customer": {name: customer.get(name) or "" for name in ("id", "name", "tier")},
        "priority": header.priority,
        "requested_start": header.requested_start,
        "requested_completion": header.requested_completion,
        "characteristics": header.characteristics,
    }


def line_bindings(line: PlannedLine, decimal_quantity: bool = False, workstream: str = "") -> dict[str, Any]:
    """`attributes`, `quantity` and `action` of one line, and `previous`, `let`, `each` and `index` if it has them.

    With `decimal_quantity`, quantities are floats for every product. `let` has the values of the product, and those of
    the `workstream`, if one is given.

    A modify or delete line always has a `previous`, even an empty one, so that `has(previous.attributes.x)` works.
    """
    quantity = float(line.quantity) if decimal_quantity else line.quantity
    bindings: dict[str, Any] = {"attributes": line.attributes, "quantity": quantity, "action": line.action.value}
    if line.action in ACTIONS_WITH_PREVIOUS:
        previous = line.previous
        bindings["previous"] = {"attributes": {}}
        if previous is not None:
            before = float(previous.quantity) if decimal_quantity else previous.quantity
            bindings["previous"] = {"attributes": previous.attributes, "quantity": before}
    own = line.workstream_lets.get(workstream)
    if line.let or own:
        bindings["let"] = {**line.let, **own} if own else line.let
    if line.each is not None:
        bindings["each"] = line.each
    if line.index is not None:
        bindings["index"] = line.index
    return bindings


def lines_entry_bindings(line: PlannedLine, decimal_quantity: bool = False, workstream: str = "") -> dict[str, Any]:
    """One element of `lines`."""
    return {
        **line_bindings(line, decimal_quantity, workstream),
        "id": line.id,
        "product": line.product,
        "name": line.name,
        "external_ids": line.external_ids,
        "requested_start": line.requested_start,
        "requested_completion": line.requested_completion,
    }


def sees_line_list(per: str) -> bool:
    """Whether expressions of a step with this `per` read a list `lines`, even if it has one element, or one line."""
    return per != "line"


def step_bindings(plan: Plan, step: PlannedStep) -> dict[str, Any]:
    """`order`, and `lines` or the names of the step's one line. Outputs and responses are not included."""
    bindings: dict[str, Any] = {"order": order_bindings(plan.order)}
    lines, definition = plan.step_lines(step), plan.step_definition(step)
    if sees_line_list(definition.per):
        bindings["lines"] = [
            lines_entry_bindings(line, definition.decimal_quantity, definition.workstream) for line in lines
        ]
    else:
        bindings.update(line_bindings(lines[0], definition.decimal_quantity, definition.workstream))
    return bindings

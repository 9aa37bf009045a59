"""What expressions see at run time: the values behind the table of names in docs/language.md, made from plan data.

The compiler and the workflow use the same ones; compiler/typecheck/scopes.py is what the type check promises of them.
"""

from __future__ import annotations

from typing import Any

from compiler.language.steps import ACTIONS_WITH_PREVIOUS
from compiler.plan.plan import OrderHeader, Plan, PlannedLine, PlannedStep


def order_bindings(header: OrderHeader) -> dict[str, Any]:
    """The value of `order`. Text that the order does not give is `""`, a time that it does not give is null."""
    customer = header.customer
    return {
        "id": header.id,
        "customer": {name: customer.get(name) or "" for name in ("id", "name", "tier")},
        "priority": header.priority,
        "requested_start": header.requested_start,
        "requested_completion": header.requested_completion,
        "characteristics": header.characteristics,
    }


def line_bindings(line: PlannedLine) -> dict[str, Any]:
    """`attributes`, `quantity`, `action` of one line; `previous`, `each`, `index` where it has them.

    A modify or delete line whose order does not say what the customer had has a `previous` without anything in it,
    so that `has(previous.attributes.x)` answers.
    """
    seen: dict[str, Any] = {"attributes": line.attributes, "quantity": line.quantity, "action": line.action.value}
    if line.action in ACTIONS_WITH_PREVIOUS:
        seen["previous"] = previous_bindings(line)
    if line.each is not None:
        seen["each"] = line.each
    if line.index is not None:
        seen["index"] = line.index
    return seen


def previous_bindings(line: PlannedLine) -> dict[str, Any]:
    previous = line.previous
    return (
        {"attributes": {}} if previous is None else {"attributes": previous.attributes, "quantity": previous.quantity}
    )


def lines_entry_bindings(line: PlannedLine) -> dict[str, Any]:
    """One entry of `lines`."""
    return {
        **line_bindings(line),
        "id": line.id,
        "product": line.product,
        "name": line.name,
        "external_ids": line.external_ids,
        "requested_start": line.requested_start,
        "requested_completion": line.requested_completion,
    }


def sees_line_list(per: str) -> bool:
    """Whether a step of this `per` sees `lines` (how many ever there are), and no line of its own."""
    return per != "line"


def step_bindings(plan: Plan, step: PlannedStep) -> dict[str, Any]:
    """Everything that a step's expressions see but outputs and answers: `order` and its line's names, or `lines`."""
    seen: dict[str, Any] = {"order": order_bindings(plan.order)}
    lines = plan.step_lines(step)
    if sees_line_list(plan.step_definition(step).per):
        seen["lines"] = [lines_entry_bindings(line) for line in lines]
    else:
        seen.update(line_bindings(lines[0]))
    return seen

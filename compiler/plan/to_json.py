"""A plan as `plan -o json` prints it (docs/cli.md): stable keys, the same whatever order keys and files come in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from compiler.language.durations import format_duration
from compiler.language.steps import CrossOrderReference
from compiler.plan.plan import Plan, PlannedLine, PlannedStep
from compiler.values import as_text


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Plain data, ready for json.dumps."""
    return {
        "order_id": plan.order.id,
        "catalogue_version": plan.catalogue_version,
        "order_lines": [_order_line_to_json(line) for line in plan.order_lines],
        "lines": [_fulfilment_line_to_json(line) for line in plan.fulfilment_lines],
        "steps": [_step_to_json(plan, step) for step in plan.steps],
    }


def _order_line_to_json(line: PlannedLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "product": line.product,
        "quantity": line.quantity,
        "action": line.action.value,
        "parent": line.sources[0] if line.sources else None,
    }


def _fulfilment_line_to_json(line: PlannedLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "product": line.product,
        "per": line.per,
        "quantity": line.quantity,
        "action": line.action.value,
        "attributes": to_json_value(line.attributes),
        "sources": list(line.sources),
    }


def _step_to_json(plan: Plan, step: PlannedStep) -> dict[str, Any]:
    definition = plan.step_definition(step)
    others = [
        _order_reference_to_json(each) for each in definition.definition.after if isinstance(each, CrossOrderReference)
    ]
    return {
        "id": step.id,
        "workstream": definition.workstream,
        "name": definition.name,
        "kind": definition.definition.kind.value,
        "lines": [line.id for line in plan.step_lines(step)],
        "after": sorted(plan.steps[position].id for position in step.after),
        **({"after_orders": others} if others else {}),
    }


def _order_reference_to_json(reference: CrossOrderReference) -> dict[str, Any]:
    """A step of another order, as the definition names it: which order that is shows when the step's turn comes."""
    within = reference.within
    return {
        "order": reference.order,
        "step": reference.step,
        "within": format_duration(within) if isinstance(within, timedelta) else within,
    }


def to_json_value(value: Any) -> Any:
    """A value as JSON holds it: dates as ISO text, names of objects sorted."""
    if isinstance(value, Mapping):
        return {str(name): to_json_value(value[name]) for name in sorted(value)}
    if isinstance(value, list | tuple):
        return [to_json_value(item) for item in value]
    return as_text(value) if isinstance(value, date | timedelta) else value

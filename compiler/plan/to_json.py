"""Plans as JSON, as `plan -o json` prints them (docs/cli.md). The order of files and keys makes no difference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from compiler.language.durations import format_duration
from compiler.language.steps import CrossOrderReference
from compiler.plan.plan import Plan, PlannedLine, PlannedStep
from compiler.plan.schedule import PlanSchedule
from compiler.values import as_text


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain data for json.dumps."""
    return {
        "order_id": plan.order.id,
        "catalogue_version": plan.catalogue_version,
        "order_lines": [_order_line_to_json(line) for line in plan.order_lines],
        "lines": [_fulfilment_line_to_json(line) for line in plan.fulfilment_lines],
        "steps": [_step_to_json(plan, step) for step in plan.steps],
    }


def schedule_to_json(plan: Plan, schedule: PlanSchedule) -> dict[str, Any]:
    """The expected times as plain data: `forecast`, in seconds after the order's start."""
    return {
        "duration": schedule.duration,
        "critical_path": [plan.steps[position].id for position in schedule.critical_path],
        "not_known_yet": [plan.steps[position].id for position in sorted(schedule.unknown)],
        "skipped": [plan.steps[position].id for position in sorted(schedule.skipped)],
        "steps": [
            {"id": step.id, "start": start, "end": end, "slack": slack}
            for step, start, end, slack in zip(plan.steps, schedule.starts, schedule.ends, schedule.slack, strict=True)
        ],
    }


def _order_line_to_json(line: PlannedLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "product": line.product,
        "quantity": line.quantity,
        "action": line.action.value,
        "parent": line.sources[0] if line.sources else None,
        **_named_values(line),
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
        **_named_values(line),
    }


def _named_values(line: PlannedLine) -> dict[str, Any]:
    """`let` and `workstream_lets`, where the line has any."""
    named = {"let": line.let, "workstream_lets": line.workstream_lets}
    return {key: to_json_value(values) for key, values in named.items() if values}


def _step_to_json(plan: Plan, step: PlannedStep) -> dict[str, Any]:
    planned = plan.step_definition(step)
    references = [each for each in planned.definition.after if isinstance(each, CrossOrderReference)]
    result: dict[str, Any] = {
        "id": step.id,
        "workstream": planned.workstream,
        "name": planned.name,
        "kind": planned.definition.kind.value,
        "lines": [line.id for line in plan.step_lines(step)],
        "after": sorted(plan.steps[position].id for position in step.after),
    }
    if references:
        result["after_orders"] = [_order_reference_to_json(reference) for reference in references]
    return result


def _order_reference_to_json(reference: CrossOrderReference) -> dict[str, Any]:
    """A reference to a step of another order, as in the definition: its `order` is evaluated when the step starts."""
    within = reference.within
    return {
        "order": reference.order,
        "step": reference.step,
        "within": format_duration(within) if isinstance(within, timedelta) else within,
    }


def to_json_value(value: Any) -> Any:
    """A value as plain data: dates become ISO text, and keys are sorted."""
    if isinstance(value, Mapping):
        return {str(name): to_json_value(value[name]) for name in sorted(value)}
    if isinstance(value, list | tuple):
        return [to_json_value(item) for item in value]
    return as_text(value) if isinstance(value, date | timedelta) else value

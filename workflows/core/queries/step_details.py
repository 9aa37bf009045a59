"""What a step sends, and its definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compiler.language.steps import StepDefinition, UndoDefinition
from workflows.contract.action_checks import StepDetails, StepDetailsRequest
from workflows.core.execution.kinds.call import CALLBACK_BINDINGS, call_request_fields
from workflows.core.execution.undo_activities import undo_scope
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.corrections import correction_views, input_templates, replace_input
from workflows.core.steps.expression_scope import StepExpressionError, StepScope
from workflows.core.steps.outcome import as_json_data
from workflows.core.steps.refusal import find_step

SENT_FIELDS = ("system", "method", "path", "query", "headers", "body")

ScopeOf = Callable[[OrderRun, StepRun, dict[str, Any]], StepScope]


def step_details(run: OrderRun, request: StepDetailsRequest) -> StepDetails:
    """Raises RequestRefused if there is no such step."""
    step = find_step(run, request.step)
    planned = run.definition(step)
    definition = planned.definition
    sent, missing = _input(run, step, definition, step.changes or {}, StepScope)
    undo, undo_missing = None, ""
    if definition.undo is not None and step.undoing:
        changes = (step.undo.changes if step.undo else None) or {}
        undo, undo_missing = _input(run, step, definition.undo, changes, undo_scope)
    retried = definition.undo if definition.undo is not None and step.undoing else definition
    templates = input_templates(retried)
    return StepDetails(
        step=run.step_id(step),
        workstream=planned.workstream,
        input=sent,
        input_missing=missing,
        undo_input=undo,
        undo_input_missing=undo_missing,
        corrections=correction_views(run, step),
        input_names=list(templates) if isinstance(templates, dict) else [],
        takes_input=retried.call is not None or retried.activity is not None,
        definition=definition.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        locations=sorted(set(planned.expression_locations.values()), key=_location_key),
    )


def _input(
    run: OrderRun,
    step: StepRun,
    definition: StepDefinition | UndoDefinition,
    changes: dict[str, Any],
    scope_of: ScopeOf,
) -> tuple[Any, str]:
    """What is sent, or why that is not known. Corrections count even if their value has changed since: only sending
    decides that."""
    try:
        if definition.call is not None:
            bindings = CALLBACK_BINDINGS if definition.call.callback is not None else {}
            fields = call_request_fields(definition.call, scope_of(run, step, dict(bindings)))
            fields["query"], fields["body"] = replace_input(definition.call, fields["query"], fields["body"], changes)
            return as_json_data({name: fields[name] for name in SENT_FIELDS if fields[name] not in (None, {})}), ""
        if definition.activity is not None:
            given = scope_of(run, step, {}).render(definition.with_)
            return as_json_data({"activity": definition.activity, "with": {**given, **changes}}), ""
    except StepExpressionError as error:
        return None, str(error)
    return None, ""


def _location_key(location: str) -> tuple[str, int, int]:
    """Sorts by file, then line, then column."""
    file, line, column = location.rsplit(":", 2)
    return file, int(line), int(column)

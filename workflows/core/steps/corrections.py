"""Input that a person has corrected with `retry`. A correction stays until the value that it replaces changes.

So it also counts when the step is done again, by a redo or by an amendment of something else. What a correction
replaced is kept with it, and compared each time before the step's input is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from compiler.language.steps import CallDefinition, StepDefinition, UndoDefinition
from compiler.source.findings import did_you_mean
from compiler.typecheck.expression_sites import STEP_SHAPE, find_expressions
from workflows.contract.order_messages import CorrectionView, RefusalCode
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.expression_scope import StepExpressionError, StepScope
from workflows.core.steps.outcome import as_json_data
from workflows.core.steps.refusal import RequestRefused, alternative, step_reference

CORRECTIONS_STAY = "corrections-stay"
INPUT_NAMES_CHECKED = "input-names-checked"
MAX_NAMED_INPUTS = 20


def input_templates(definition: StepDefinition | UndoDefinition) -> Any:
    """What the step sends, by name, as it is defined; something else than a mapping if that has no fixed names."""
    call = definition.call
    if call is None:
        return definition.with_
    return call.query if call.body is None else {**call.query, **call.body} if isinstance(call.body, dict) else None


def require_known_names(
    run: OrderRun, step: StepRun, definition: StepDefinition | UndoDefinition, names: Collection[str]
) -> None:
    """Raises RequestRefused if the input of the step, or of its undo, does not have one of these names."""
    known = input_templates(definition)
    unknown = [name for name in names if known is not None and name not in known]
    if not unknown or not run.is_patched(INPUT_NAMES_CHECKED):
        return
    listed = ", ".join(list(known)[:MAX_NAMED_INPUTS])
    has = f"it has: {listed}" if known else "it sends no data"
    raise RequestRefused(
        RefusalCode.INVALID,
        f"{step_reference(run, step)} has no input `{unknown[0]}` ({has}){did_you_mean(unknown[0], known)}",
        "unknown_input",
        [alternative(run, "retry", "with that input", step=step, required=["data"])] if known else [],
        unknown=unknown,
        known=list(known)[:MAX_NAMED_INPUTS],
    )


def correct_input(run: OrderRun, step: StepRun, values: Mapping[str, Any]) -> None:
    """Call when a person retries the step with this input."""
    step.changes = {**(step.changes or {}), **values}
    if not run.is_patched(CORRECTIONS_STAY):
        return
    templates = input_templates(run.definition(step).definition)
    scope = StepScope(run, step)
    for name in values if isinstance(templates, dict) else ():
        try:
            before = as_json_data(scope.render(templates.get(name)))
        except StepExpressionError:  # a value that does not exist cannot be compared later
            continue
        step.corrected_from = {**(step.corrected_from or {}), name: before}


def keep_corrections(step: StepRun) -> None:
    """Call when the step settles, or when it will be done anew."""
    lasting = step.corrected_from or {}
    step.changes = {name: value for name, value in (step.changes or {}).items() if name in lasting} or None


def corrections_in_force(run: OrderRun, step: StepRun, rendered: Mapping[str, Any]) -> dict[str, Any]:
    """What replaces values of `rendered`, the step's input by name. Corrections of values that have changed end."""
    changes, corrected_from = step.changes or {}, step.corrected_from or {}
    ended = [
        name for name in corrected_from if name in rendered and as_json_data(rendered[name]) != corrected_from[name]
    ]
    for name in ended:
        run.audit_log.record(run.now, f"correction of {name} ended: its value has changed", run.step_id(step))
    if ended:
        step.changes = changes = {name: value for name, value in changes.items() if name not in ended}
        step.corrected_from = {name: value for name, value in corrected_from.items() if name not in ended} or None
    return {name: value for name, value in changes.items() if name in rendered or name not in corrected_from}


def corrected_call_input(
    run: OrderRun, step: StepRun, call: CallDefinition, query: dict[str, Any], body: Any
) -> tuple[dict[str, Any], Any]:
    """The query and the body that are sent."""
    fields = {**query, **body} if isinstance(body, dict) else query
    return replace_input(call, query, body, corrections_in_force(run, step, fields))


def replace_input(
    call: CallDefinition, query: dict[str, Any], body: Any, changes: Mapping[str, Any]
) -> tuple[dict[str, Any], Any]:
    """Each value replaces that of its name in the body, else in the query."""
    for name, value in changes.items():
        in_body = isinstance(body, dict) and name in body
        if not in_body and (name in query or (call.method in ("get", "delete") and body is None)):
            query = {**query, name: value}
        else:
            body = {**body, name: value} if isinstance(body, dict) else {name: value}
    return query, body


def correction_views(run: OrderRun, step: StepRun, changed_inputs: Iterable[str] = ()) -> list[CorrectionView]:
    """`changed_inputs`: the values that an amendment changes, by their names in expressions."""
    changed = list(changed_inputs)
    return [
        CorrectionView(
            name=name,
            value=(step.changes or {}).get(name),
            instead_of=before,
            ends=any(one in expression for one in changed for expression in _expressions(run, step, name)),
        )
        for name, before in (step.corrected_from or {}).items()
    ]


def _expressions(run: OrderRun, step: StepRun, name: str) -> list[str]:
    templates = input_templates(run.current_definition(step).definition)
    if not isinstance(templates, dict) or name not in templates:
        return []
    return [site.expression for site in find_expressions({"with": {name: templates[name]}}, STEP_SHAPE)]

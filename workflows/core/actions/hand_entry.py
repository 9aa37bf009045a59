"""What a person enters instead of the system: judged by the step's `fail_when` and `output` as what the system sends.

The data is either the step's output, or what the system would have sent: then the step's `output` makes the output.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.language.steps import FailureCondition, StepKind
from compiler.values import as_text
from workflows.contract.order_messages import RefusalCode
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepFailure, StepRun
from workflows.core.steps.expression_scope import StepExpressionError, StepScope
from workflows.core.steps.needed_output import missing_fields
from workflows.core.steps.outcome import render_output
from workflows.core.steps.refusal import RequestRefused, alternative, step_reference

JUDGED_BY_HAND = "completed-by-hand-is-judged"
OUTPUT_DEMANDED = "completed-with-what-is-read"


def hand_failure(run: OrderRun, step: StepRun, data: Any) -> StepFailure | None:
    """The first `fail_when` that holds for the data. One that reads what the data does not have does not hold."""
    scope = _scope(run, step, data)
    for case in run.definition(step).definition.fail_when:
        if _holds(scope, case) and run.is_patched(JUDGED_BY_HAND):
            return StepFailure(case.code, _message(scope, case), attempts=step.attempts)
    return None


def hand_output(run: OrderRun, step: StepRun, data: Any) -> Any:
    """The output: the data, or what `output` makes of it if the data alone lacks what later steps read."""
    return next((output for output in _outputs(run, step, data) if not missing_fields(run, step, output)), data)


def require_needed_output(run: OrderRun, step: StepRun, data: Any) -> None:
    """Raises RequestRefused if the step's `fail_when`, or later steps, read what the data does not have."""
    if hand_failure(run, step, data) is not None:
        return
    _require_what_fail_when_reads(run, step, data)
    missing = {}
    for output in _outputs(run, step, data):
        missing = missing_fields(run, step, output)
        if not missing:
            return
    if not missing or not run.is_patched(OUTPUT_DEMANDED):
        return
    fields = "; ".join(f"`{field}` is missing, which {reader} reads" for field, reader in missing.items())
    raise RequestRefused(
        RefusalCode.INVALID,
        f"{step_reference(run, step)} is not completed: {fields}",
        "output_needed",
        [alternative(run, "complete", "with that output", step=step, required=["data"])],
        readers=list(dict.fromkeys(missing.values())),
        missing=list(missing),
    )


def _require_what_fail_when_reads(run: OrderRun, step: StepRun, data: Any) -> None:
    """A callback or an event without it is refused as well. Raises RequestRefused."""
    definition = run.definition(step).definition
    called_back = definition.call is not None and definition.call.callback is not None
    if not (called_back or definition.event is not None):
        return
    scope = _scope(run, step, data)
    for case in definition.fail_when:
        try:
            scope.is_true(case.if_)
        except StepExpressionError as error:
            if error.missing and run.is_patched(JUDGED_BY_HAND):
                raise RequestRefused(
                    RefusalCode.INVALID,
                    f"{step_reference(run, step)} is not completed: its `fail_when` reads `{case.if_}`, "
                    f"and the data does not have it: {error.cause}",
                    "output_needed",
                    [alternative(run, "complete", "with that value", step=step, required=["data"])],
                ) from None


def _outputs(run: OrderRun, step: StepRun, data: Any) -> Iterator[Any]:
    """What may be meant. A form's data always goes through the step's `output`."""
    definition = run.definition(step).definition
    if definition.manual is None:
        yield data
    if definition.manual is not None or definition.output is not None:
        try:
            yield render_output(run, step, _scope(run, step, data), data)
        except StepExpressionError:
            if definition.manual is not None:
                yield {}


def _scope(run: OrderRun, step: StepRun, data: Any) -> StepScope:
    response = {"status": 200, "headers": {}, "body": data}
    match run.profile(step).kind:
        case StepKind.CALL:
            call = run.definition(step).definition.call
            called_back = call is not None and call.callback is not None
            names = {"payload": data, "response": step.answer or {}} if called_back else {"response": response}
        case StepKind.EVENT:
            names = {"payload": data, "event": next(iter(step.event_names), "")}
        case StepKind.ACTIVITY:
            names = {"output": data}
        case _:
            names = {"payload": data}
    return StepScope(run, step, names)


def _holds(scope: StepScope, case: FailureCondition) -> bool:
    try:
        return scope.is_true(case.if_)
    except StepExpressionError:
        return False


def _message(scope: StepScope, case: FailureCondition) -> str:
    try:
        return as_text(scope.render(case.message)) if case.message else f"`{case.if_}` holds"
    except StepExpressionError:
        return f"`{case.if_}` holds"

"""Turns a response, an event, a callback or a form into a business failure or the step's output."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from compiler.values import as_text
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepFailure, StepRun
from workflows.core.steps.expression_scope import StepExpressionError, StepScope


def business_failure(run: OrderRun, step: StepRun, scope: StepScope) -> StepFailure | None:
    """The first `fail_when` that holds. Raises StepExpressionError."""
    for case in run.profile(step).deferred_fail_when:
        if scope.is_true(case.if_):
            message = as_text(scope.render(case.message)) if case.message else f"`{case.if_}` holds"
            return StepFailure(case.code, message, attempts=step.attempts)
    return None


def misfit(run: OrderRun, step: StepRun, scope: StepScope, content: Any) -> StepExpressionError | None:
    """The error of a `fail_when` or of the `output` that cannot be evaluated over this content. None if it fits."""
    try:
        if business_failure(run, step, scope) is None:
            render_output(run, step, scope, content)
    except StepExpressionError as error:
        return error
    return None


def render_output(run: OrderRun, step: StepRun, scope: StepScope, default: Any) -> Any:
    """The definition's `output`, or `default` if it has none. Raises StepExpressionError."""
    template = run.definition(step).definition.output
    return as_json_data(default if template is None else scope.render(template))


def in_place_output(run: OrderRun, step: StepRun, response: Any) -> Any:
    """The step's output after a change in place. It comes from the call's response or the callback's payload.

    If the response has no content, or lacks what the step's `output` reads, the earlier output stays.
    """
    definition = run.definition(step).definition
    called_back = definition.call is not None and definition.call.callback is not None
    content = response if called_back or not isinstance(response, dict) else response.get("body")
    if content in (None, "", {}, []):
        return step.output
    template = run.current_definition(step).definition.output
    if template is None:
        return as_json_data(content)
    try:
        return as_json_data(StepScope(run, step, {"payload" if called_back else "response": response}).render(template))
    except StepExpressionError:
        return step.output


def as_json_data(value: Any) -> Any:
    """Sends the value through JSON and back now, so that continue-as-new does not change it later."""
    if isinstance(value, dict):
        return {str(name): as_json_data(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json_data(item) for item in value]
    return as_text(value) if isinstance(value, date | timedelta) else value

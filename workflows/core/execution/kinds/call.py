"""`call`: one HTTP call. The step completes with the response, with a callback, or when polling succeeds."""

from __future__ import annotations

from typing import Any

from activity_contract.calls import CALLBACK_ID, CALLBACK_URL, SystemCall
from compiler.language.steps import CallDefinition
from compiler.values import as_text
from workflows.contract.states import StepState
from workflows.core.failures.failure_handling import complete_or_fail
from workflows.core.state.commands import StartCall
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_keys import idempotency_key
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.corrections import corrected_call_input
from workflows.core.steps.expression_scope import StepScope, attempt_timeout
from workflows.core.steps.labels import activity_id, activity_summary
from workflows.core.steps.settlement import enqueue_activity, settle, start_deadline

CALLBACK_BINDINGS = {"callback": {"url": CALLBACK_URL, "id": CALLBACK_ID}}


def begin(run: OrderRun, step: StepRun) -> None:
    step.phase, step.note = Phase.CALL, None
    enqueue_activity(run, step)


def start_call(run: OrderRun, step: StepRun) -> None:
    profile = run.profile(step)
    output, names = profile.response_output, profile.response_names
    start_work(run, step, output, names, earlier_attempts=step.attempts, outcome_known=not step.uncertain)


def start_work(
    run: OrderRun, step: StepRun, output: Any, names: frozenset[str], *, earlier_attempts: int, outcome_known: bool
) -> None:
    """Start the step's own call. `output` is the template to render with the response. `names` are the other names that
    the template reads.

    Raises StepExpressionError.
    """
    planned = run.definition(step)
    call = require(planned.definition.call)
    fail_when = [] if call.poll else run.profile(step).response_fail_when
    scope = StepScope(run, step, CALLBACK_BINDINGS if call.callback else None)
    fields = call_request_fields(call, scope)
    fields["query"], fields["body"] = corrected_call_input(run, step, call, fields["query"], fields["body"])
    emit_call(
        run,
        step,
        **fields,
        idempotency_key=idempotency_key(run, step),
        timeout=attempt_timeout(scope),
        retry=planned.retry,
        earlier_attempts=earlier_attempts,
        outcome_known=outcome_known,
        fail_when=fail_when,
        output=output,
        scope=scope.subset(names),
        places=planned.expression_locations if output is not None or fail_when else {},
        callback=call.callback is not None,
    )


def call_request_fields(call: CallDefinition, scope: StepScope) -> dict[str, Any]:
    """The fields of SystemCall that describe the HTTP request. Raises StepExpressionError."""
    return {
        "system": call.system,
        "method": call.method,
        "path": scope.render_path(call.path),
        "query": scope.render(call.query),
        "headers": {name: as_text(value) for name, value in scope.render(call.headers).items()},
        "body": scope.render(call.body),
        "format": call.format,
        "accept": call.accept,
    }


def start_poll(run: OrderRun, step: StepRun) -> None:
    start_polling(run, step, require(require(run.definition(step).definition.call).poll).until)


def start_polling(run: OrderRun, step: StepRun, until: str) -> None:
    """Poll the step's own call until the expression `until` holds. With `true`, poll only once.

    Raises StepExpressionError.
    """
    planned, profile = run.definition(step), run.profile(step)
    scope = StepScope(run, step, {"response": step.answer or {}})
    emit_call(
        run,
        step,
        **poll_request_fields(run, step, require(planned.definition.call), scope),
        idempotency_key=idempotency_key(run, step),
        timeout=attempt_timeout(scope),
        retry=planned.retry,
        fail_when=profile.response_fail_when,
        output=planned.definition.output,
        scope=scope.subset(profile.poll_names),
        until=until,
    )


def poll_request_fields(run: OrderRun, step: StepRun, call: CallDefinition, scope: StepScope) -> dict[str, Any]:
    """The fields of SystemCall that describe the HTTP request of a poll. Raises StepExpressionError."""
    poll = require(call.poll)
    return {
        "system": call.system,
        "method": "get",
        "path": scope.render_path(poll.get),
        "accept": call.accept,
        "places": run.definition(step).expression_locations,
        "every": scope.render_duration(poll.every),
    }


def emit_call(run: OrderRun, step: StepRun, **fields: Any) -> None:
    """Start the call. `fields` are those of SystemCall, except order and step."""
    request = SystemCall(order_id=run.plan.order.id, step_id=run.step_id(step), **fields)
    step.launch += 1
    run.commands.append(
        StartCall(step.position, step.launch, activity_id(run, step), activity_summary(run, step), request)
    )


def handle_call_result(run: OrderRun, step: StepRun, result: dict[str, Any]) -> None:
    """`result` is an activity_contract.calls.SystemCallResult, as data. The call may have only started the work."""
    call = require(run.definition(step).definition.call)
    step.attempts = result["attempts"]
    if call.poll is not None:
        step.answer = result["output"]
        step.phase = Phase.POLL
        start_deadline(run, step, step, call.poll.within, StepScope(run, step))
        enqueue_activity(run, step)
    elif call.callback is not None:
        step.answer = result["output"]
        step.phase = Phase.CALLBACK
        if step.early_callback is not None:
            handle_callback(run, step, step.early_callback[0])
        else:
            start_deadline(run, step, step, call.callback.within, StepScope(run, step))
    else:
        settle(run, step, StepState.COMPLETED, result["output"])


def handle_poll_result(run: OrderRun, step: StepRun, result: dict[str, Any]) -> None:
    settle(run, step, StepState.COMPLETED, result["output"])


def handle_callback(run: OrderRun, step: StepRun, payload: Any) -> None:
    """The system reports the result of the call."""
    complete_or_fail(run, step, callback_scope(run, step, payload), payload)


def callback_scope(run: OrderRun, step: StepRun, payload: Any) -> StepScope:
    """The values that the step's `fail_when` and `output` read."""
    return StepScope(run, step, {"payload": payload, "response": step.answer or {}})

"""What happens when a step fails. It makes another attempt, or `on_failure` decides: fallout, accept, roll back or
redo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from activity_contract.calls import CONFIGURATION_ERROR, DEFINITION_ERROR, INTERNAL_ERROR, TIMEOUT
from compiler.language.retry_policy import RetryPolicy, retry_delay
from compiler.language.steps import FailureRule
from workflows.contract.states import StepState
from workflows.core.compensation.redo import assess_redo, find_redo_starts, redo
from workflows.core.compensation.rollback import assess_rollback, roll_back
from workflows.core.compensation.targets import target_around
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_run import StepFailure, StepRun
from workflows.core.steps.expression_scope import StepScope
from workflows.core.steps.outcome import business_failure, render_output
from workflows.core.steps.settlement import settle, stop_waiting

DEFECT_CODES = frozenset({DEFINITION_ERROR, INTERNAL_ERROR})
"""Codes for defects of a definition or of code. If no case names the code, the step goes to fallout and no further."""

CONFIGURATION_ERRORS_CAUGHT = "configuration-errors-caught"
"""Patch: a case without a code also catches `configuration_error`."""
DEFECTS_IN_THEIR_QUEUE = "defects-in-the-queue-of-fallout"
"""Patch: `do: fallout` without a code also gives its queue and its retries to defects."""

SUBSCRIBED_IN_FALLOUT = "event-awaited-in-fallout"
"""Patch: a step in fallout stays subscribed to its event, which completes it although it is late."""

FALLOUT_ROUNDS = "fallout"
"""The key in `failure_rounds` that counts automatic retries from fallout."""

FAILED_WITH, IN_FALLOUT = "failed with", "in fallout"
"""Each entry of the history that says what becomes of a failed step begins with one of these."""

DEFAULT_CASE = FailureRule(do="fallout")


def handle_failure(run: OrderRun, step: StepRun, failure: StepFailure) -> None:
    """Apply `on_failure`, because another attempt is impossible or would not help. The first case that matches and is
    possible decides."""
    if step.undoing:
        step.failure, step.uncertain = replace(failure, at=run.now), False
        return
    for case in failure_cases(run, step, failure.code):
        if case.rollback is not None:
            _fail_fatally(run, step, failure, f"{FAILED_WITH} {failure.code}, {case.rollback} rolls back")
            roll_back(run, assess_rollback(run, target_around(run, step, case.rollback)), UndoReason.FAILURE)
        elif case.redo_from is not None:
            if not _try_redo(run, step, failure, case.redo_from, case.max or 1):
                continue
        elif case.do == "continue":
            step.failure = replace(failure, at=run.now)
            step.attempts = max(step.attempts, failure.attempts)
            run.audit_log.record(
                run.now, f"{FAILED_WITH} {failure.code}, accepted", run.step_id(step), reason=failure.message
            )
            settle(run, step, StepState.FAILED_ACCEPTED)
        else:
            move_to_fallout(run, step, failure, case.queue)
            _schedule_fallout_retry(run, step, case)
        return


def complete_or_fail(run: OrderRun, step: StepRun, scope: StepScope, content: Any) -> None:
    """Settle the step with the result, form, payload or event in `content`, unless a `fail_when` holds.

    Raises StepExpressionError.
    """
    failure = business_failure(run, step, scope)
    if failure is not None:
        handle_failure(run, step, failure)
    else:
        settle(run, step, StepState.COMPLETED, render_output(run, step, scope, content))


def _schedule_fallout_retry(run: OrderRun, step: StepRun, case: FailureRule) -> None:
    """Retry from fallout automatically, if the case has a `retry` and attempts are left."""
    if not isinstance(case.retry, RetryPolicy):
        return
    made = (step.failure_rounds or {}).get(FALLOUT_ROUNDS, 0)
    if made >= case.retry.attempt_count - 1:
        return
    step.failure_rounds = {**(step.failure_rounds or {}), FALLOUT_ROUNDS: made + 1}
    step.again_at = run.now + retry_delay(case.retry, made + 1)
    run.wake_at(step, step.again_at)


def retry_from_fallout(run: OrderRun, step: StepRun) -> None:
    """Retry, because the pause is over. The effect is the same as before, so the idempotency key stays."""
    run.audit_log.record(run.now, "retried automatically", run.step_id(step))
    step.attempts = 0
    step.failure = step.early_callback = step.answer = None
    if step.has_started:
        run.queues.retry.append(step.position)
    else:
        run.transition(step, StepState.PENDING)
        run.queues.start.append(step.position)


def _try_redo(run: OrderRun, step: StepRun, failure: StepFailure, redo_from: str, max_rounds: int) -> bool:
    """Redo from an earlier step. Returns False if that is not possible, or if the maximum is reached."""
    made = (step.failure_rounds or {}).get(redo_from, 0)
    starts = find_redo_starts(run, step, redo_from) if made < max_rounds else []
    if not starts:
        return False
    impact = assess_redo(run, starts)
    if impact.undone_for_good or any(position != step.position or step.uncertain for position in impact.past_ponr):
        return False
    step.failure_rounds = {**(step.failure_rounds or {}), redo_from: made + 1}
    _fail_fatally(
        run, step, failure, f"{FAILED_WITH} {failure.code}, redone from {redo_from}, round {made + 1} of {max_rounds}"
    )
    redo(run, impact)
    return True


def failure_cases(run: OrderRun, step: StepRun, code: str) -> Iterator[FailureRule]:
    """The cases that match the code, as written, then fallout."""
    for case in run.definition(step).definition.on_failure:
        if case.code == code or (case.code is None and _catches_any(run, case, code)):
            yield case
    yield DEFAULT_CASE


def _catches_any(run: OrderRun, case: FailureRule, code: str) -> bool:
    """Whether a case without a code catches this failure. Such a case never accepts, rolls back or redoes a defect."""
    if code != CONFIGURATION_ERROR and code not in DEFECT_CODES:
        return True
    if case == DEFAULT_CASE:
        return True  # as decided without a case
    if code == CONFIGURATION_ERROR:
        return run.is_patched(CONFIGURATION_ERRORS_CAUGHT)
    return case.do == "fallout" and run.is_patched(DEFECTS_IN_THEIR_QUEUE)


def fallout_queue(run: OrderRun, step: StepRun, code: str) -> str | None:
    """The queue for fallout of the step, or of its undo."""
    return next(case.queue for case in failure_cases(run, step, code) if case.do == "fallout")


def move_to_fallout(
    run: OrderRun, step: StepRun, failure: StepFailure, queue: str | None = None, *, force: bool = False
) -> None:
    """Move the step to fallout. With `force`, its state does not matter: after an engine error it may be any."""
    stays_subscribed = step.subscribed and run.is_patched(SUBSCRIBED_IN_FALLOUT)
    _fail_fatally(run, step, failure, f"{IN_FALLOUT}: {failure.code}", force=force, stays_subscribed=stays_subscribed)
    step.queue = queue


def _fail_fatally(
    run: OrderRun,
    step: StepRun,
    failure: StepFailure,
    log_message: str,
    *,
    force: bool = False,
    stays_subscribed: bool = False,
) -> None:
    stop_waiting(run, step, stays_subscribed=stays_subscribed)
    step.failure = replace(failure, at=run.now)
    step.attempts = max(step.attempts, failure.attempts)
    if force or step.state is StepState.FATALLY_FAILED:  # in fallout already, and a late callback fails it
        run.set_state(step, StepState.FATALLY_FAILED)
    else:
        run.transition(step, StepState.FATALLY_FAILED)
    run.audit_log.record(run.now, log_message, run.step_id(step), reason=failure.message)


def schedule_retry(run: OrderRun, step: StepRun, failure: StepFailure) -> None:
    """The attempt failed. The next one starts in `failure.retry_after` seconds."""
    run.transition(step, StepState.FAILED)
    step.failure = replace(failure, at=run.now)
    step.attempts = failure.attempts
    step.uncertain = not failure.outcome_known
    step.again_at = run.now + (failure.retry_after or 0.0)
    run.wake_at(step, step.again_at)


def wait_timed_out(run: OrderRun, step: StepRun) -> None:
    """`within` has passed."""
    step.uncertain = True
    handle_failure(
        run, step, StepFailure(TIMEOUT, "it did not come in time (`within` has passed)", outcome_known=False)
    )

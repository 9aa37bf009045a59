"""What becomes of a step that failed: another attempt later, fallout, or accepted as it is (`on_failure`)."""

from __future__ import annotations

from dataclasses import replace

from activities.contract import CONFIGURATION_ERROR, DEFINITION_ERROR, TIMEOUT
from compiler.steps import FailureCase
from workflows.progress import Failure, OrderRun, StepRun
from workflows.settling import settle, stop_waiting
from workflows.states import StepState

INTERNAL_ERROR = "internal_error"
"""A mistake of the engine. Nothing is known of what the step did."""

OURS = frozenset({DEFINITION_ERROR, CONFIGURATION_ERROR, INTERNAL_ERROR})
"""Mistakes of definitions, set-up and engine, no failures of the business: they park, unless a case names them."""

PARKED = FailureCase(do="fallout")


def failed(run: OrderRun, step: StepRun, failure: Failure) -> None:
    """The step is out of attempts, or has met what a retry cannot cure."""
    case = remedy(run, step, failure.code)
    if case.do == "continue":
        step.failure = replace(failure, at=run.now)
        step.attempts = max(step.attempts, failure.attempts)
        run.journal.note(run.now, f"failed with {failure.code}, accepted", run.id_of(step), reason=failure.message)
        settle(run, step, StepState.FAILED_ACCEPTED)
    else:
        park(run, step, failure, case.queue)


def remedy(run: OrderRun, step: StepRun, code: str) -> FailureCase:
    """The first case that fits the code; what no case fits is parked."""
    for case in run.definition(step).definition.on_failure:
        if case.code == code or (case.code is None and code not in OURS):
            return case
    return PARKED


def park(run: OrderRun, step: StepRun, failure: Failure, queue: str | None = None, *, by_force: bool = False) -> None:
    """Into fallout, where people see it. `by_force`: whatever state a mistake has left the step in."""
    stop_waiting(run, step)
    step.failure = replace(failure, at=run.now)
    step.attempts = max(step.attempts, failure.attempts)
    step.queue = queue
    if by_force:
        run.put(step, StepState.FATALLY_FAILED)
    else:
        run.move(step, StepState.FATALLY_FAILED)
    run.journal.note(run.now, f"in fallout: {failure.code}", run.id_of(step), reason=failure.message)


def launch(run: OrderRun, step: StepRun) -> None:
    """The step stands in line for an activity; its phase says for which."""
    if not step.queued:
        step.queued = True
        run.ready.append(step.position)


def try_again_later(run: OrderRun, step: StepRun, failure: Failure) -> None:
    """The attempt failed; the next is `failure.retry_after` seconds away, and the workflow's timer waits for it."""
    run.move(step, StepState.FAILED)
    step.failure = replace(failure, at=run.now)
    step.attempts = failure.attempts
    step.uncertain = not failure.outcome_known
    step.again_at = run.now + (failure.retry_after or 0.0)
    run.wake_at(step, step.again_at)


def within_passed(run: OrderRun, step: StepRun) -> None:
    """What the step waited for has not come in time."""
    step.uncertain = True
    failed(run, step, Failure(TIMEOUT, "it did not come in time (`within` has passed)", outcome_known=False))

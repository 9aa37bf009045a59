"""What becomes of a step that failed: another attempt later, or what `on_failure` says: fallout, accepted, rolled back,
done again from an earlier step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from activity_contract.calls import CONFIGURATION_ERROR, DEFINITION_ERROR, TIMEOUT
from compiler.language.steps import FailureCase, RetryPolicy, pause_after
from workflows.contract.states import StepState
from workflows.core.compensation.redo import redo, rework_from, starts_named
from workflows.core.compensation.rollback import assessed, roll_back
from workflows.core.compensation.targets import around
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import Withdrawal
from workflows.core.state.step_run import Failure, StepRun
from workflows.core.steps.settlement import settle, stop_waiting

INTERNAL_ERROR = "internal_error"
"""A mistake of the engine. Nothing is known of what the step did."""

OURS = frozenset({DEFINITION_ERROR, CONFIGURATION_ERROR, INTERNAL_ERROR})
"""Mistakes of definitions, set-up and engine, no failures of the business: they park, unless a case names them."""

BY_ITSELF = "fallout"
"""Among a step's rounds: those that it was in fallout for."""

PARKED = FailureCase(do="fallout")


def failed(run: OrderRun, step: StepRun, failure: Failure) -> None:
    """The step is out of attempts, or has met what a retry cannot cure: the first case that fits and is possible."""
    if step.undoing:  # it was to be stopped anyway
        step.failure, step.uncertain = replace(failure, at=run.now), False
        return
    for case in remedies(run, step, failure.code):
        if case.rollback is not None:
            _park(run, step, failure, f"failed with {failure.code}, {case.rollback} rolls back")
            roll_back(run, assessed(run, around(run, step, case.rollback)), Withdrawal.FAILURE)
        elif case.redo_from is not None:
            if not _reworked(run, step, failure, case.redo_from, case.max or 1):
                continue
        elif case.do == "continue":
            step.failure = replace(failure, at=run.now)
            step.attempts = max(step.attempts, failure.attempts)
            run.journal.note(run.now, f"failed with {failure.code}, accepted", run.id_of(step), reason=failure.message)
            settle(run, step, StepState.FAILED_ACCEPTED)
        else:
            park(run, step, failure, case.queue)
            _plan_a_round(run, step, case)
        return


def _plan_a_round(run: OrderRun, step: StepRun, case: FailureCase) -> None:
    """Where the case says so, what is in fallout is tried again by itself, until its ladder is at its end."""
    if not isinstance(case.retry, RetryPolicy):
        return
    made = (step.rounds or {}).get(BY_ITSELF, 0)
    if made >= case.retry.attempts - 1:
        return
    step.rounds = {**(step.rounds or {}), BY_ITSELF: made + 1}
    step.again_at = run.now + pause_after(case.retry, made + 1)
    run.wake_at(step, step.again_at)


def another_round(run: OrderRun, step: StepRun) -> None:
    """Its pause in fallout is over. The same effect is wanted as before, so the key stays."""
    run.journal.note(run.now, "tried again by itself", run.id_of(step))
    step.attempts = 0
    step.failure = step.callback = step.answer = None
    if step.begun:
        run.retried.append(step.position)
    else:
        run.move(step, StepState.PENDING)
        run.turns.append(step.position)


def _reworked(run: OrderRun, step: StepRun, failure: Failure, redo_from: str, most: int) -> bool:
    """Sends the order back to an earlier step; not where that has been done often enough, or cannot be done."""
    made = (step.rounds or {}).get(redo_from, 0)
    starts = starts_named(run, step, redo_from) if made < most else []
    if not starts:
        return False
    rework = rework_from(run, starts)
    if rework.given_up or any(position != step.position or step.uncertain for position in rework.barriers):
        return False
    step.rounds = {**(step.rounds or {}), redo_from: made + 1}
    _park(run, step, failure, f"failed with {failure.code}, redone from {redo_from}, round {made + 1} of {most}")
    redo(run, rework)
    return True


def remedies(run: OrderRun, step: StepRun, code: str) -> Iterator[FailureCase]:
    """The cases that fit the code, in the order in which they are written; at last that the step is parked."""
    for case in run.definition(step).definition.on_failure:
        if case.code == code or (case.code is None and code not in OURS):
            yield case
    yield PARKED


def fallout_queue(run: OrderRun, step: StepRun, code: str) -> str | None:
    """Whose fallout it is where the step, or its undo, is parked."""
    return next(case.queue for case in remedies(run, step, code) if case.do == "fallout")


def park(run: OrderRun, step: StepRun, failure: Failure, queue: str | None = None, *, by_force: bool = False) -> None:
    """Into fallout, where people see it. `by_force`: whatever state a mistake has left the step in."""
    _park(run, step, failure, f"in fallout: {failure.code}", by_force=by_force)
    step.queue = queue


def _park(run: OrderRun, step: StepRun, failure: Failure, said: str, *, by_force: bool = False) -> None:
    stop_waiting(run, step)
    step.failure = replace(failure, at=run.now)
    step.attempts = max(step.attempts, failure.attempts)
    if by_force or step.state is StepState.FATALLY_FAILED:  # it was, and is called back with another failure
        run.put(step, StepState.FATALLY_FAILED)
    else:
        run.move(step, StepState.FATALLY_FAILED)
    run.journal.note(run.now, said, run.id_of(step), reason=failure.message)


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

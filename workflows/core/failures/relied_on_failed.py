"""A step whose line relies on a failed line. The step is parked in fallout, or its line is rolled back as well."""

from __future__ import annotations

from workflows.contract.states import RELIED_ON_FAILED, StepState
from workflows.core.compensation.relying_lines import failed_lines, failed_reliance, plan_reliance, stop_relying_steps
from workflows.core.compensation.rollback import assess_rollback, roll_back
from workflows.core.compensation.targets import line_target
from workflows.core.failures.failure_handling import fallout_queue, move_to_fallout
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_run import StepFailure, StepRun


def stop_if_relied_on_failed(run: OrderRun, step: StepRun) -> bool:
    """Stop a step that is about to start, if its line relies on a failed line. Returns whether it was stopped."""
    found = failed_reliance(run, step)
    if found is None:
        return False
    reliance, failed_line = found
    message = f"line {failed_line}, on which line {reliance.line_id} relies, was rolled back"
    if reliance.goes_back:
        run.audit_log.record(run.now, f"line {reliance.line_id} is rolled back", reason=message)
        target = require(line_target(run, reliance.line_id))
        roll_back(run, assess_rollback(run, target), UndoReason.FAILURE)
        if step.undoing or step.state is not StepState.PENDING:
            return True
    failure = StepFailure(RELIED_ON_FAILED, message)
    move_to_fallout(run, step, failure, fallout_queue(run, step, failure.code))
    return True


def is_parked(step: StepRun) -> bool:
    """Whether the step waits for a person's decision because its line relies on a failed line."""
    return (
        step.state is StepState.FATALLY_FAILED
        and not step.undoing
        and step.failure is not None
        and step.failure.code == RELIED_ON_FAILED
    )


def accept_relied_failure(run: OrderRun, step: StepRun) -> None:
    """Let the step's lines continue although lines that they rely on have failed. Other steps that are parked for the
    same reason continue as well."""
    for reliance in plan_reliance(run).by_step.get(step.position, ()):
        accepted = run.compensation.accepted_failures.setdefault(reliance.line_id, [])
        accepted += list(failed_lines(run, reliance))
    release_parked(run)


def recheck_relying_lines(run: OrderRun) -> None:
    """Check parked steps again, because the changed plan may have changed which lines rely on which."""
    stop_relying_steps(run)
    release_parked(run)


def release_parked(run: OrderRun) -> None:
    """Start parked steps if their lines no longer rely on a failed line, and if they wait for nothing else."""
    for step in run.steps:
        if is_parked(step) and (step.open_predecessors or failed_reliance(run, step) is None):
            step.failure = step.queue = step.holder = None
            run.transition(step, StepState.PENDING)
            if not step.open_predecessors:
                run.queues.start.append(step.position)

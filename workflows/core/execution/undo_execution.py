"""The undo of one step: its turn, its attempts, its own fallout. It is never dropped."""

from __future__ import annotations

from dataclasses import replace

from activity_contract.calls import TIMEOUT
from workflows.contract.states import DONE, StepState
from workflows.core.compensation.undo_order import landed, stand_in_line, taken_back
from workflows.core.execution.failure_handling import fallout_queue
from workflows.core.execution.hold import undo_held_back
from workflows.core.execution.kinds.undo import begin_undo, learn
from workflows.core.state.commands import CancelActivity
from workflows.core.state.order_run import OrderRun, given
from workflows.core.state.step_run import Failure, Phase, StepRun
from workflows.core.steps.settlement import launch

S = StepState
LEARNING = (Phase.LEARN, Phase.LEARN_POLL)
POLLING = (Phase.LEARN_POLL, Phase.UNDO_POLL)


def take_undo_turn(run: OrderRun, step: StepRun) -> None:
    """Everything that depends on the step is undone. Raises NoValue."""
    undo = step.undo
    if undo is None or undo.state is not S.PENDING or step.flying or step.queued:
        return
    if run.definition(step).definition.undo is None or not has_effect(run, step):
        taken_back(run, step)
        return
    if undo_held_back(run, step):
        return
    run.move_undo(step, S.READY)
    known = step.state in DONE or step.patching or undo.learnt
    if known or not run.recipe(step).undo_reads_output:
        begin_undo(run, step)
    else:
        learn(run, step)


def has_effect(run: OrderRun, step: StepRun) -> bool:
    """It did its work, or may have: a call that was not answered, or only begun."""
    return step.state in DONE or step.patching or (step.uncertain and run.recipe(step).calls_out)


def attempt_of_undo_failed(run: OrderRun, step: StepRun, failure: Failure) -> None:
    """Of the undo, of learning what it needs, or of the step's own last attempt before it."""
    undo = given(step.undo)
    if undo.phase is Phase.AHEAD:
        step.failure = replace(failure, at=run.now)
        step.attempts = max(step.attempts, failure.attempts)
        step.uncertain = not failure.outcome_known
        landed(run, step)
    elif undo.callback is not None:
        taken_back(run, step)  # the call was not answered, but the system has called back
    elif failure.retry_after is not None:
        _later(run, step, failure)
    elif _nothing_was_done(run, step, failure):
        step.uncertain = False
        run.journal.note(run.now, "nothing to undo", run.id_of(step), reason=failure.message)
        taken_back(run, step)
    else:
        undo.uncertain = undo.phase not in LEARNING and not failure.outcome_known
        park_undo(run, step, failure)


def _nothing_was_done(run: OrderRun, step: StepRun, failure: Failure) -> bool:
    """The step's work was repeated to learn what it did, and is refused for certain."""
    phase = given(step.undo).phase
    if phase is Phase.LEARN_POLL:
        return run.recipe(step).is_business(failure.code)
    return phase is Phase.LEARN and failure.outcome_known


def _later(run: OrderRun, step: StepRun, failure: Failure) -> None:
    undo = given(step.undo)
    if undo.phase not in POLLING:
        run.move_undo(step, S.FAILED)
        undo.failure = replace(failure, at=run.now)
        undo.attempts = failure.attempts
        undo.uncertain = undo.phase not in LEARNING and not failure.outcome_known
    undo.again_at = run.now + (failure.retry_after or 0.0)
    run.wake_at(step, undo.again_at)


def undo_is_due(run: OrderRun, step: StepRun, moment: float) -> None:
    undo = given(step.undo)
    if undo.again_at == moment:
        undo.again_at = None
        if undo.state is not S.FAILED or not undo_held_back(run, step):
            launch(run, step)
    elif undo.deadline == moment:
        undo.deadline = None
        undo.uncertain = True
        message = "what takes the step back has not come in time (`within` has passed)"
        park_undo(run, step, Failure(TIMEOUT, message, outcome_known=False))


def park_undo(run: OrderRun, step: StepRun, failure: Failure, *, by_force: bool = False) -> None:
    """Into fallout, where people see it. `by_force`: whatever state a mistake has left the undo in."""
    undo = given(step.undo)
    _stop_undo(run, step)
    undo.failure = replace(failure, at=run.now)
    undo.attempts = max(undo.attempts, failure.attempts)
    step.queue = fallout_queue(run, step, failure.code)
    if by_force:
        run.put_undo(step, undo, S.FATALLY_FAILED)
    else:
        run.move_undo(step, S.FATALLY_FAILED)
    run.journal.note(run.now, f"its undo in fallout: {failure.code}", run.id_of(step), reason=failure.message)


def _stop_undo(run: OrderRun, step: StepRun) -> None:
    undo = given(step.undo)
    if step.flying:
        run.commands.append(CancelActivity(step.position, step.launch))
        step.flying = False
        run.flying -= 1
    step.queued = False
    undo.again_at = undo.deadline = None


def try_undo_again(run: OrderRun, step: StepRun) -> None:
    """A person wants it: as a new effect where the old one was refused for certain, or other input is given."""
    undo = given(step.undo)
    if undo.phase not in LEARNING and undo.phase is not Phase.AHEAD and (undo.changes or not undo.uncertain):
        undo.number += 1
        undo.uncertain = False
    undo.attempts = 0
    undo.failure = undo.answer = undo.callback = None
    undo.phase = Phase.AHEAD
    step.queue = None
    run.move_undo(step, S.PENDING)
    stand_in_line(run, step)


def end_undo(run: OrderRun, step: StepRun, how: StepState) -> None:
    """A person says that it is undone (completed), or that its effect may stay (skipped)."""
    _stop_undo(run, step)
    step.queue = None
    taken_back(run, step, how)

"""Steps that are done again. Each starts anew, and the steps that depend on it wait for it."""

from __future__ import annotations

from workflows.contract.states import CANCELLED_STATES, SETTLED, StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.corrections import keep_corrections
from workflows.core.steps.settlement import WAIT_FOR_REDONE, stop_waiting

S = StepState
PRESENT_INPUT = "present-input-after-redone"
"""Patch. Before, a step that started again still used the outputs that it had read the first time."""
WAITING_PHASES = frozenset({Phase.EVENT, Phase.TIMER, Phase.CONDITION, Phase.MANUAL})


def block_followers(run: OrderRun, step: StepRun, *, in_place: bool = False) -> None:
    """The step will be redone, so every step that depends on it and has done nothing yet waits for it again.

    `in_place`: its effect stays and is only changed, so only followers that have not started wait.
    """
    if not step.released:
        return
    step.released = False
    blocked = [step]
    while blocked:
        for position in run.followers[blocked.pop().position]:
            follower = run.steps[position]
            follower.open_predecessors += 1
            if not follower.has_started and follower.state in (S.SCHEDULED, S.READY, S.ON_HOLD):
                stop_waiting(run, follower)
                run.transition(follower, S.PENDING)
            elif in_place:
                continue
            elif _only_waits(run, follower) and run.is_patched(WAIT_FOR_REDONE):
                stop_waiting(run, follower)
                reset_step(run, follower)
                _see_present_input(run, follower)
            elif _stays(follower) and run.is_patched(WAIT_FOR_REDONE):
                follower.released = False
                blocked.append(follower)


def _see_present_input(run: OrderRun, step: StepRun) -> None:
    """The step has done nothing, so it starts again with what it reads then, such as the key of its event."""
    if step.position in run.amendments.pinned_steps and run.is_patched(PRESENT_INPUT):
        del run.amendments.pinned_steps[step.position]


def _only_waits(run: OrderRun, step: StepRun) -> bool:
    """The step has begun and done nothing: it waits for a time, an event, a person, or its next attempt."""
    if step.undoing or step.changing_in_place or run.definition(step).definition.point_of_no_return:
        return False
    if step.state is S.IN_PROGRESS:
        return step.phase in WAITING_PHASES
    return step.state is S.FAILED and not (step.uncertain or step.in_flight or step.queued)


def _stays(step: StepRun) -> bool:
    """The step is done, and nothing has been said of undoing it: what depends on it waits for what it depends on."""
    return step.released and step.state in SETTLED and step.state not in CANCELLED_STATES and not step.undoing


def reset_step(run: OrderRun, step: StepRun) -> None:
    """As if the step had not started. What it does next is a new effect, with a new idempotency key."""
    revised = step.undo_reason is UndoReason.REVISION or step.state is S.AMENDED
    if step.state is not S.PENDING:
        run.transition(step, S.PENDING)
    step.undo_reason = UndoReason.REVISION if revised else None
    step.phase = Phase.IDLE
    step.number += 1
    step.attempts = 0
    step.uncertain = step.has_output = step.changing_in_place = False
    step.started_at = step.ended_at = step.again_at = step.deadline = None
    step.output = step.failure = step.queue = step.answer = step.early_callback = step.note = None
    step.event_names, step.key = (), None
    if revised:
        keep_corrections(step)
    if step.open_predecessors == 0:
        run.queues.start.append(step.position)

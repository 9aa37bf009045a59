"""The core: what happened goes in, what is to be done comes out as commands. No clock, no Temporal.

Whatever goes wrong with one step parks that step; nothing that an order or an answer holds ends the order.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from activity_contract.calls import DEFINITION_ERROR
from activity_contract.cross_order import StepStanding, StepWatch
from workflows.contract.order_messages import StepAct
from workflows.contract.states import SETTLED, StepState
from workflows.core.actions import step_actions
from workflows.core.amendment.apply import look_again
from workflows.core.compensation.undo_order import arrange, landed
from workflows.core.execution import callback_matching, cross_order_notify, cross_order_wait, event_matching
from workflows.core.execution.failure_handling import (
    INTERNAL_ERROR,
    another_round,
    failed,
    fallout_queue,
    park,
    try_again_later,
)
from workflows.core.execution.hold import held_back
from workflows.core.execution.kinds import ANSWERED, DEADLINE, START
from workflows.core.execution.kinds.wait import judge
from workflows.core.execution.step_start import begin, take_turn
from workflows.core.execution.undo_execution import (
    LEARNING,
    attempt_of_undo_failed,
    park_undo,
    take_undo_turn,
    undo_is_due,
)
from workflows.core.state.commands import Command
from workflows.core.state.event_inbox import KeptEvent
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Failure, Phase, StepRun
from workflows.core.steps.expression_scope import NoValue
from workflows.core.steps.settlement import launch
from workflows.core.timing import sla
from workflows.core.timing.jeopardy import keep_time

logger = logging.getLogger(__name__)

TURNS_AT_ONCE = 4_000
"""Steps judged before the workflow's task ends in between: Temporal takes one that computes for over 2 s as hanging."""


def start(run: OrderRun) -> None:
    """The order is accepted: the first steps have their turn."""
    run.journal.note(run.now, "accepted")
    keep_time(run)
    run.turns.extend(step.position for step in run.steps if step.open == 0)


def advance(run: OrderRun) -> bool:
    """Everything that can happen now happens. True: there is more, after a pause."""
    budget = TURNS_AT_ONCE
    while budget > 0:
        if run.revisions.turns:
            budget -= 1
            guarded(run, run.steps[run.revisions.turns.popleft()], look_again)
        elif run.turns:
            budget -= 1
            step = run.steps[run.turns.popleft()]
            if step.state is StepState.PENDING and step.open == 0 and not step.undoing:
                guarded(run, step, take_turn)
        elif run.retried:
            budget -= 1
            step = run.steps[run.retried.popleft()]  # which may have been taken back since
            if step.state in (StepState.FATALLY_FAILED, StepState.ON_HOLD) and not step.undoing:
                guarded(run, step, begin)
        elif run.to_judge:
            position = next(iter(run.to_judge))
            del run.to_judge[position]
            if run.steps[position].phase is Phase.CONDITION:
                guarded(run, run.steps[position], judge)
        elif run.inbox.reconsider:
            for step, event in event_matching.reconsider_kept(run):
                if event in run.inbox.kept and event_matching.fits(run, step, event):
                    run.inbox.kept.remove(event)
                    guarded(run, step, event_matching.complete_by, event)
        elif run.withdrawals.out_of_order:
            budget -= len(run.withdrawals.open)
            arrange(run)
        elif run.withdrawals.turns:
            budget -= 1
            guarded(run, run.steps[run.withdrawals.turns.popleft()], take_undo_turn)
        elif run.ready and run.flying < run.most_in_flight and not run.draining:
            budget -= 1
            step = run.steps[run.ready.popleft()]
            if step.queued:
                guarded(run, step, _start_activity)
        else:
            cross_order_notify.tell(run)
            return False
    return True


def take_commands(run: OrderRun) -> list[Command]:
    commands, run.commands = run.commands, []
    return commands


def guarded(run: OrderRun, step: StepRun, happening: Callable[..., None], *arguments: Any) -> None:
    """Lets something happen to a step. An expression without a value, or a mistake of the engine, parks it."""
    try:
        happening(run, step, *arguments)
    except NoValue as error:
        park_with(run, step, Failure(DEFINITION_ERROR, str(error), outcome_known=not step.uncertain))
    except Exception as error:
        if run.strict:
            raise
        logger.exception("step %s of order %s", run.id_of(step), run.plan.order.id)
        message = f"the engine made a mistake with this step: {type(error).__name__}: {error}"
        park_with(run, step, Failure(INTERNAL_ERROR, message, outcome_known=False))


def park_with(run: OrderRun, step: StepRun, failure: Failure) -> None:
    if step.undoing:
        park_undo(run, step, failure, by_force=True)
    elif step.state not in SETTLED:
        park(run, step, failure, fallout_queue(run, step, failure.code), by_force=True)


def _start_activity(run: OrderRun, step: StepRun) -> None:
    step.queued = False
    if step.undo is not None and step.undo.open:
        step.undo.again_at = None
        if step.undo.state is not StepState.IN_PROGRESS:
            run.move_undo(step, StepState.IN_PROGRESS)
    else:
        step.again_at = None
        if step.state is not StepState.IN_PROGRESS:
            run.move(step, StepState.IN_PROGRESS)
        if step.started_at is None:
            step.started_at = run.now
    START[step.work_phase](run, step)
    step.flying = True
    run.flying += 1


def _landed(run: OrderRun, step: StepRun, launch_number: int) -> bool:
    """Whether this is the end of the activity that the step waits for."""
    if not step.flying or step.launch != launch_number:
        return False
    step.flying = False
    run.flying -= 1
    return True


def answered(run: OrderRun, position: int, launch_number: int, answer: dict[str, Any]) -> None:
    """The activity of this launch has succeeded; an answer that nobody waits for any more is dropped."""
    step = run.steps[position]
    if _landed(run, step, launch_number):
        guarded(run, step, _answered, answer)


def _answered(run: OrderRun, step: StepRun, answer: dict[str, Any]) -> None:
    stops = step.undo is not None and step.undo.open and step.undo.phase is Phase.AHEAD
    ANSWERED[step.work_phase](run, step, answer)
    if stops:
        landed(run, step)


def attempt_failed(run: OrderRun, position: int, launch_number: int, failure: Failure) -> None:
    """The activity of this launch has failed for good, or wants to be tried again later."""
    step = run.steps[position]
    if _landed(run, step, launch_number):
        guarded(run, step, _failed_attempt, failure)


def interrupted(run: OrderRun, position: int, launch_number: int, *, begun: bool) -> None:
    """The activity ended before it could say anything: it starts again, with the same key, and counts as no attempt."""
    step = run.steps[position]
    if _landed(run, step, launch_number):
        guarded(run, step, _interrupted, begun)


def _interrupted(run: OrderRun, step: StepRun, begun: bool) -> None:
    undo = step.undo
    if undo is None or not undo.open or undo.phase is Phase.AHEAD:
        step.uncertain = step.uncertain or begun
    elif undo.phase not in LEARNING:
        undo.uncertain = undo.uncertain or begun
    if undo is not None and undo.open and undo.phase is Phase.AHEAD:
        landed(run, step)
    else:
        launch(run, step)


def _failed_attempt(run: OrderRun, step: StepRun, failure: Failure) -> None:
    if step.undoing:
        attempt_of_undo_failed(run, step, failure)
    elif step.phase is Phase.CALL and step.callback is not None:
        callback_matching.answer_by_callback(run, step)
    elif failure.retry_after is None:
        if step.phase is Phase.POLL and not run.recipe(step).is_business(failure.code):
            failure = replace(failure, outcome_known=False)  # of the call; only asking how it goes went wrong
        step.uncertain = not failure.outcome_known
        failed(run, step, failure)
    elif step.phase is Phase.POLL:
        step.again_at = run.now + failure.retry_after
        run.wake_at(step, step.again_at)
    else:
        try_again_later(run, step, failure)


def pass_time(run: OrderRun) -> None:
    """Whatever is due at `run.now` happens."""
    for moment, step in run.due_steps():
        if step.clock is not None and step.clock.next_at == moment:
            guarded(run, step, sla.tick)
        if step.undoing:
            guarded(run, step, undo_is_due, moment)
        elif step.again_at == moment and step.phase is Phase.OTHER_ORDERS:
            step.again_at = None
            guarded(run, step, cross_order_wait.ask)
        elif step.again_at == moment:
            step.again_at = None
            guarded(run, step, begin if step.state is StepState.SCHEDULED else _try_again)
        elif step.deadline == moment and step.phase in DEADLINE:
            step.deadline = None
            guarded(run, step, DEADLINE[step.phase])


def _try_again(run: OrderRun, step: StepRun) -> None:
    """The pause is over, of the step or before it is asked again how it goes."""
    if step.state is StepState.FATALLY_FAILED:
        another_round(run, step)
    elif step.state is not StepState.FAILED or not held_back(run, step):
        launch(run, step)


def take_event(run: OrderRun, event: KeptEvent, verdict: event_matching.Verdict) -> None:
    if verdict.step is None:
        event_matching.take_in(run, event, verdict)
    else:
        guarded(run, verdict.step, lambda run, _step: event_matching.take_in(run, event, verdict))


def take_callback(
    run: OrderRun, key: str, event_id: str, payload: Any, verdict: callback_matching.CallbackVerdict
) -> None:
    guarded(run, verdict.step, lambda run, _step: callback_matching.take_in(run, key, event_id, payload, verdict))


def order_answered(run: OrderRun, watch: StepWatch, said: StepStanding | None) -> None:
    """What became of asking another order for a step; None: nothing."""
    cross_order_wait.unanswered(run, watch)
    if said is not None:
        order_heard(run, said)


def order_heard(run: OrderRun, said: StepStanding) -> None:
    """Another order tells how far its step is; what nobody waits for any more is dropped."""
    step = cross_order_wait.heard(run, said)
    if step is not None:
        guarded(run, step, cross_order_wait.take_in, said)


def order_told(run: OrderRun) -> None:
    cross_order_notify.told(run)


def act(run: OrderRun, name: step_actions.ActName, step: StepRun, message: StepAct) -> None:
    """What acts.judged has allowed."""
    guarded(run, step, step_actions.done_to, name, message)

"""The engine: events go in, commands come out. No clock, no Temporal.

An error in one step moves that step to fallout. Nothing in an order or a response ends the order.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from activity_contract.calls import DEFINITION_ERROR, INTERNAL_ERROR
from activity_contract.cross_order import CrossOrderStepStatus, StepWatch
from workflows.contract.order_messages import CallbackDelivery
from workflows.contract.states import SETTLED, StepState
from workflows.core.amendment.apply import recheck_step
from workflows.core.compensation.undo_order import last_attempt_ended, sort_undos
from workflows.core.events.event_inbox import ReceivedEvent
from workflows.core.execution import callback_matching, cross_order_notify, cross_order_wait, event_matching
from workflows.core.execution.delivery_verdict import DeliveryVerdict
from workflows.core.execution.dispatch import ACTIVITY_STARTERS, DEADLINE_HANDLERS, RESULT_HANDLERS
from workflows.core.execution.hold import hold_if_held
from workflows.core.execution.kinds.event import complete_with_event
from workflows.core.execution.kinds.wait import check_condition
from workflows.core.execution.step_start import begin, try_start
from workflows.core.execution.undo_execution import (
    RECOVERY_PHASES,
    handle_undo_due,
    handle_undo_failure,
    move_undo_to_fallout,
    try_start_undo,
)
from workflows.core.failures.failure_handling import (
    fallout_queue,
    handle_failure,
    move_to_fallout,
    retry_from_fallout,
    schedule_retry,
)
from workflows.core.state.commands import Command
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepFailure, StepRun
from workflows.core.steps.early_events import match_early_events
from workflows.core.steps.event_acceptance import accepts_event
from workflows.core.steps.expression_scope import StepExpressionError
from workflows.core.steps.settlement import enqueue_activity
from workflows.core.timing import step_sla
from workflows.core.timing.order_jeopardy import reset_jeopardy_watch

logger = logging.getLogger(__name__)

MAX_STEPS_PER_TASK = 4_000
"""Steps that are processed before a pause: Temporal treats a workflow task that computes for over 2 s as stuck."""


def start_order(run: OrderRun) -> None:
    """The order is accepted: the first steps can start."""
    run.audit_log.record(run.now, "accepted")
    reset_jeopardy_watch(run)
    run.queues.start.extend(step.position for step in run.steps if step.open_predecessors == 0)


def advance(run: OrderRun) -> bool:
    """Does everything that can be done now. Returns True if there is more to do after a pause."""
    budget = MAX_STEPS_PER_TASK
    while budget > 0:
        if run.amendments.recheck_queue:
            budget -= 1
            run_guarded(run, run.steps[run.amendments.recheck_queue.popleft()], recheck_step)
        elif run.queues.start:
            budget -= 1
            step = run.steps[run.queues.start.popleft()]
            if step.state is StepState.PENDING and step.open_predecessors == 0 and not step.undoing:
                run_guarded(run, step, try_start)
        elif run.queues.retry:
            budget -= 1
            step = run.steps[run.queues.retry.popleft()]  # it may have been undone since
            if step.state in (StepState.FATALLY_FAILED, StepState.ON_HOLD) and not step.undoing:
                run_guarded(run, step, begin)
        elif run.queues.conditions:
            position = next(iter(run.queues.conditions))
            del run.queues.conditions[position]
            if run.steps[position].phase is Phase.CONDITION:
                run_guarded(run, run.steps[position], check_condition)
        elif run.inbox.needs_recheck:
            for step, event in match_early_events(run):
                if event in run.inbox.early_events and accepts_event(run, step, event):
                    run.inbox.early_events.remove(event)
                    run_guarded(run, step, complete_with_event, event)
        elif run.compensation.needs_sorting:
            budget -= len(run.compensation.open_undos)
            sort_undos(run)
        elif run.compensation.undo_queue:
            budget -= 1
            run_guarded(run, run.steps[run.compensation.undo_queue.popleft()], try_start_undo)
        elif run.queues.activity and run.counters.in_flight < run.max_in_flight and not run.draining:
            budget -= 1
            step = run.steps[run.queues.activity.popleft()]
            if step.queued:
                run_guarded(run, step, _start_queued_activity)
        else:
            cross_order_notify.notify_watchers(run)
            return False
    return True


def drain_commands(run: OrderRun) -> list[Command]:
    commands, run.commands = run.commands, []
    return commands


def run_guarded(run: OrderRun, step: StepRun, handler: Callable[..., None], *arguments: Any) -> None:
    """Calls a handler for a step. An expression without a value, or an internal error, moves the step to fallout."""
    run.changed_steps.add(step.position)
    try:
        handler(run, step, *arguments)
    except StepExpressionError as error:
        move_work_to_fallout(run, step, StepFailure(DEFINITION_ERROR, str(error), outcome_known=not step.uncertain))
    except Exception as error:
        if run.raise_engine_errors:
            raise
        logger.exception("step %s of order %s", run.step_id(step), run.plan.order.id)
        message = f"an internal error of the engine: {type(error).__name__}: {error}"
        move_work_to_fallout(run, step, StepFailure(INTERNAL_ERROR, message, outcome_known=False))


def move_work_to_fallout(run: OrderRun, step: StepRun, failure: StepFailure) -> None:
    if step.undoing:
        move_undo_to_fallout(run, step, failure, force=True)
    elif step.state not in SETTLED:
        move_to_fallout(run, step, failure, fallout_queue(run, step, failure.code), force=True)


def _start_queued_activity(run: OrderRun, step: StepRun) -> None:
    step.queued = False
    if step.undo is not None and step.undo.is_open:
        step.undo.again_at = None
        if step.undo.state is not StepState.IN_PROGRESS:
            run.transition_undo(step, StepState.IN_PROGRESS)
    else:
        step.again_at = None
        if step.state is not StepState.IN_PROGRESS:
            run.transition(step, StepState.IN_PROGRESS)
        if step.started_at is None:
            step.started_at = run.now
    ACTIVITY_STARTERS[step.active_phase](run, step)
    step.in_flight = True
    run.counters.in_flight += 1


def _complete_in_flight(run: OrderRun, step: StepRun, launch_number: int) -> bool:
    """Returns whether this is the activity that the step waits for."""
    if not step.in_flight or step.launch != launch_number:
        return False
    step.in_flight = False
    run.counters.in_flight -= 1
    return True


def activity_succeeded(run: OrderRun, position: int, launch_number: int, result: dict[str, Any]) -> None:
    """The activity of this launch has succeeded. A result that nobody waits for any more is dropped."""
    step = run.steps[position]
    if _complete_in_flight(run, step, launch_number):
        run_guarded(run, step, _on_activity_succeeded, result)


def _on_activity_succeeded(run: OrderRun, step: StepRun, result: dict[str, Any]) -> None:
    is_stopping = step.undo is not None and step.undo.is_open and step.undo.phase is Phase.IDLE
    RESULT_HANDLERS[step.active_phase](run, step, result)
    if is_stopping:
        last_attempt_ended(run, step)


def activity_failed(run: OrderRun, position: int, launch_number: int, failure: StepFailure) -> None:
    """The activity of this launch has failed for good, or asks for another attempt later."""
    step = run.steps[position]
    if _complete_in_flight(run, step, launch_number):
        run_guarded(run, step, _on_activity_failed, failure)


def activity_interrupted(run: OrderRun, position: int, launch_number: int, *, started: bool) -> None:
    """The activity ended without a result. It starts again with the same key, and does not count as an attempt."""
    step = run.steps[position]
    if _complete_in_flight(run, step, launch_number):
        run_guarded(run, step, _on_activity_interrupted, started)


def _on_activity_interrupted(run: OrderRun, step: StepRun, started: bool) -> None:
    undo = step.undo
    if undo is None or not undo.is_open or undo.phase is Phase.IDLE:
        step.uncertain = step.uncertain or started
    elif undo.phase not in RECOVERY_PHASES:
        undo.uncertain = undo.uncertain or started
    if undo is not None and undo.is_open and undo.phase is Phase.IDLE:
        last_attempt_ended(run, step)
    else:
        enqueue_activity(run, step)


def _on_activity_failed(run: OrderRun, step: StepRun, failure: StepFailure) -> None:
    if step.undoing:
        handle_undo_failure(run, step, failure)
    elif step.phase is Phase.CALL and step.early_callback is not None:
        callback_matching.use_early_callback(run, step)
    elif failure.retry_after is None:
        if step.phase is Phase.POLL and not run.profile(step).is_business_code(failure.code):
            failure = replace(failure, outcome_known=False)  # of the call: only the poll failed
        step.uncertain = not failure.outcome_known
        handle_failure(run, step, failure)
    elif step.phase is Phase.POLL:
        step.again_at = run.now + failure.retry_after
        run.wake_at(step, step.again_at)
    else:
        schedule_retry(run, step, failure)


def process_due_steps(run: OrderRun) -> None:
    """Does what is due at `run.now`."""
    for due_at, step in run.due_steps():
        if step.sla_clock is not None and step.sla_clock.next_tick_at == due_at:
            run_guarded(run, step, step_sla.tick)
        if step.undoing:
            run_guarded(run, step, handle_undo_due, due_at)
        elif step.again_at == due_at and step.phase is Phase.OTHER_ORDERS:
            step.again_at = None
            run_guarded(run, step, cross_order_wait.query_other_orders)
        elif step.again_at == due_at:
            step.again_at = None
            run_guarded(run, step, begin if step.state is StepState.SCHEDULED else _retry_after_pause)
        elif step.deadline == due_at and step.phase in DEADLINE_HANDLERS:
            step.deadline = None
            run_guarded(run, step, DEADLINE_HANDLERS[step.phase])


def _retry_after_pause(run: OrderRun, step: StepRun) -> None:
    """The pause before the next attempt or poll is over."""
    if step.state is StepState.FATALLY_FAILED:
        retry_from_fallout(run, step)
    elif step.state is not StepState.FAILED or not hold_if_held(run, step):
        enqueue_activity(run, step)


def handle_event(run: OrderRun, event: ReceivedEvent, verdict: DeliveryVerdict) -> None:
    if verdict.step is None:
        event_matching.apply_event(run, event, verdict)
    else:
        run_guarded(run, verdict.step, lambda run, _step: event_matching.apply_event(run, event, verdict))


def handle_callback(run: OrderRun, delivery: CallbackDelivery, verdict: DeliveryVerdict) -> None:
    step = require(verdict.step)
    run_guarded(run, step, lambda run, _step: callback_matching.apply_callback(run, delivery, verdict))


def order_watch_ended(run: OrderRun, watch: StepWatch, status: CrossOrderStepStatus | None) -> None:
    """The query of another order's step has ended. None: it failed."""
    cross_order_wait.clear_query(run, watch)
    if status is not None:
        receive_step_status(run, status)


def receive_step_status(run: OrderRun, status: CrossOrderStepStatus) -> None:
    """Another order reports the status of its step. A status that nobody waits for is dropped."""
    step = cross_order_wait.step_waiting_for(run, status)
    if step is not None:
        run_guarded(run, step, cross_order_wait.apply_status, status)


def step_status_sent(run: OrderRun) -> None:
    """The notification has arrived, or the order that it was for does not exist any more."""
    run.order_links.notifications_in_flight -= 1

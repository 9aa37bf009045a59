"""What follows when a step is over: its successors' turn, conditions that may now hold."""

from __future__ import annotations

from typing import Any

from activity_contract.mailboxes import EventSubscription
from workflows.contract.states import DONE, StepState
from workflows.core.state.commands import CancelActivity, UnsubscribeEvents
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import REDO_REASONS, UndoReason
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.outcome import in_place_output

NO_OUTPUT: Any = object()
"""No output; unlike None, which is one."""


def settle(run: OrderRun, step: StepRun, state: StepState, output: Any = NO_OUTPUT) -> None:
    """The step is over. Later steps see its output, or its `default_output` where it was not completed and has none."""
    if step.changing_in_place:
        state, output = _settle_in_place(run, step, state, output)
    if state is StepState.COMPLETED and step.undo_reason is UndoReason.REVISION:
        state = StepState.AMENDED
    run.transition(step, state)
    stop_waiting(run, step)
    step.ended_at = run.now
    if output is NO_OUTPUT and state not in DONE:
        output = default_output(run, step)
    if output is not NO_OUTPUT:
        step.output, step.has_output = output, True
    step.answer = step.early_callback = step.changes = step.note = step.holder = step.queue = None
    release_followers(run, step)


def _settle_in_place(run: OrderRun, step: StepRun, state: StepState, output: Any) -> tuple[StepState, Any]:
    """What the step did stays, also where a person says that it need not be patched."""
    if state not in (StepState.COMPLETED, StepState.SKIPPED):
        return state, output
    if state is StepState.COMPLETED and output is not NO_OUTPUT:
        output = in_place_output(run, step, output)
    else:
        output = step.output
    step.changing_in_place = False
    run.amendments.pinned_steps.pop(step.position, None)
    return StepState.COMPLETED, output


def release_followers(run: OrderRun, step: StepRun) -> None:
    """Whoever waited for it may go on; not where its last attempt has only ended to be undone and done again."""
    if step.released or (step.undoing and step.undo_reason in REDO_REASONS):
        return
    step.released = True
    steps, turns = run.steps, run.start_queue
    for position in run.followers[step.position]:
        follower = steps[position]
        follower.open_predecessors -= 1
        if follower.open_predecessors == 0:
            turns.append(position)
    for reader in run.condition_readers.pop(step.position, ()):
        run.conditions_to_check[reader] = None


def block_followers(run: OrderRun, step: StepRun) -> None:
    """It was over, and is to be done again: whoever has not begun waits for it anew."""
    if not step.released:
        return
    step.released = False
    for position in run.followers[step.position]:
        follower = run.steps[position]
        follower.open_predecessors += 1
        if not follower.has_started and follower.state in (StepState.SCHEDULED, StepState.READY, StepState.ON_HOLD):
            stop_waiting(run, follower)
            run.transition(follower, StepState.PENDING)


def default_output(run: OrderRun, step: StepRun) -> Any:
    """NOTHING where the definition gives none."""
    default = run.definition(step).definition.default_output
    return NO_OUTPUT if default is None else default


def stop_waiting(run: OrderRun, step: StepRun) -> None:
    """Whatever the step waited for no longer matters: calls are cancelled, timers forgotten."""
    if step.in_flight:
        run.commands.append(CancelActivity(step.position, step.launch))
        step.in_flight = False
        run.in_flight_count -= 1
    if step.phase is Phase.CONDITION:
        run.waiting_conditions.pop(step.position, None)
    elif step.phase is Phase.OTHER_ORDERS:
        run.order_links.awaited_by_step.pop(step.position, None)
    elif step.phase is Phase.EVENT:
        for name in step.event_names:
            run.event_waiters[name, step.key].pop(step.position, None)
        run.inbox.needs_recheck = bool(run.inbox.early_events)
    if step.subscribed:
        run.commands.append(UnsubscribeEvents(f"{run.step_id(step)}/unsubscribe", event_subscription(run, step)))
        step.subscribed = False
    step.phase, step.queued = Phase.IDLE, False
    step.again_at = step.deadline = None


def enqueue_activity(run: OrderRun, step: StepRun) -> None:
    """The step stands in line for an activity; its phase says for which."""
    if not step.queued:
        step.queued = True
        run.activity_queue.append(step.position)


def event_subscription(run: OrderRun, step: StepRun) -> EventSubscription:
    return EventSubscription(order_id=run.plan.order.id, names=list(step.event_names), key=step.key)

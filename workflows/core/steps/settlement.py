"""How a step settles or stops waiting, and what that means for its followers and for waiting conditions."""

from __future__ import annotations

from typing import Any

from workflows.contract.states import CANCELLED_STATES, DONE, StepState
from workflows.core.state.commands import CancelActivity
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_run import Phase, StepRun, UndoRun
from workflows.core.steps.corrections import keep_corrections
from workflows.core.steps.event_subscription import unsubscribe
from workflows.core.steps.expression_scope import StepScope
from workflows.core.steps.outcome import in_place_output

WAIT_FOR_REDONE = "wait-for-redone"
"""The patch from which on steps also wait for a redone step that they depend on through others."""

NO_OUTPUT: Any = object()
"""The step has no output. None is an output."""


def settle(run: OrderRun, step: StepRun, state: StepState, output: Any = NO_OUTPUT) -> None:
    """End the step's work in this state. A step that is not completed and has no output gets its `default_output`."""
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
    keep_corrections(step)
    step.answer = step.early_callback = step.note = step.holder = step.queue = None
    release_followers(run, step)


def _settle_in_place(run: OrderRun, step: StepRun, state: StepState, output: Any) -> tuple[StepState, Any]:
    """End a change in place. The step's effect stays, even if a person skips the change."""
    if state not in (StepState.COMPLETED, StepState.SKIPPED):
        return state, output
    changed = state is StepState.COMPLETED and output is not NO_OUTPUT
    output = in_place_output(run, step, output) if changed else step.output
    step.changing_in_place = False
    run.amendments.pinned_steps.pop(step.position, None)
    return StepState.COMPLETED, output


def release_followers(run: OrderRun, step: StepRun) -> None:
    """Let followers start, unless this step or an earlier one will be redone."""
    if step.released or step.redoing:
        return
    if step.open_predecessors and step.state not in CANCELLED_STATES and run.is_patched(WAIT_FOR_REDONE):
        return  # it ran on while a step before it is redone; its followers wait for that
    released = [step]
    while released:
        current = released.pop()
        current.released = True
        for position in run.followers[current.position]:
            follower = run.steps[position]
            follower.open_predecessors -= 1
            if follower.open_predecessors == 0:
                if follower.is_final and not follower.released:
                    released.append(follower)
                    _recheck_readers(run, follower)
                else:
                    run.queues.start.append(position)
        for reader in run.waiting.condition_readers.pop(current.position, ()):
            run.queues.conditions[reader] = None


def _recheck_readers(run: OrderRun, step: StepRun) -> None:
    """Steps that an amendment compares have waited for this one to be released."""
    if step.position in run.amendments.readers_by_step:
        run.amendments.recheck_queue.append(step.position)


def default_output(run: OrderRun, step: StepRun) -> Any:
    """The step's `default_output`. NO_OUTPUT if the definition has none."""
    default = run.definition(step).definition.default_output
    return NO_OUTPUT if default is None else default


def stop_waiting(run: OrderRun, step: StepRun, *, stays_subscribed: bool = False) -> None:
    """The step no longer waits for anything: cancel its activity, timers and subscriptions.

    `stays_subscribed`: keep its subscription, because its event may still come late.
    """
    cancel_activity(run, step)
    if step.phase is Phase.CONDITION:
        run.waiting.conditions.pop(step.position, None)
    elif step.phase is Phase.OTHER_ORDERS:
        run.order_links.awaited_by_step.pop(step.position, None)
    elif step.phase is Phase.EVENT:
        for name in step.event_names:
            run.waiting.events[name, step.key].pop(step.position, None)
        run.inbox.needs_recheck = bool(run.inbox.early_events)
    if step.subscribed and not stays_subscribed:
        unsubscribe(run, step)
    step.phase = Phase.IDLE
    step.again_at = step.deadline = None


def cancel_activity(run: OrderRun, step: StepRun) -> None:
    """Cancel the step's activity, whether it is running or only queued."""
    if step.in_flight:
        run.commands.append(CancelActivity(step.position, step.launch))
        step.in_flight = False
        run.counters.in_flight -= 1
    step.queued = False


def enqueue_activity(run: OrderRun, step: StepRun) -> None:
    """Queue the step for its next activity. Its phase says which one that is."""
    if not step.queued:
        step.queued = True
        run.queues.activity.append(step.position)


def start_deadline(run: OrderRun, step: StepRun, work: StepRun | UndoRun, within: Any, scope: StepScope) -> None:
    """Start the time limit of `work`, the step or its undo. `within`: a duration, a template, or None for no limit.

    Raises StepExpressionError.
    """
    if within is not None:
        work.deadline = run.now + scope.render_duration(within)
        run.wake_at(step, work.deadline)

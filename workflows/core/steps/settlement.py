"""What follows when a step is over: its successors' turn, conditions that may now hold."""

from __future__ import annotations

from typing import Any

from activity_contract.mailboxes import EventSubscription
from workflows.contract.states import DONE, StepState
from workflows.core.state.commands import CancelActivity, Unsubscribe
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import DONE_AGAIN, Withdrawal
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.outcome import output_of_patch

NOTHING: Any = object()
"""No output; unlike None, which is one."""


def settle(run: OrderRun, step: StepRun, state: StepState, output: Any = NOTHING) -> None:
    """The step is over. Later steps see its output, or its `default_output` where it was not completed and has none."""
    if step.patching:
        state, output = _patched(run, step, state, output)
    if state is StepState.COMPLETED and step.withdrawal is Withdrawal.REVISION:
        state = StepState.AMENDED
    run.move(step, state)
    stop_waiting(run, step)
    step.ended_at = run.now
    if output is NOTHING and state not in DONE:
        output = default_output(run, step)
    if output is not NOTHING:
        step.output, step.has_output = output, True
    step.answer = step.callback = step.changes = step.note = step.holder = step.queue = None
    release(run, step)


def _patched(run: OrderRun, step: StepRun, state: StepState, output: Any) -> tuple[StepState, Any]:
    """What the step did stays, also where a person says that it need not be patched."""
    if state not in (StepState.COMPLETED, StepState.SKIPPED):
        return state, output
    if state is StepState.COMPLETED and output is not NOTHING:
        output = output_of_patch(run, step, output)
    else:
        output = step.output
    step.patching = False
    run.revisions.sights.pop(step.position, None)
    return StepState.COMPLETED, output


def release(run: OrderRun, step: StepRun) -> None:
    """Whoever waited for it may go on; not where its last attempt has only ended to be undone and done again."""
    if step.over or (step.undoing and step.withdrawal in DONE_AGAIN):
        return
    step.over = True
    steps, turns = run.steps, run.turns
    for position in run.followers[step.position]:
        follower = steps[position]
        follower.open -= 1
        if follower.open == 0:
            turns.append(position)
    for reader in run.condition_readers.pop(step.position, ()):
        run.to_judge[reader] = None


def hold_back(run: OrderRun, step: StepRun) -> None:
    """It was over, and is to be done again: whoever has not begun waits for it anew."""
    if not step.over:
        return
    step.over = False
    for position in run.followers[step.position]:
        follower = run.steps[position]
        follower.open += 1
        if not follower.begun and follower.state in (StepState.SCHEDULED, StepState.READY, StepState.ON_HOLD):
            stop_waiting(run, follower)
            run.move(follower, StepState.PENDING)


def default_output(run: OrderRun, step: StepRun) -> Any:
    """NOTHING where the definition gives none."""
    default = run.definition(step).definition.default_output
    return NOTHING if default is None else default


def stop_waiting(run: OrderRun, step: StepRun) -> None:
    """Whatever the step waited for no longer matters: calls are cancelled, timers forgotten."""
    if step.flying:
        run.commands.append(CancelActivity(step.position, step.launch))
        step.flying = False
        run.flying -= 1
    if step.phase is Phase.CONDITION:
        run.conditions.pop(step.position, None)
    elif step.phase is Phase.OTHER_ORDERS:
        run.between.waiting.pop(step.position, None)
    elif step.phase is Phase.EVENT:
        for name in step.names:
            run.waiting_events[name, step.key].pop(step.position, None)
        run.inbox.reconsider = bool(run.inbox.kept)
    if step.subscribed:
        run.commands.append(Unsubscribe(f"{run.id_of(step)}/unsubscribe", subscription_of(run, step)))
        step.subscribed = False
    step.phase, step.queued = Phase.AHEAD, False
    step.again_at = step.deadline = None


def launch(run: OrderRun, step: StepRun) -> None:
    """The step stands in line for an activity; its phase says for which."""
    if not step.queued:
        step.queued = True
        run.ready.append(step.position)


def subscription_of(run: OrderRun, step: StepRun) -> EventSubscription:
    return EventSubscription(order_id=run.plan.order.id, names=list(step.names), key=step.key)

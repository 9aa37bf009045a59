"""`event`: waits for an event of this order, whoever sends it."""

from __future__ import annotations

from compiler.cel import evaluation
from workflows.contract.states import StepState
from workflows.core.execution.event_matching import take_kept
from workflows.core.state.commands import Subscribe
from workflows.core.state.order_run import OrderRun, given
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import Scope
from workflows.core.steps.settlement import subscription_of


def begin(run: OrderRun, step: StepRun) -> None:
    run.move(step, StepState.IN_PROGRESS)
    step.started_at = run.now
    awaited = given(run.definition(step).definition.event)
    scope = Scope(run, step)
    step.key = None if awaited.key is None else evaluation.as_text(scope.render(awaited.key))
    deadline = None if awaited.within is None else run.now + scope.seconds(awaited.within)
    step.names = tuple(awaited.name)
    step.phase = Phase.EVENT
    for name in step.names:
        run.waiting_events.setdefault((name, step.key), {})[step.position] = None
    if run.inbox.kept and take_kept(run, step):
        return
    if deadline is not None:
        step.deadline = deadline
        run.wake_at(step, deadline)
    if step.key is not None:
        subscribe(run, step)


def subscribe(run: OrderRun, step: StepRun) -> None:
    """Its mailbox, if there is one, learns that this order waits."""
    step.subscribed = True
    activity_id = f"{run.id_of(step)}/subscribe"
    run.commands.append(Subscribe(step.position, activity_id, subscription_of(run, step)))

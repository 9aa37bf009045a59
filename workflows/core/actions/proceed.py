"""`proceed`: a step stops waiting for other orders, or for a line that failed. It continues as if they were done."""

from __future__ import annotations

from workflows.contract import actions
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.contract.states import StepState
from workflows.core.actions.action import StepActionHandler, possible_actions
from workflows.core.execution.cross_order_wait import continue_step
from workflows.core.failures.relied_on_failed import accept_relied_failure, is_parked
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import step_refused


def _check(run: OrderRun, step: StepRun, action: StepAction) -> None:  # noqa: ARG001
    if is_parked(step):
        return
    timed_out = step.state is StepState.FATALLY_FAILED and not step.undoing and step.started_at is None
    if step.phase is Phase.OTHER_ORDERS or (timed_out and run.profile(step).other_orders):
        return
    predicate = f"is {step.state}, and waits neither for another order nor for a line that has failed"
    raise step_refused(run, step, RefusalCode.NOT_NOW, "not_waiting_for_order", predicate, *possible_actions(run, step))


def _apply(run: OrderRun, step: StepRun, action: StepAction) -> None:  # noqa: ARG001
    if is_parked(step):
        accept_relied_failure(run, step)
        return
    for awaited in run.order_links.awaited_by_step.setdefault(step.position, []):
        awaited.done = True
    if step.state is StepState.FATALLY_FAILED:
        step.failure, step.queue = None, None
        run.transition(step, StepState.PENDING)
    continue_step(run, step)


ACTION = StepActionHandler(actions.PROCEED, _check, _apply)

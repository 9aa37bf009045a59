"""A step that waits for a step of another order (`after: [{order, step, within}]`), whichever order comes first.

When the step's own predecessors are settled, it asks the other order, and `within` begins. The step stays `pending`.
It repeats the question until there is an answer, so a lost message does no harm.
"""

from __future__ import annotations

from activity_contract.calls import TIMEOUT
from activity_contract.cross_order import CrossOrderStepStatus, StepWatch
from compiler.language.order import is_order_id
from compiler.language.steps import CrossOrderReference
from compiler.values import as_text
from workflows.contract.states import StepState
from workflows.core.failures.failure_handling import handle_failure
from workflows.core.state.commands import WatchOrderStep
from workflows.core.state.order_links import AwaitedStep
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepFailure, StepRun
from workflows.core.steps.expression_scope import StepExpressionError, StepScope
from workflows.core.steps.settlement import stop_waiting

INITIAL_PAUSE, MAX_PAUSE = 60.0, 86_400.0
"""Seconds until an order is asked again: the first pause and the longest pause. If an order ends before its mailbox
passes on a question, only the next question gets an answer."""
MAX_ABSENCE = 30 * 86_400.0
"""Seconds that a step waits for an order that nobody submits. The order's mailbox keeps the question for that long."""

ORDER_ENDED, STEP_UNDONE, NO_SUCH_STEP, NO_SUCH_ORDER = (
    "other_order_ended", "other_step_undone", "no_such_step", "no_such_order",
)  # fmt: skip
"""Failure codes for `on_failure`."""


def wait_for_other_orders(run: OrderRun, step: StepRun) -> bool:
    """Asks other orders, if the step waits for any. Returns whether it has to wait. Raises StepExpressionError."""
    awaited_by_step = run.order_links.awaited_by_step
    awaited = awaited_by_step.get(step.position)
    if awaited is None:
        awaited = [_awaited_step(run, step, each) for each in run.profile(step).other_orders]
        awaited_by_step[step.position] = awaited
    if all(each.done for each in awaited):
        del awaited_by_step[step.position]
        return False
    step.phase = Phase.OTHER_ORDERS
    run.view_changed = True
    query_other_orders(run, step)
    _set_deadline(run, step)
    return True


def _awaited_step(run: OrderRun, step: StepRun, reference: CrossOrderReference) -> AwaitedStep:
    scope = StepScope(run, step)
    order = as_text(scope.render(reference.order))
    where = f"step {run.step_id(step)}, `after`"
    if not is_order_id(order):
        raise StepExpressionError(f"{where}: `{order[:100]}` is not an order id")
    if order == run.plan.order.id:
        raise StepExpressionError(f"{where}: {order} is this order; name its step without `order`")
    deadline = None if reference.within is None else run.now + scope.render_duration(reference.within)
    return AwaitedStep(order, reference.step, run.now, deadline)


def refresh_waits(run: OrderRun) -> None:
    """The plan has changed, so the step may have to ask other orders than before."""
    run.order_links.clear_resolved()
    for position, awaited in list(run.order_links.awaited_by_step.items()):
        step = run.steps[position]
        if step.phase is not Phase.OTHER_ORDERS or _awaited_names(run, step) == [
            (each.order, each.step) for each in awaited
        ]:
            continue
        stop_waiting(run, step)
        if step.open_predecessors == 0:
            run.queues.start.append(position)


def _awaited_names(run: OrderRun, step: StepRun) -> list[tuple[str, str]] | None:
    """The orders and steps to wait for. None if an expression has no value. The step reports that when it starts."""
    try:
        awaited = [_awaited_step(run, step, each) for each in run.profile(step).other_orders]
    except StepExpressionError:
        return None
    return [(each.order, each.step) for each in awaited]


def query_other_orders(run: OrderRun, step: StepRun) -> None:
    """Ask the orders whose step is not done yet, and schedule the next time to ask."""
    most_queries = 0
    for number, each in enumerate(run.order_links.awaited_by_step.get(step.position, ())):
        if each.done or each.query_in_flight:
            continue
        each.query_in_flight = True
        each.query_count += 1
        most_queries = max(most_queries, each.query_count)
        watch = StepWatch(
            order_id=run.plan.order.id,
            step_id=run.step_id(step),
            other_order=each.order,
            other_step=each.step,
            workstream=run.definition(step).workstream,
        )
        run.commands.append(WatchOrderStep(step.position, f"{run.step_id(step)}/after/{number + 1}", watch))
    if most_queries:
        step.again_at = run.now + min(INITIAL_PAUSE * 2 ** min(most_queries - 1, 11), MAX_PAUSE)
        run.wake_at(step, step.again_at)


def _set_deadline(run: OrderRun, step: StepRun) -> None:
    awaited = run.order_links.awaited_by_step[step.position]
    step.deadline = min(
        (each.deadline for each in awaited if not each.done and each.deadline is not None), default=None
    )
    if step.deadline is not None:
        run.wake_at(step, step.deadline)


def clear_query(run: OrderRun, watch: StepWatch) -> None:
    """The query has ended. If there was no answer, it is repeated later."""
    for each in run.order_links.awaited_by_step.get(run.position_by_id.get(watch.step_id, -1), ()):
        if (each.order, each.step) == (watch.other_order, watch.other_step):
            each.query_in_flight = False


def step_waiting_for(run: OrderRun, status: CrossOrderStepStatus) -> StepRun | None:
    """The step that the status is for. None if it no longer waits."""
    position = run.position_by_id.get(status.step_id, -1)
    step = run.steps[position] if position >= 0 else None
    if step is None or step.phase is not Phase.OTHER_ORDERS or step.state is not StepState.PENDING:
        return None
    return step


def apply_status(run: OrderRun, step: StepRun, status: CrossOrderStepStatus) -> None:
    """Another order reports the status of its step."""
    awaited = run.order_links.awaited_by_step.get(step.position, ())
    for each in awaited:
        if each.done or (each.order, each.step) != (status.other_order, status.other_step):
            continue
        each.query_in_flight = False
        run.view_changed = True
        if status.standing in ("open", "done"):
            each.absent_since = None
            each.done = status.standing == "done"
        elif status.standing == "not_there":
            each.absent_since = run.now if each.absent_since is None else each.absent_since
        failure = _failure(run, each, status)
        if failure is not None:
            handle_failure(run, step, failure)
            return
    if awaited and all(each.done for each in awaited):
        _finish_wait(run, step)
    elif awaited:
        _set_deadline(run, step)


def _finish_wait(run: OrderRun, step: StepRun) -> None:
    named = " and ".join(describe(each) for each in run.order_links.awaited_by_step[step.position])
    run.audit_log.record(run.now, f"{named} done", run.step_id(step))
    continue_step(run, step)


def continue_step(run: OrderRun, step: StepRun) -> None:
    """The step no longer waits for other orders."""
    step.phase, step.again_at, step.deadline = Phase.IDLE, None, None
    if step.open_predecessors == 0:
        run.queues.start.append(step.position)


def _failure(run: OrderRun, awaited: AwaitedStep, status: CrossOrderStepStatus) -> StepFailure | None:
    order, what = awaited.order, describe(awaited)
    if status.standing == "undone":
        return StepFailure(STEP_UNDONE, f"{what} will not be done: it is {status.words} there")
    if status.standing == "ended":
        return StepFailure(ORDER_ENDED, f"{what} will not be done: that order has ended ({status.words})")
    if status.standing == "missing":
        return StepFailure(NO_SUCH_STEP, f"order {order} has no step {awaited.step}")
    if awaited.absent_since is not None and run.now - awaited.absent_since >= MAX_ABSENCE:
        return StepFailure(NO_SUCH_ORDER, f"order {order} has not come in {MAX_ABSENCE / 86_400:.0f} days")
    return None


def wait_timed_out(run: OrderRun, step: StepRun) -> None:
    """The other order's step was not done in time."""
    late = next(
        each
        for each in run.order_links.awaited_by_step[step.position]
        if not each.done and each.deadline is not None and each.deadline <= run.now
    )
    handle_failure(run, step, StepFailure(TIMEOUT, f"{describe(late)} was not done in time (`within` has passed)"))


def describe(awaited: AwaitedStep) -> str:
    return f"step {awaited.step} of order {awaited.order}"

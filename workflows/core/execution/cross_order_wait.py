"""A step that waits for a step of another order (`after: [{order, step, within}]`), whichever order comes first.

Its turn begins when its own predecessors are settled: then the other order is asked, and `within` is counted. It stays
`pending` meanwhile. An answer that is lost is asked for again, so nothing hangs on a single message.
"""

from __future__ import annotations

import re

from activity_contract.calls import TIMEOUT
from activity_contract.cross_order import StepStanding, StepWatch
from compiler.cel import evaluation
from compiler.language.steps import OrderReference
from workflows.contract.order_messages import Refusal, StepAct
from workflows.contract.states import StepState
from workflows.core.execution.failure_handling import failed
from workflows.core.state.commands import AskOrder
from workflows.core.state.order_links import Awaited
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Failure, Phase, StepRun
from workflows.core.steps.expression_scope import NoValue, Scope
from workflows.core.steps.refusal import Refused
from workflows.core.steps.settlement import stop_waiting

ORDER_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

FIRST_PAUSE, LONGEST_PAUSE = 60.0, 86_400.0
"""Seconds until an order that has not answered is asked again: the first time, and at last. One that is over before its
mailbox could hand over what it is asked tells only then."""
MOST_ABSENT = 30 * 86_400.0
"""Seconds that a step waits for an order that nobody has submitted, as long as its mailbox keeps what it is asked."""

ORDER_ENDED, STEP_UNDONE, NO_SUCH_STEP, NO_SUCH_ORDER = (
    "other_order_ended", "other_step_undone", "no_such_step", "no_such_order",
)  # fmt: skip
"""Codes of the failures of a step that waits in vain, for `on_failure`."""


def must_wait(run: OrderRun, step: StepRun) -> bool:
    """Whether its turn waits for other orders: asks them, the first time. Raises NoValue."""
    waiting = run.between.waiting
    awaited = waiting.get(step.position)
    if awaited is None:
        awaited = waiting[step.position] = [_awaited(run, step, each) for each in run.recipe(step).other_orders]
    if all(each.done for each in awaited):
        del waiting[step.position]
        return False
    step.phase = Phase.OTHER_ORDERS
    run.changed = True
    ask(run, step)
    _set_deadline(run, step)
    return True


def _awaited(run: OrderRun, step: StepRun, reference: OrderReference) -> Awaited:
    scope = Scope(run, step)
    order = evaluation.as_text(scope.render(reference.order))
    where = f"step {run.id_of(step)}, `after`"
    if not ORDER_ID.fullmatch(order):
        raise NoValue(f"{where}: `{order[:100]}` is no order's id")
    if order == run.plan.order.id:
        raise NoValue(f"{where}: {order} is this order; name its step without `order`")
    deadline = None if reference.within is None else run.now + scope.seconds(reference.within)
    return Awaited(order, reference.step, run.now, deadline)


def look_again(run: OrderRun) -> None:
    """The plan is another one: who waits for what may have changed, and with it whom to ask."""
    run.between.look_again()
    for position, awaited in list(run.between.waiting.items()):
        step = run.steps[position]
        if step.phase is not Phase.OTHER_ORDERS or _names(run, step) == [(each.order, each.step) for each in awaited]:
            continue
        stop_waiting(run, step)
        if step.open == 0:
            run.turns.append(position)


def _names(run: OrderRun, step: StepRun) -> list[tuple[str, str]] | None:
    """Orders and steps; None where an expression has no value, which is told when its turn is taken."""
    try:
        now = [_awaited(run, step, each) for each in run.recipe(step).other_orders]
    except NoValue:
        return None
    return [(each.order, each.step) for each in now]


def ask(run: OrderRun, step: StepRun) -> None:
    """Asks the orders whose step is not done yet, and says when to ask again."""
    asked = 0
    for number, each in enumerate(run.between.waiting.get(step.position, ())):
        if each.done or each.asking:
            continue
        each.asking = True
        each.asked += 1
        asked = max(asked, each.asked)
        watch = StepWatch(
            order_id=run.plan.order.id,
            step_id=run.id_of(step),
            other_order=each.order,
            other_step=each.step,
            workstream=run.definition(step).workstream,
        )
        run.commands.append(AskOrder(step.position, f"{run.id_of(step)}/after/{number + 1}", watch))
    if asked:
        step.again_at = run.now + min(FIRST_PAUSE * 2 ** min(asked - 1, 11), LONGEST_PAUSE)
        run.wake_at(step, step.again_at)


def _set_deadline(run: OrderRun, step: StepRun) -> None:
    ends = [each.deadline for each in run.between.waiting[step.position] if not each.done and each.deadline is not None]
    step.deadline = min(ends, default=None)
    if step.deadline is not None:
        run.wake_at(step, step.deadline)


def unanswered(run: OrderRun, watch: StepWatch) -> None:
    """The asking came to nothing; it is repeated when its time comes."""
    for each in run.between.waiting.get(run.positions.get(watch.step_id, -1), ()):
        if (each.order, each.step) == (watch.other_order, watch.other_step):
            each.asking = False


def heard(run: OrderRun, said: StepStanding) -> StepRun | None:
    """The step that this answer is for, if it still waits for it."""
    position = run.positions.get(said.step_id, -1)
    step = run.steps[position] if position >= 0 else None
    if step is None or step.phase is not Phase.OTHER_ORDERS or step.state is not StepState.PENDING:
        return None
    return step


def take_in(run: OrderRun, step: StepRun, said: StepStanding) -> None:
    """What the other order says of its step."""
    awaited = run.between.waiting.get(step.position, ())
    for each in awaited:
        if each.done or (each.order, each.step) != (said.other_order, said.other_step):
            continue
        each.asking = False
        run.changed = True
        if said.standing in ("open", "done"):
            each.absent_since = None
            each.done = said.standing == "done"
        elif said.standing == "not_there":
            each.absent_since = run.now if each.absent_since is None else each.absent_since
        failure = _failure(run, each, said)
        if failure is not None:
            failed(run, step, failure)
            return
    if awaited and all(each.done for each in awaited):
        _go_on(run, step)
    elif awaited:
        _set_deadline(run, step)


def _go_on(run: OrderRun, step: StepRun) -> None:
    named = " and ".join(in_words(each) for each in run.between.waiting[step.position])
    run.journal.note(run.now, f"{named} done", run.id_of(step))
    step.phase, step.again_at, step.deadline = Phase.AHEAD, None, None
    if step.open == 0:
        run.turns.append(step.position)


def _failure(run: OrderRun, awaited: Awaited, said: StepStanding) -> Failure | None:
    order, what = awaited.order, in_words(awaited)
    if said.standing == "undone":
        return Failure(STEP_UNDONE, f"{what} will not be done: it is {said.words} there")
    if said.standing == "ended":
        return Failure(ORDER_ENDED, f"{what} will not be done: that order has ended ({said.words})")
    if said.standing == "missing":
        return Failure(NO_SUCH_STEP, f"order {order} has no step {awaited.step}")
    if awaited.absent_since is not None and run.now - awaited.absent_since >= MOST_ABSENT:
        return Failure(NO_SUCH_ORDER, f"order {order} has not come in {MOST_ABSENT / 86_400:.0f} days")
    return None


def within_passed(run: OrderRun, step: StepRun) -> None:
    """The other order's step is not done in time."""
    late = next(
        each
        for each in run.between.waiting[step.position]
        if not each.done and each.deadline is not None and each.deadline <= run.now
    )
    failed(run, step, Failure(TIMEOUT, f"{in_words(late)} was not done in time (`within` has passed)"))


def in_words(awaited: Awaited) -> str:
    return f"step {awaited.step} of order {awaited.order}"


def allow_proceed(run: OrderRun, step: StepRun, act: StepAct) -> None:  # noqa: ARG001
    """Raises Refused unless it waits for another order, or has waited for one in vain."""
    in_vain = step.state is StepState.FATALLY_FAILED and not step.undoing and step.started_at is None
    if step.phase is Phase.OTHER_ORDERS or (in_vain and run.recipe(step).other_orders):
        return
    raise Refused(
        Refusal.NOT_NOW,
        f"Step {step.position + 1} ({run.id_of(step)}) is {step.state} and waits for no other order, so there is "
        "nothing to go on without",
    )


def proceed(run: OrderRun, step: StepRun, act: StepAct) -> None:  # noqa: ARG001
    """The step goes on as if the other orders had done theirs."""
    awaited = run.between.waiting.setdefault(step.position, [])
    for each in awaited:
        each.done = True
    if step.state is StepState.FATALLY_FAILED:
        step.failure, step.queue = None, None
        run.move(step, StepState.PENDING)
    step.phase, step.again_at, step.deadline = Phase.AHEAD, None, None
    if step.open == 0:
        run.turns.append(step.position)

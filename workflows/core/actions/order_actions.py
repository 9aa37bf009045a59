"""What a person does to an order, or to a part of it, rather than to one step in fallout.

Cancel, roll back, redo, hold, resume. Each act is first judged, without changing anything, then done.

The words are those of execution.md's table of operations (TMF622 for cancel, DRO for hold and resume).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from compiler.source.findings import did_you_mean
from workflows.contract.order_messages import ActAnswer, AssessmentView, OrderAct, Refusal
from workflows.contract.states import SETTLED, TAKEN_BACK
from workflows.core.actions.impact_text import (
    assessment_view,
    capitalised,
    counted,
    ids_of,
    named,
    past_no_return,
    some_of,
    what_it_does,
)
from workflows.core.compensation import redo, rollback, targets
from workflows.core.compensation.rollback import Assessment
from workflows.core.compensation.targets import Target
from workflows.core.execution import hold
from workflows.core.state.holds import Hold
from workflows.core.state.order_run import OrderRun
from workflows.core.state.rollup import state_of
from workflows.core.state.state_transitions import DONE_AGAIN, Withdrawal
from workflows.core.state.step_run import StepRun
from workflows.core.steps.refusal import Refused, step_named

OrderActName = Literal["cancel", "rollback", "redo", "hold", "resume"]


def judged(run: OrderRun, name: OrderActName, act: OrderAct) -> ActAnswer | None:
    """The answer where there is nothing to do: it has been done, or was only to be assessed. Raises Refused."""
    _refuse_stale(run, act)
    return JUDGING[name](run, act)


def done(run: OrderRun, name: OrderActName, act: OrderAct) -> ActAnswer:
    """Does what has been judged."""
    return DOING[name](run, act)


def _refuse_stale(run: OrderRun, act: OrderAct) -> None:
    if act.expected is None:
        return
    now = _step(run, act).state.value if act.step is not None else state_of(run).value
    if act.expected != now:
        what = f"Step {act.step}" if act.step is not None else f"Order {run.plan.order.id}"
        raise Refused(Refusal.STALE, f"{what} is {now} by now, no longer {act.expected}; look at it again first")


# Cancel


def _judge_cancel(run: OrderRun, act: OrderAct) -> ActAnswer | None:
    order = run.plan.order.id
    if run.withdrawals.cancelled:
        return ActAnswer(message=f"Order {order} is being cancelled already", already=True)
    found = _assessed(run, targets.whole_order(run), act)
    if act.assess:
        if found.barriers:
            said = f"Order {order} cannot be cancelled: {past_no_return(run, found.barriers)}; {_instead(order)}"
        else:
            said = f"Cancelling order {order} would {what_it_does(found)}"
        return ActAnswer(message=said, assessment=assessment_view(run, found, refused=bool(found.barriers)))
    if found.barriers:
        raise Refused(
            Refusal.NOT_NOW,
            f"Order {order} is not cancelled: {past_no_return(run, found.barriers)}; {_instead(order)}",
        )
    return None


def _instead(order: str) -> str:
    return (
        f"possible: `rollback {order}`, which leaves that and what it needed as it is, so that the order ends partial; "
        f"or `cancel {order} --override REASON`, which undoes it all the same"
    )


def _cancel(run: OrderRun, act: OrderAct) -> ActAnswer:
    found = _assessed(run, targets.whole_order(run), act)
    hold.resume_all(run)
    run.withdrawals.cancelled = True
    _note(run, act, "cancelled", None, found)
    rollback.roll_back(run, found, Withdrawal.CANCELLATION)
    message = f"Order {run.plan.order.id} is cancelled: it will {what_it_does(found)}"
    return ActAnswer(message=message, assessment=assessment_view(run, found))


# Roll back


def _target(run: OrderRun, act: OrderAct) -> Target:
    if act.line is None:
        return targets.whole_order(run)
    target = targets.of_line(run, act.line)
    if target is None:
        raise Refused(Refusal.NOT_FOUND, _no_line(run, act.line))
    return target


def _no_line(run: OrderRun, line: str) -> str:
    order = run.plan.order.id
    hint = did_you_mean(line, [each.id for each in (*run.plan.order_lines, *run.plan.lines)])
    return f"Order {order} has no line `{line}`{hint or f'; `show {order}` lists its lines'}"


def _judge_rollback(run: OrderRun, act: OrderAct) -> ActAnswer | None:
    target = _target(run, act)
    found = _assessed(run, target, act)
    words = capitalised(target.words)
    if act.assess:
        return ActAnswer(
            message=f"Rolling {target.words} back would {what_it_does(found)}", assessment=assessment_view(run, found)
        )
    coming = [at for at in found.undone if not _being_taken_back(run.steps[at])]
    if coming or found.discarded:
        return None
    if found.kept:
        raise Refused(
            Refusal.NOT_NOW,
            f"{words} has nothing that could be rolled back: {past_no_return(run, found.barriers)}; possible: with "
            "--override REASON it is undone all the same",
        )
    return ActAnswer(message=f"{words} is rolled back already, or being so", already=True)


def _being_taken_back(step: StepRun) -> bool:
    return step.undoing and step.withdrawal not in DONE_AGAIN


def _rollback(run: OrderRun, act: OrderAct) -> ActAnswer:
    target = _target(run, act)
    found = _assessed(run, target, act)
    _note(run, act, f"rolled back {target.words}", None, found)
    rollback.roll_back(run, found, Withdrawal.FAILURE)
    message = f"{capitalised(target.words)} is rolled back: it will {what_it_does(found)}"
    return ActAnswer(message=message, assessment=assessment_view(run, found))


# Redo


def _step(run: OrderRun, act: OrderAct) -> StepRun:
    if act.step is None:
        raise Refused(Refusal.INVALID, "Say which step is meant")
    return step_named(run, act.step)


def _judge_redo(run: OrderRun, act: OrderAct) -> ActAnswer | None:
    step, order = _step(run, act), run.plan.order.id
    if step.undoing and step.withdrawal in DONE_AGAIN:
        message = f"{named(run, step)} is being undone already, to be done again"
        return ActAnswer(step=run.id_of(step), state=step.state, message=message, already=True)
    if _being_taken_back(step) or step.state in TAKEN_BACK:
        raise Refused(
            Refusal.NOT_NOW,
            f"{named(run, step)} is being taken back, or was: what is given up is not done again; possible: a new "
            "order, or this one anew with `start --revision` once it has ended",
        )
    if not (step.begun or step.state in SETTLED or step.in_fallout):
        raise Refused(
            Refusal.NOT_NOW, f"{named(run, step)} has not run yet; `why {order} {step.position + 1}` tells why"
        )
    found = redo.rework_from(run, [step.position])
    if found.given_up:
        raise Refused(
            Refusal.NOT_NOW,
            f"{some_of(run, found.given_up)} came after it and is being taken back: wait for that to end",
        )
    barriers = [] if act.override else found.barriers
    if act.assess:
        said = (
            f"is refused: {past_no_return(run, barriers)}"
            if barriers
            else f"would undo and do again {counted(found.redone)}"
        )
        view = AssessmentView(
            undone=ids_of(run, found.redone), past_no_return=ids_of(run, barriers), refused=bool(barriers)
        )
        return ActAnswer(step=run.id_of(step), message=f"Redoing from {named(run, step)} {said}", assessment=view)
    if barriers:
        raise Refused(
            Refusal.NOT_NOW,
            f"Nothing is redone from {named(run, step)}: {past_no_return(run, barriers)}; possible: `redo {order} "
            f"{step.position + 1} --override REASON`, which undoes it all the same, or a redo from a later step",
        )
    return None


def _redo(run: OrderRun, act: OrderAct) -> ActAnswer:
    step = _step(run, act)
    found = redo.rework_from(run, [step.position])
    _note(run, act, f"redone from here: {counted(found.redone)}", run.id_of(step), found if found.barriers else None)
    redo.redo(run, found)
    view = AssessmentView(undone=ids_of(run, found.redone))
    message = f"Redone from {named(run, step)}: {counted(found.redone)} will be undone and done again"
    return ActAnswer(step=run.id_of(step), state=step.state, message=message, assessment=view)


# Hold and resume


def _scope(run: OrderRun, act: OrderAct) -> str:
    if act.step is not None:
        return f"step {run.id_of(step_named(run, act.step))}"
    if act.line is not None:
        if targets.line_named(run, act.line) is None:
            raise Refused(Refusal.NOT_FOUND, _no_line(run, act.line))
        return f"line {act.line}"
    return "order"


def _words(run: OrderRun, scope: str) -> str:
    return f"Order {run.plan.order.id}" if scope == "order" else capitalised(scope)


def _judge_hold(run: OrderRun, act: OrderAct) -> ActAnswer | None:
    scope = _scope(run, act)
    if (held := run.holds.named.get(scope)) is not None:
        message = f"{_words(run, scope)} is held already, by {held.by}{_because(held.reason)}"
        return ActAnswer(message=message, already=True)
    if act.step is not None and step_named(run, act.step).state in SETTLED:
        step = step_named(run, act.step)
        if not step.undoing:
            raise Refused(Refusal.NOT_NOW, f"{named(run, step)} is {step.state}: there is nothing to hold")
    return None


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _hold(run: OrderRun, act: OrderAct) -> ActAnswer:
    scope = _scope(run, act)
    hold.hold(run, Hold(scope, act.actor.by, act.actor.reason, run.now))
    _note(run, act, f"held {scope}", None)
    said = f"{_words(run, scope)} is held: nothing new starts, timers go on counting"
    return ActAnswer(message=f"{said}; `{_resume_words(run, act)}` lets it go on")


def _resume_words(run: OrderRun, act: OrderAct) -> str:
    order = run.plan.order.id
    if act.step is not None:
        return f"resume {order} --step {act.step}"
    return f"resume {order} --line {act.line}" if act.line is not None else f"resume {order}"


def _judge_resume(run: OrderRun, act: OrderAct) -> ActAnswer | None:
    scope = _scope(run, act)
    if scope not in run.holds.named:
        others = ", ".join(run.holds.named)
        also = f"; held is: {others}" if others else ""
        return ActAnswer(message=f"{_words(run, scope)} is not held{also}", already=True)
    return None


def _resume(run: OrderRun, act: OrderAct) -> ActAnswer:
    scope = _scope(run, act)
    hold.resume(run, scope)
    _note(run, act, f"resumed {scope}", None)
    also = f"; still held: {', '.join(run.holds.named)}" if run.holds.named else ""
    return ActAnswer(message=f"{_words(run, scope)} goes on{also}")


def _assessed(run: OrderRun, target: Target, act: OrderAct) -> Assessment:
    return rollback.assessed(run, target, override=bool(act.override))


def _note(run: OrderRun, act: OrderAct, what: str, step: str | None, found: object = None) -> None:
    run.journal.note(run.now, what, step, act.actor.by, act.actor.reason)
    if act.override and found is not None:
        run.journal.note(run.now, "point of no return overridden", step, act.actor.by, act.override)


Judging = Callable[[OrderRun, OrderAct], "ActAnswer | None"]

JUDGING: Mapping[OrderActName, Judging] = {
    "cancel": _judge_cancel,
    "rollback": _judge_rollback,
    "redo": _judge_redo,
    "hold": _judge_hold,
    "resume": _judge_resume,
}
DOING: Mapping[OrderActName, Callable[[OrderRun, OrderAct], ActAnswer]] = {
    "cancel": _cancel,
    "rollback": _rollback,
    "redo": _redo,
    "hold": _hold,
    "resume": _resume,
}

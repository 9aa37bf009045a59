"""What a person does to an order, or to a part of it, rather than to one step in fallout.

Cancel, roll back, redo, hold, resume. Each act is first judged, without changing anything, then done.

The words are those of execution.md's table of operations (TMF622 for cancel, DRO for hold and resume).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from compiler.source.findings import did_you_mean
from workflows.contract.order_messages import ActionResult, OrderAction, RefusalCode, RollbackImpactView
from workflows.contract.states import SETTLED, TAKEN_BACK
from workflows.core.actions.impact_text import (
    capitalize_first,
    impact_text,
    impact_view,
    past_ponr_text,
    step_count_text,
    step_ids,
    step_list_text,
    step_reference,
)
from workflows.core.compensation import redo, rollback, targets
from workflows.core.compensation.rollback import RollbackImpact
from workflows.core.compensation.targets import RollbackTarget
from workflows.core.execution import hold
from workflows.core.state.holds import Hold
from workflows.core.state.order_run import OrderRun
from workflows.core.state.rollup import current_order_state
from workflows.core.state.state_transitions import REDO_REASONS, UndoReason
from workflows.core.state.step_run import StepRun
from workflows.core.steps.refusal import RequestRefused, find_step

OrderActionName = Literal["cancel", "rollback", "redo", "hold", "resume"]


def check_order_action(run: OrderRun, name: OrderActionName, action: OrderAction) -> ActionResult | None:
    """The answer where there is nothing to do: it has been done, or was only to be assessed. Raises Refused."""
    _refuse_if_stale(run, action)
    return VALIDATORS[name](run, action)


def apply_order_action(run: OrderRun, name: OrderActionName, action: OrderAction) -> ActionResult:
    """Does what has been judged."""
    return HANDLERS[name](run, action)


def _refuse_if_stale(run: OrderRun, action: OrderAction) -> None:
    if action.expected is None:
        return
    now = _required_step(run, action).state.value if action.step is not None else current_order_state(run).value
    if action.expected != now:
        what = f"Step {action.step}" if action.step is not None else f"Order {run.plan.order.id}"
        raise RequestRefused(
            RefusalCode.STALE, f"{what} is {now} by now, no longer {action.expected}; look at it again first"
        )


# Cancel


def _check_cancel(run: OrderRun, action: OrderAction) -> ActionResult | None:
    order = run.plan.order.id
    if run.compensation.order_cancelled:
        return ActionResult(message=f"Order {order} is being cancelled already", already=True)
    found = _assess(run, targets.order_target(run), action)
    if action.assess:
        if found.past_ponr:
            said = (
                f"Order {order} cannot be cancelled: {past_ponr_text(run, found.past_ponr)}; "
                f"{_cancel_alternatives(order)}"
            )
        else:
            said = f"Cancelling order {order} would {impact_text(found)}"
        return ActionResult(message=said, assessment=impact_view(run, found, refused=bool(found.past_ponr)))
    if found.past_ponr:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"Order {order} is not cancelled: {past_ponr_text(run, found.past_ponr)}; {_cancel_alternatives(order)}",
        )
    return None


def _cancel_alternatives(order: str) -> str:
    return (
        f"possible: `rollback {order}`, which leaves that and what it needed as it is, so that the order ends partial; "
        f"or `cancel {order} --override REASON`, which undoes it all the same"
    )


def _cancel(run: OrderRun, action: OrderAction) -> ActionResult:
    found = _assess(run, targets.order_target(run), action)
    hold.resume_all(run)
    run.compensation.order_cancelled = True
    _log(run, action, "cancelled", None, found)
    rollback.roll_back(run, found, UndoReason.CANCELLATION)
    message = f"Order {run.plan.order.id} is cancelled: it will {impact_text(found)}"
    return ActionResult(message=message, assessment=impact_view(run, found))


# Roll back


def _rollback_target(run: OrderRun, action: OrderAction) -> RollbackTarget:
    if action.line is None:
        return targets.order_target(run)
    target = targets.line_target(run, action.line)
    if target is None:
        raise RequestRefused(RefusalCode.NOT_FOUND, _unknown_line_message(run, action.line))
    return target


def _unknown_line_message(run: OrderRun, line: str) -> str:
    order = run.plan.order.id
    hint = did_you_mean(line, [each.id for each in (*run.plan.order_lines, *run.plan.fulfilment_lines)])
    return f"Order {order} has no line `{line}`{hint or f'; `show {order}` lists its lines'}"


def _check_rollback(run: OrderRun, action: OrderAction) -> ActionResult | None:
    target = _rollback_target(run, action)
    found = _assess(run, target, action)
    words = capitalize_first(target.label)
    if action.assess:
        return ActionResult(
            message=f"Rolling {target.label} back would {impact_text(found)}", assessment=impact_view(run, found)
        )
    coming = [at for at in found.undone if not _is_being_undone(run.steps[at])]
    if coming or found.discarded:
        return None
    if found.kept:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"{words} has nothing that could be rolled back: {past_ponr_text(run, found.past_ponr)}; possible: with "
            "--override REASON it is undone all the same",
        )
    return ActionResult(message=f"{words} is rolled back already, or being so", already=True)


def _is_being_undone(step: StepRun) -> bool:
    return step.undoing and step.undo_reason not in REDO_REASONS


def _rollback(run: OrderRun, action: OrderAction) -> ActionResult:
    target = _rollback_target(run, action)
    found = _assess(run, target, action)
    _log(run, action, f"rolled back {target.label}", None, found)
    rollback.roll_back(run, found, UndoReason.FAILURE)
    message = f"{capitalize_first(target.label)} is rolled back: it will {impact_text(found)}"
    return ActionResult(message=message, assessment=impact_view(run, found))


# Redo


def _required_step(run: OrderRun, action: OrderAction) -> StepRun:
    if action.step is None:
        raise RequestRefused(RefusalCode.INVALID, "Say which step is meant")
    return find_step(run, action.step)


def _check_redo(run: OrderRun, action: OrderAction) -> ActionResult | None:
    step, order = _required_step(run, action), run.plan.order.id
    if step.undoing and step.undo_reason in REDO_REASONS:
        message = f"{step_reference(run, step)} is being undone already, to be done again"
        return ActionResult(step=run.step_id(step), state=step.state, message=message, already=True)
    if _is_being_undone(step) or step.state in TAKEN_BACK:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"{step_reference(run, step)} is being taken back, or was: what is given up is not done again; "
            "possible: a new "
            "order, or this one anew with `start --revision` once it has ended",
        )
    if not (step.has_started or step.state in SETTLED or step.in_fallout):
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"{step_reference(run, step)} has not run yet; `why {order} {step.position + 1}` tells why",
        )
    found = redo.assess_redo(run, [step.position])
    if found.undone_for_good:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"{step_list_text(run, found.undone_for_good)} came after it and is being taken back: wait for that to end",
        )
    barriers = [] if action.override else found.past_ponr
    if action.assess:
        said = (
            f"is refused: {past_ponr_text(run, barriers)}"
            if barriers
            else f"would undo and do again {step_count_text(found.redone)}"
        )
        view = RollbackImpactView(
            undone=step_ids(run, found.redone), past_no_return=step_ids(run, barriers), refused=bool(barriers)
        )
        return ActionResult(
            step=run.step_id(step), message=f"Redoing from {step_reference(run, step)} {said}", assessment=view
        )
    if barriers:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"Nothing is redone from {step_reference(run, step)}: {past_ponr_text(run, barriers)}; possible: "
            f"`redo {order} "
            f"{step.position + 1} --override REASON`, which undoes it all the same, or a redo from a later step",
        )
    return None


def _redo(run: OrderRun, action: OrderAction) -> ActionResult:
    step = _required_step(run, action)
    found = redo.assess_redo(run, [step.position])
    _log(
        run,
        action,
        f"redone from here: {step_count_text(found.redone)}",
        run.step_id(step),
        found if found.past_ponr else None,
    )
    redo.redo(run, found)
    view = RollbackImpactView(undone=step_ids(run, found.redone))
    message = f"Redone from {step_reference(run, step)}: {step_count_text(found.redone)} will be undone and done again"
    return ActionResult(step=run.step_id(step), state=step.state, message=message, assessment=view)


# Hold and resume


def _hold_scope(run: OrderRun, action: OrderAction) -> str:
    if action.step is not None:
        return f"step {run.step_id(find_step(run, action.step))}"
    if action.line is not None:
        if targets.find_line(run, action.line) is None:
            raise RequestRefused(RefusalCode.NOT_FOUND, _unknown_line_message(run, action.line))
        return f"line {action.line}"
    return "order"


def _scope_label(run: OrderRun, scope: str) -> str:
    return f"Order {run.plan.order.id}" if scope == "order" else capitalize_first(scope)


def _check_hold(run: OrderRun, action: OrderAction) -> ActionResult | None:
    scope = _hold_scope(run, action)
    if (held := run.holds.by_scope.get(scope)) is not None:
        message = f"{_scope_label(run, scope)} is held already, by {held.by}{_reason_suffix(held.reason)}"
        return ActionResult(message=message, already=True)
    if action.step is not None and find_step(run, action.step).state in SETTLED:
        step = find_step(run, action.step)
        if not step.undoing:
            raise RequestRefused(
                RefusalCode.NOT_NOW, f"{step_reference(run, step)} is {step.state}: there is nothing to hold"
            )
    return None


def _reason_suffix(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _hold(run: OrderRun, action: OrderAction) -> ActionResult:
    scope = _hold_scope(run, action)
    hold.hold(run, Hold(scope, action.actor.by, action.actor.reason, run.now))
    _log(run, action, f"held {scope}", None)
    said = f"{_scope_label(run, scope)} is held: nothing new starts, timers go on counting"
    return ActionResult(message=f"{said}; `{_resume_command(run, action)}` lets it go on")


def _resume_command(run: OrderRun, action: OrderAction) -> str:
    order = run.plan.order.id
    if action.step is not None:
        return f"resume {order} --step {action.step}"
    return f"resume {order} --line {action.line}" if action.line is not None else f"resume {order}"


def _check_resume(run: OrderRun, action: OrderAction) -> ActionResult | None:
    scope = _hold_scope(run, action)
    if scope not in run.holds.by_scope:
        others = ", ".join(run.holds.by_scope)
        also = f"; held is: {others}" if others else ""
        return ActionResult(message=f"{_scope_label(run, scope)} is not held{also}", already=True)
    return None


def _resume(run: OrderRun, action: OrderAction) -> ActionResult:
    scope = _hold_scope(run, action)
    hold.resume(run, scope)
    _log(run, action, f"resumed {scope}", None)
    also = f"; still held: {', '.join(run.holds.by_scope)}" if run.holds.by_scope else ""
    return ActionResult(message=f"{_scope_label(run, scope)} goes on{also}")


def _assess(run: OrderRun, target: RollbackTarget, action: OrderAction) -> RollbackImpact:
    return rollback.assess_rollback(run, target, override=bool(action.override))


def _log(run: OrderRun, action: OrderAction, what: str, step: str | None, impact: object = None) -> None:
    run.audit_log.record(run.now, what, step, action.actor.by, action.actor.reason)
    if action.override and impact is not None:
        run.audit_log.record(run.now, "point of no return overridden", step, action.actor.by, action.override)


OrderActionValidator = Callable[[OrderRun, OrderAction], "ActionResult | None"]

VALIDATORS: Mapping[OrderActionName, OrderActionValidator] = {
    "cancel": _check_cancel,
    "rollback": _check_rollback,
    "redo": _check_redo,
    "hold": _check_hold,
    "resume": _check_resume,
}
HANDLERS: Mapping[OrderActionName, Callable[[OrderRun, OrderAction], ActionResult]] = {
    "cancel": _cancel,
    "rollback": _rollback,
    "redo": _redo,
    "hold": _hold,
    "resume": _resume,
}

"""`rollback`: what was done for an order or a line is undone and given up, except past a point of no return."""

from __future__ import annotations

from workflows.contract import actions
from workflows.contract.order_messages import ActionResult, OrderAction, RefusalCode
from workflows.core.actions.action import OrderActionHandler
from workflows.core.actions.hold import unknown_line
from workflows.core.actions.impact_text import (
    PAST_PONR,
    impact_text,
    impact_view,
    override,
    past_ponr_text,
    record_action,
    step_ids,
)
from workflows.core.compensation import rollback, targets
from workflows.core.compensation.targets import RollbackTarget
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import REDO_REASONS, UndoReason
from workflows.core.state.step_run import StepRun
from workflows.core.steps.refusal import RequestRefused


def _target(run: OrderRun, action: OrderAction) -> RollbackTarget:
    """Raises RequestRefused."""
    if action.line is None:
        return targets.order_target(run)
    target = targets.line_target(run, action.line)
    if target is None:
        raise unknown_line(run, action.line)
    return target


def is_being_given_up(step: StepRun) -> bool:
    return step.undoing and step.undo_reason not in REDO_REASONS


def _check(run: OrderRun, action: OrderAction) -> ActionResult | None:
    target = _target(run, action)
    impact = rollback.assess_rollback(run, target, override=bool(action.override))
    subject = target.label[:1].upper() + target.label[1:]
    if action.assess:
        message = f"Rolling back {target.label} would {impact_text(impact)}"
        return ActionResult(message=message, assessment=impact_view(run, impact))
    if impact.discarded or any(not is_being_given_up(run.steps[position]) for position in impact.undone):
        return None
    if impact.kept:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"{subject} has nothing that could be rolled back: {past_ponr_text(run, impact.past_ponr)}",
            PAST_PONR,
            [override(run, "rollback", line=action.line)],
            steps=step_ids(run, impact.past_ponr),
        )
    return ActionResult(message=f"{subject} is already rolled back, or is being rolled back", already=True)


def _apply(run: OrderRun, action: OrderAction) -> ActionResult:
    target = _target(run, action)
    impact = rollback.assess_rollback(run, target, override=bool(action.override))
    record_action(run, action, f"{actions.ROLLBACK.past_tense} {target.label}", can_override=True)
    rollback.roll_back(run, impact, UndoReason.FAILURE)
    message = f"{target.label[:1].upper()}{target.label[1:]} is rolled back: it will {impact_text(impact)}"
    return ActionResult(message=message, assessment=impact_view(run, impact))


ACTION = OrderActionHandler(actions.ROLLBACK, _check, _apply)

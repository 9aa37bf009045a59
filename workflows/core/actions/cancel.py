"""`cancel`: an order is cancelled as a whole. What was done is undone."""

from __future__ import annotations

from workflows.contract import actions
from workflows.contract.order_messages import ActionResult, OrderAction, RefusalCode
from workflows.core.actions.action import OrderActionHandler
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
from workflows.core.compensation.rollback import RollbackImpact
from workflows.core.execution import hold
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import UndoReason
from workflows.core.steps.refusal import RequestRefused, alternative


def _check(run: OrderRun, action: OrderAction) -> ActionResult | None:
    order = run.plan.order.id
    if run.compensation.order_cancelled:
        return ActionResult(message=f"Order {order} is already being cancelled", already=True)
    impact = _assess(run, action)
    if not impact.past_ponr:
        message = f"Cancelling order {order} would {impact_text(impact)}"
        return ActionResult(message=message, assessment=impact_view(run, impact)) if action.assess else None
    message = f"Order {order} cannot be cancelled: {past_ponr_text(run, impact.past_ponr)}"
    alternatives = [
        alternative(run, "rollback", "leaves these steps, and what they need, as they are; the order ends partial"),
        override(run, "cancel"),
    ]
    if action.assess:
        assessment = impact_view(run, impact, refused=True)
        return ActionResult(message=message, assessment=assessment, alternatives=alternatives)
    raise RequestRefused(RefusalCode.NOT_NOW, message, PAST_PONR, alternatives, steps=step_ids(run, impact.past_ponr))


def _assess(run: OrderRun, action: OrderAction) -> RollbackImpact:
    return rollback.assess_rollback(run, targets.order_target(run), override=bool(action.override))


def _apply(run: OrderRun, action: OrderAction) -> ActionResult:
    impact = _assess(run, action)
    hold.resume_all(run)
    run.compensation.order_cancelled = True
    record_action(run, action, actions.CANCEL.past_tense, can_override=True)
    rollback.roll_back(run, impact, UndoReason.CANCELLATION)
    message = f"Order {run.plan.order.id} is cancelled: it will {impact_text(impact)}"
    return ActionResult(message=message, assessment=impact_view(run, impact))


ACTION = OrderActionHandler(actions.CANCEL, _check, _apply)

"""`resume`: an order, a line or a step that was held continues."""

from __future__ import annotations

from workflows.contract import actions
from workflows.contract.order_messages import ActionResult, OrderAction
from workflows.core.actions.action import OrderActionHandler
from workflows.core.actions.hold import hold_scope, scope_text
from workflows.core.actions.impact_text import record_action
from workflows.core.execution import hold
from workflows.core.state.order_run import OrderRun


def _check(run: OrderRun, action: OrderAction) -> ActionResult | None:
    scope = hold_scope(run, action)
    if scope in run.holds.by_scope:
        return None
    return ActionResult(message=f"{scope_text(run, scope)} is not held{_other_holds(run)}", already=True)


def _apply(run: OrderRun, action: OrderAction) -> ActionResult:
    scope = hold_scope(run, action)
    hold.resume(run, scope)
    record_action(run, action, f"{actions.RESUME.past_tense} {scope}")
    return ActionResult(message=f"{scope_text(run, scope)} continues{_other_holds(run)}")


def _other_holds(run: OrderRun) -> str:
    return f"; still held: {', '.join(run.holds.by_scope)}" if run.holds.by_scope else ""


ACTION = OrderActionHandler(actions.RESUME, _check, _apply)

"""`hold`: nothing new of an order, a line or a step starts until it is resumed."""

from __future__ import annotations

from compiler.source.findings import did_you_mean
from workflows.contract import actions
from workflows.contract.order_messages import ActionResult, OrderAction, RefusalCode
from workflows.contract.states import SETTLED
from workflows.core.actions.action import OrderActionHandler
from workflows.core.actions.impact_text import record_action
from workflows.core.compensation import targets
from workflows.core.execution import hold
from workflows.core.state.holds import Hold
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import RequestRefused, alternative, find_step, step_refused


def hold_scope(run: OrderRun, action: OrderAction) -> str:
    """`order`, `line 1` or `step camera.reserve@1`. Raises RequestRefused."""
    if action.step is not None:
        return f"step {run.step_id(find_step(run, action.step))}"
    if action.line is not None:
        if targets.find_line(run, action.line) is None:
            raise unknown_line(run, action.line)
        return f"line {action.line}"
    return "order"


def unknown_line(run: OrderRun, line: str) -> RequestRefused:
    hint = did_you_mean(line, [each.id for each in (*run.plan.order_lines, *run.plan.fulfilment_lines)])
    return RequestRefused(
        RefusalCode.NOT_FOUND,
        f"Order {run.plan.order.id} has no line `{line}`{hint}",
        "unknown_line",
        [alternative(run, "show", "lists its lines")],
    )


def scope_text(run: OrderRun, scope: str) -> str:
    return f"Order {run.plan.order.id}" if scope == "order" else scope[:1].upper() + scope[1:]


def _check(run: OrderRun, action: OrderAction) -> ActionResult | None:
    scope = hold_scope(run, action)
    if (present := run.holds.by_scope.get(scope)) is not None:
        reason = f" ({present.reason})" if present.reason else ""
        message = f"{scope_text(run, scope)} is already held by {present.by}{reason}"
        return ActionResult(message=message, already=True)
    step = None if action.step is None else find_step(run, action.step)
    if step is not None and step.state in SETTLED and not step.undoing:
        predicate = f"is {step.state}: there is nothing to hold"
        raise step_refused(run, step, RefusalCode.NOT_NOW, "nothing_to_hold", predicate)
    return None


def _apply(run: OrderRun, action: OrderAction) -> ActionResult:
    scope = hold_scope(run, action)
    hold.hold(run, Hold(scope, action.actor.signature, action.actor.reason, run.now))
    record_action(run, action, f"{actions.HOLD.past_tense} {scope}")
    message = f"{scope_text(run, scope)} is held until it is resumed: nothing new starts, timers keep counting"
    return ActionResult(message=message)


ACTION = OrderActionHandler(actions.HOLD, _check, _apply)

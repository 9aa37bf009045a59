"""Performs operator actions on a running order."""

from __future__ import annotations

from typing import Any

from workflows.contract.order_messages import ActionResult
from workflows.core.actions.action import ActionHandler, OrderActionHandler
from workflows.core.engine import advance
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import find_step


def perform_action(run: OrderRun, handler: ActionHandler, request: Any) -> ActionResult:
    """Checks the request and applies it in the same turn. Raises RequestRefused."""
    nothing_to_do = handler.check(run, request)
    if nothing_to_do is not None:
        return nothing_to_do
    if isinstance(handler, OrderActionHandler):
        return handler.perform(run, request)
    step = find_step(run, request.step)
    advance.run_guarded(run, step, handler.apply, request)
    advance.advance(run)
    return handler.result(run, step, request)

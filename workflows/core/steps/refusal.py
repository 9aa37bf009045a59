"""What an order does not let anybody do, and what would be possible instead."""

from __future__ import annotations

from compiler.source.findings import did_you_mean
from workflows.contract.order_messages import RefusalCode
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun


class RequestRefused(Exception):
    """`code` for programs; the message for the person who asked."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def find_step(run: OrderRun, reference: str) -> StepRun:
    """The step with this id or number. Raises Refused (not_found)."""
    position = run.position_by_id.get(reference)
    if position is None and reference.isascii() and reference.isdigit() and 1 <= int(reference) <= len(run.steps):
        position = int(reference) - 1
    if position is None:
        order = run.plan.order.id
        hint = did_you_mean(reference, run.position_by_id) or f"; `show {order}` lists its steps"
        raise RequestRefused(RefusalCode.NOT_FOUND, f"Order {order} has no step `{reference}`{hint}")
    return run.steps[position]

"""What an order does not let anybody do, and what would be possible instead."""

from __future__ import annotations

from compiler.source.findings import did_you_mean
from workflows.contract.order_messages import Refusal
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun


class Refused(Exception):
    """`code` for programs; the message for the person who asked."""

    def __init__(self, code: Refusal, message: str) -> None:
        super().__init__(message)
        self.code = code


def step_named(run: OrderRun, wanted: str) -> StepRun:
    """The step with this id or number. Raises Refused (not_found)."""
    position = run.positions.get(wanted)
    if position is None and wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(run.steps):
        position = int(wanted) - 1
    if position is None:
        order = run.plan.order.id
        hint = did_you_mean(wanted, run.positions) or f"; `show {order}` lists its steps"
        raise Refused(Refusal.NOT_FOUND, f"Order {order} has no step `{wanted}`{hint}")
    return run.steps[position]

"""Refusals: a code, a reason and data for programs, and a message in plain English.

A message names no command and no option. What the caller can do instead is an `Alternative`, which each client shows in
its own way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from compiler.source.findings import did_you_mean
from workflows.contract.order_messages import Alternative, RefusalCode, RefusalDetails
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

MAX_NAMED_STEPS = 5
"""How many steps a message names. It counts the others."""


class RequestRefused(Exception):
    """The order does not allow what was requested. `reason` defaults to the code."""

    def __init__(
        self,
        code: RefusalCode,
        message: str,
        reason: str = "",
        alternatives: Iterable[Alternative] = (),
        **data: Any,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.details = RefusalDetails(reason=reason or code.value, data=data, alternatives=list(alternatives))


def step_refused(
    run: OrderRun,
    step: StepRun,
    code: RefusalCode,
    reason: str,
    predicate: str,
    *alternatives: Alternative,
    **data: Any,
) -> RequestRefused:
    """`predicate` continues "Step 3 (camera.reserve@1) …"."""
    message = f"{step_reference(run, step)} {predicate}"
    return RequestRefused(code, message, reason, alternatives, state=step.state.value, **data)


def alternative(
    run: OrderRun,
    action: str,
    effect: str = "",
    *,
    step: StepRun | None = None,
    required: Sequence[str] = (),
    **parameters: Any,
) -> Alternative:
    """An alternative on this order, or on one of its steps."""
    target = {"order_id": run.plan.order.id} | ({} if step is None else {"step": str(step.position + 1)})
    return Alternative(action=action, parameters={**target, **parameters}, required=list(required), effect=effect)


def explain(run: OrderRun, step: StepRun | None = None) -> Alternative:
    """Asks what the order or the step waits for."""
    return alternative(run, "why", "explains what it waits for", step=step)


def new_revision(run: OrderRun) -> Alternative:
    return alternative(run, "submit", "submits the order again once it has ended", required=["order"], revision=True)


def step_reference(run: OrderRun, step: StepRun) -> str:
    """`Step 3 (camera.reserve@1)`."""
    return f"Step {step.position + 1} ({run.step_id(step)})"


def step_list_text(run: OrderRun, positions: Sequence[int]) -> str:
    """`step 3 (camera.reserve@1), step 4 (camera.pack@1)`."""
    named = ", ".join(
        f"step {position + 1} ({run.plan.steps[position].id})" for position in positions[:MAX_NAMED_STEPS]
    )
    return named + (f" and {len(positions) - MAX_NAMED_STEPS} more" if len(positions) > MAX_NAMED_STEPS else "")


def find_step(run: OrderRun, reference: str) -> StepRun:
    """The step with this id or number. Raises RequestRefused (not_found)."""
    position = run.position_by_id.get(reference)
    if position is None and reference.isascii() and reference.isdigit() and 1 <= int(reference) <= len(run.steps):
        position = int(reference) - 1
    if position is None:
        hint = did_you_mean(reference, run.position_by_id)
        raise RequestRefused(
            RefusalCode.NOT_FOUND,
            f"Order {run.plan.order.id} has no step `{reference}`{hint}",
            "unknown_step",
            [alternative(run, "show", "lists its steps")],
        )
    return run.steps[position]

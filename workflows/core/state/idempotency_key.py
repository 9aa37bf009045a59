"""Which idempotency key the next call of a step carries; activity_contract/idempotency_key.py says what keys are."""

from __future__ import annotations

from activity_contract.idempotency_key import idempotency_key as make_key
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import StepRun


def idempotency_key(run: OrderRun, step: StepRun) -> str:
    """The same for every attempt at the step's current effect; a redo or another change in place gets a new one."""
    if step.changing_in_place:
        return make_key(run.plan.order.id, run.step_id(step), "change", step.in_place_changes)
    return make_key(run.plan.order.id, run.step_id(step), "do", step.number)


def undo_idempotency_key(run: OrderRun, step: StepRun) -> str:
    """The same for every attempt at the step's current undo. Raises TypeError for a step that has none."""
    return make_key(run.plan.order.id, run.step_id(step), "undo", require(step.undo).number)


def is_undo_key(run: OrderRun, step: StepRun, key: str) -> bool:
    """Whether the key is of an undo of this step, the current one or an earlier one."""
    return key.startswith(make_key(run.plan.order.id, run.step_id(step), "undo", 0).removesuffix("0"))

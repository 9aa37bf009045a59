"""The idempotency key of a step's next call. activity_contract/idempotency_key.py says what keys are."""

from __future__ import annotations

from activity_contract.idempotency_key import Effect, is_key_of
from activity_contract.idempotency_key import idempotency_key as make_key
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import StepRun


def idempotency_key(run: OrderRun, step: StepRun) -> str:
    """Every attempt at the step's current effect has this key. A redo or another change in place gets a new key."""
    if step.changing_in_place:
        return _key(run, step, "change", step.in_place_changes)
    return _key(run, step, "do", step.number)


def undo_idempotency_key(run: OrderRun, step: StepRun) -> str:
    """Every attempt at the step's current undo has this key. Raises TypeError if the step has no undo."""
    return _key(run, step, "undo", require(step.undo).number)


def is_undo_key(run: OrderRun, step: StepRun, key: str) -> bool:
    """Whether the key belongs to an undo of this step: the current undo or an earlier one."""
    return is_key_of(key, run.plan.order.id, run.step_id(step), "undo", run.key_token)


def _key(run: OrderRun, step: StepRun, effect: Effect, number: int) -> str:
    return make_key(run.plan.order.id, run.step_id(step), effect, number, run.key_token)

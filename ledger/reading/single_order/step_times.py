"""Reads when the steps of an order ran: a few columns of each, since a large order has thousands of steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, select

from ledger.reading.single_order.timed_steps import AttemptTimes, TimedStep
from ledger.schema.tables import attempts, orders, steps
from workflows.contract.states import SETTLED, StepState

_FAILED = (StepState.FAILED, StepState.FATALLY_FAILED)


def read_step_times(connection: Connection, order_key: int) -> list[TimedStep]:
    """All steps, by number."""
    tried = _attempt_times(connection, order_key)
    at = steps.c
    columns = (at.number, at.step_id, at.state, at.started_at, at.ended_at, at.attempts, at.error_code, at.undo)
    query: Select[Any] = select(*columns).where(at.order_key == order_key).order_by(at.number)
    return [_timed_step(row, tried) for row in connection.execute(query)]


def _attempt_times(connection: Connection, order_key: int) -> Mapping[str, AttemptTimes]:
    """By the id of the step."""
    at = attempts.c
    last_end = func.max(case((at.effect != "undo", at.ended_at)))
    failed = func.sum(case((at.outcome == "failed", 1), else_=0))
    query = (
        select(at.step_id, func.min(at.started_at), last_end, failed)
        .join(orders, orders.c.order_id == at.order_id)
        .where(orders.c.key == order_key, at.started_at >= orders.c.started_at)
        .group_by(at.step_id)
    )
    return {step: AttemptTimes(first, last, int(failed)) for step, first, last, failed in connection.execute(query)}


def _timed_step(row: Row[Any], tried: Mapping[str, AttemptTimes]) -> TimedStep:
    state, undo = StepState(row.state), row.undo
    is_undone = undo is not None and undo["state"] not in SETTLED
    times = tried.get(row.step_id)
    return TimedStep(
        row.number,
        state,
        is_open=state not in SETTLED or is_undone,
        had_trouble=row.error_code is not None or state in _FAILED or row.attempts > 1 or undo is not None,
        started_at=row.started_at,
        ended_at=row.ended_at,
        attempts=times,
    )

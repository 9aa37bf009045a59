"""The states of a plan's steps as compact JSON: a letter and two times for each, and all that matters of a few."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from workflows.contract.order_views import ErrorView, OrderView, StepView, UndoView
from workflows.contract.states import SETTLED, Jeopardy, StepState
from workflows.contract.step_facts import is_undo_under_way

STATE_LETTERS = {state: chr(ord("a") + at) for at, state in enumerate(StepState)}
QUIET = SETTLED | {StepState.PENDING}
"""A step in one of these states has nothing to tell but its times, unless something went wrong."""


def states_json(order: OrderView, steps: Sequence[StepView], now: datetime, mark: str) -> dict[str, Any]:
    """`mark`: where the live feed of the order goes on. Times are seconds after `origin`; null if not known."""
    origin = order.started_at.timestamp()
    return {
        "revision": order.revision,
        "mark": mark,
        "now": now.isoformat(),
        "origin": order.started_at.isoformat(),
        "letters": {letter: state.value for state, letter in STATE_LETTERS.items()},
        "states": "".join(STATE_LETTERS[step.state] for step in steps),
        "starts": [_seconds(step.started_at or step.expected_start, origin) for step in steps],
        "ends": [_seconds(step.ended_at or step.expected_end, origin) for step in steps],
        "items": [step_item(step) for step in steps if has_more_to_tell(step)],
    }


def _seconds(at: datetime | None, origin: float) -> float | None:
    return None if at is None else round(at.timestamp() - origin, 1)


def has_more_to_tell(step: StepView) -> bool:
    return (
        step.state not in QUIET
        or is_undo_under_way(step)
        or step.error is not None
        or step.attempts > 1
        or step.jeopardy is not Jeopardy.ON_TRACK
        or bool(step.other_orders)
    )


def step_item(step: StepView) -> dict[str, Any]:
    """As the live feed has it: absent fields are null."""
    hold = step.system_hold
    item = {
        "number": step.number,
        "state": step.state.value,
        "jeopardy": step.jeopardy.value,
        "holder": step.holder,
        "queue": step.queue,
        "escalated_to": step.escalated_to,
        "attempts": step.attempts,
        "waits_for": step.waits_for,
        "due": _iso(step.due),
        "late_at": _iso(step.late_at),
        "next_attempt_at": _iso(step.next_attempt_at),
        "started_at": _iso(step.started_at),
        "ended_at": _iso(step.ended_at),
        "error": _error(step.error),
        "undo": _undo(step.undo),
        "hold": hold.description if hold else None,
    }
    return {name: value for name, value in item.items() if value is not None}


def _error(error: ErrorView | None) -> dict[str, Any] | None:
    return {"code": error.code, "message": error.message, "at": _iso(error.at)} if error else None


def _undo(undo: UndoView | None) -> dict[str, Any] | None:
    if undo is None:
        return None
    return {
        "state": undo.state,
        "attempts": undo.attempts,
        "error": _error(undo.error),
        "waits_for": undo.waits_for,
        "next_attempt_at": _iso(undo.next_attempt_at),
        "due": _iso(undo.due),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

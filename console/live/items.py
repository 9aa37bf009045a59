"""What is told of orders, steps, work and systems: small, with the names that views have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from operations.systems import SystemStatus
from workflows.contract.order_summary import OrderSummary
from workflows.contract.order_views import ErrorView, OrderView, StepView, UndoView
from workflows.contract.states import SETTLED

if TYPE_CHECKING:
    from ledger.reading.changes import OpenWork, WatchedOrder


class OrderHead(BaseModel):
    """The order of an order's page. A `revision` that differs means that the plan has other steps."""

    state: str
    jeopardy: str
    revision: int
    forecast: datetime | None
    requested_completion: datetime | None
    started_at: datetime
    ended_at: datetime | None
    fallout: int
    open_tasks: int
    step_count: int
    settled_steps: int


class StepUndo(BaseModel):
    state: str
    attempts: int
    error: ErrorView | None
    waits_for: str | None
    next_attempt_at: datetime | None
    due: datetime | None


class StepItem(BaseModel):
    """What of a step changes while the order runs, except its output."""

    number: int
    state: str
    jeopardy: str
    holder: str | None
    queue: str | None
    escalated_to: str | None
    attempts: int
    waits_for: str | None
    due: datetime | None
    late_at: datetime | None
    next_attempt_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    error: ErrorView | None
    undo: StepUndo | None
    hold: str | None
    """The system that holds its call back, in words."""


class OrderItem(BaseModel):
    """A row of the list of orders."""

    order_id: str
    state: str
    jeopardy: str
    fallout: int
    open_tasks: int
    customer_id: str | None
    customer_name: str | None
    requested_completion: datetime | None
    forecast: datetime | None
    started_at: datetime
    ended_at: datetime | None
    is_new: Literal[True] | None = None
    """It is told for the first time, and began since the follower did."""


class OrderListHead(BaseModel):
    counts: Mapping[str, int]
    """State → orders."""
    more: Literal[True] | None = None
    """More orders have changed than are told."""


class WorkItem(BaseModel):
    kind: str
    order_id: str
    step: int
    queue: str | None
    holder: str | None
    due: datetime | None
    since: datetime | None
    system: str | None
    code: str | None
    jeopardy: str

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.order_id}/{self.step}"


class WorkHead(BaseModel):
    task: int
    fallout: int
    queues: Mapping[str, int]
    """Queue → steps that wait in it."""


class SystemItem(BaseModel):
    system: str
    name: str
    state: str
    since: datetime | None
    by: str | None
    reason: str
    error: str | None
    per_second: float | None
    next_at: datetime | None
    problem: str | None
    waiting_calls: int | None


_HEAD_FIELDS = tuple(OrderHead.model_fields)
_ITEM_FIELDS = tuple(name for name in OrderItem.model_fields if name != "is_new")
_STEP_FIELDS = tuple(name for name in StepItem.model_fields if name not in ("undo", "hold"))
_SYSTEM_FIELDS = tuple(name for name in SystemItem.model_fields if name != "waiting_calls")


def head_of_row(row: WatchedOrder) -> OrderHead:
    return OrderHead(**{name: getattr(row, name) for name in _HEAD_FIELDS})


def head_of_order(order: OrderView) -> OrderHead:
    settled = sum(order.steps_by_state.get(state.value, 0) for state in SETTLED)
    values = {name: getattr(order, name) for name in _HEAD_FIELDS if name != "settled_steps"}
    return OrderHead(settled_steps=settled, **values)


def step_item(step: StepView) -> StepItem:
    values = {name: getattr(step, name) for name in _STEP_FIELDS}
    hold = step.system_hold.description if step.system_hold is not None else None
    return StepItem(undo=_undo(step.undo), hold=hold, **values)


def _undo(undo: UndoView | None) -> StepUndo | None:
    return StepUndo(**{name: getattr(undo, name) for name in StepUndo.model_fields}) if undo is not None else None


def order_item(row: WatchedOrder, *, is_new: bool) -> OrderItem:
    return OrderItem(**{name: getattr(row, name) for name in _ITEM_FIELDS}, is_new=is_new or None)


def listed_order_item(order: OrderSummary, *, is_new: bool) -> OrderItem:
    values = {name: getattr(order, name) for name in _ITEM_FIELDS if name != "forecast"}
    return OrderItem(forecast=None, is_new=is_new or None, **values)


def work_item(work: OpenWork) -> WorkItem:
    return WorkItem(**{name: getattr(work, name) for name in WorkItem.model_fields})


def system_item(status: SystemStatus) -> SystemItem:
    values = {name: getattr(status.view, name) for name in _SYSTEM_FIELDS}
    return SystemItem(waiting_calls=status.waiting_calls, **values)

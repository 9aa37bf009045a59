"""An order, its lines and its steps as clients see them: the answers of FulfilOrder's queries.

Each number, name and time is for people and programs alike; times have their zone.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, field_serializer, field_validator

from workflows.contract.order_messages import Message
from workflows.contract.states import Jeopardy, OrderState, StepState


class ErrorView(Message):
    code: str
    message: str
    at: datetime | None = None


class UndoView(Message):
    """What takes a step back: shown while it is under way, and of a step that was cancelled."""

    state: str
    """A StepState: pending (what depends on the step is not undone yet), …, completed, or skipped (left as it was)."""
    attempts: int = 0
    error: ErrorView | None = None
    waits_for: str | None = None
    """In words."""
    next_attempt_at: datetime | None = None
    due: datetime | None = None
    """When `within` ends."""
    queue: str | None = None
    instructions: str | None = None
    form: dict[str, Any] | None = None
    """The last three where a person does it."""


class SystemHoldView(Message):
    """A system whose calls wait: an operator has switched it off, or its breaker is open."""

    system: str
    off: bool
    """False: the breaker is open, since the system has failed repeatedly."""
    since: datetime | None = None
    by: str | None = None
    reason: str = ""
    next_probe_at: datetime | None = None


class CrossOrderWaitView(Message):
    """A step of another order that a step waits for."""

    order_id: str
    step: str
    """As the definition names it."""
    since: datetime
    due: datetime | None = None
    """When `within` ends."""
    done: bool = False
    absent: bool = False
    """There is no such order yet."""


class StepView(Message):
    number: int
    """From 1, in the plan's order; stays the same for the order's life."""
    id: str
    workstream: str
    workstream_name: str
    name: str
    kind: str
    summary: str
    """`Security camera ×4 · Reserve stock`"""
    lines: list[str]
    after: list[str]
    other_orders: list[CrossOrderWaitView] = []
    """Once its own predecessors are settled."""
    state: StepState
    jeopardy: Jeopardy = Jeopardy.ON_TRACK
    waits_for: str | None = None
    """In words, for a step that has begun: `event shipment_delivered with key T-1`, `a person in field_ops`."""
    system: str | None = None
    """That it calls, or that its undo calls while it is undone."""
    queue: str | None = None
    holder: str | None = None
    """Who has it, while it waits for a person."""
    instructions: str | None = None
    form: dict[str, Any] | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    due: datetime | None = None
    """When the timer fires, or `within` ends."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    output: Any = None
    error: ErrorView | None = None
    undo: UndoView | None = None
    late_at: datetime | None = None
    """When it is late by its sla, or was; for a step that has been ready."""
    escalated_to: str | None = None
    expected_start: datetime | None = None
    expected_end: datetime | None = None
    """By the forecast; of a step that has not ended."""
    system_hold: SystemHoldView | None = None
    """Why its call waits, where its system holds it back. Operations add this; the order itself cannot see it."""


class LineHeader(Message):
    id: str
    product: str
    name: str
    quantity: int | float
    action: str
    attributes: dict[str, Any]
    state: OrderState


class LineView(LineHeader):
    sources: list[str]
    per: str | None = None
    requested_completion: datetime | None = None
    """Its own, where it has one."""
    forecast: datetime | None = None
    """When it will probably be complete, or was; None where no step serves it."""
    jeopardy: Jeopardy = Jeopardy.ON_TRACK

    @property
    def parent(self) -> str | None:
        """The order line that contains this one."""
        return self.sources[0] if self.sources else None


class HistoryEntry(Message):
    at: datetime
    what: str
    step: str | None = None
    by: str | None = None
    reason: str | None = None


class HoldView(Message):
    scope: str
    """`order`, `line <id>` or `step <id>`."""
    by: str
    reason: str
    at: datetime

    @property
    def description(self) -> str:
        """In words: `the order`, `line 1`, `step camera.reserve@1`."""
        return "the order" if self.scope == "order" else self.scope


class OrderHeader(Message):
    """An order without its lines and steps."""

    order_id: str
    state: OrderState
    jeopardy: Jeopardy
    forecast: datetime | None
    """When it will probably end; None where it has ended, or where that cannot be told now."""
    revision: int
    customer: dict[str, Any]
    priority: int
    requested_start: datetime | None
    requested_completion: datetime | None
    characteristics: dict[str, Any]
    products: list[str]
    catalogue_version: str | None
    started_at: datetime
    ended_at: datetime | None = None
    fallout: int = 0
    open_tasks: int = 0
    step_count: int = 0
    steps_by_state: dict[str, int] = {}
    findings: list[dict[str, Any]] = []
    history: list[HistoryEntry] = []
    held: list[HoldView] = []
    held_up_by: str | None = None
    """The step under way, or next, because of which it will be late; where it will not, on which the forecast hangs."""


class OrderView(OrderHeader):
    order_lines: list[LineView] = []
    lines: list[LineView] = []


class OverviewRequest(Message):
    at: datetime | None = None
    """Now, as the asker's clock has it: an order that waits does not notice how time passes."""


class StepsPageRequest(Message):
    offset: int = 0
    limit: int = 500
    states: list[StepState] | None = None
    at: datetime | None = None
    """As in OverviewRequest."""


class StepsPage(Message):
    """Travels compressed: steps say much the same of themselves, and an answer of over 2 MB fails."""

    steps: list[StepView]
    next_offset: int | None = None

    @field_serializer("steps", when_used="json")
    def _compress_steps(self, steps: list[StepView]) -> str:
        return b64encode(zlib.compress(_STEPS_ADAPTER.dump_json(steps), 1)).decode()

    @field_validator("steps", mode="before")
    @classmethod
    def _decompress_steps(cls, steps: object) -> object:
        return _STEPS_ADAPTER.validate_json(zlib.decompress(b64decode(steps))) if isinstance(steps, str) else steps


_STEPS_ADAPTER = TypeAdapter(list[StepView])

"""An order, its lines and its steps as clients see them: the results of FulfilOrder's queries. Times have a zone."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, field_serializer, field_validator

from workflows.contract.compressed_list import compress_items, decompress_items
from workflows.contract.order_messages import Corrections, Flag, Message
from workflows.contract.states import Jeopardy, OrderState, StepState

ITS_TIME = "its time"
"""`waits_for` of a step that goes on by itself once it is due."""


class ErrorView(Message):
    code: str
    message: str
    at: datetime | None = None


class UndoView(Message):
    """The undo of a step: shown while it is under way, and for a cancelled step."""

    state: str
    """A StepState: pending (dependent steps are not undone yet), …, completed, or skipped (left as it was)."""
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
    """`queue`, `instructions` and `form` are those of a task."""


class SystemHoldView(Message):
    """A system whose calls wait: an operator has switched it off, or its circuit breaker is open."""

    system: str
    off: bool
    """False: the circuit breaker is open, because the system has failed repeatedly."""
    since: datetime | None = None
    by: str | None = None
    reason: str = ""
    next_probe_at: datetime | None = None

    @property
    def description(self) -> str:
        """What a call waits for that is held back."""
        return f"system {self.system}, which is {'switched off' if self.off else 'failing'}"


class CrossOrderWaitView(Message):
    """A step of another order that a step waits for."""

    order_id: str
    step: str
    """As in the definition."""
    since: datetime
    due: datetime | None = None
    """When `within` ends."""
    done: bool = False
    absent: bool = False
    """The order does not exist yet."""


class StepView(Message):
    number: int
    """From 1, in the order of the plan. It never changes."""
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
    """Filled once its own predecessors are settled."""
    state: StepState
    jeopardy: Jeopardy = Jeopardy.ON_TRACK
    waits_for: str | None = None
    """For people, once the step has begun: `event shipment_delivered with key T-1`, `a person in field_ops`."""
    system: str | None = None
    """The system that the step calls, or that its undo calls while it is being undone."""
    queue: str | None = None
    holder: str | None = None
    """Who holds it, while it waits for a person."""
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
    corrections: Corrections = []
    """Input that a person has corrected."""
    undo: UndoView | None = None
    late_at: datetime | None = None
    """When its sla ends or ended; for a step that has been ready."""
    escalated_to: str | None = None
    expected_start: datetime | None = None
    expected_end: datetime | None = None
    """By the forecast, until the step ends."""
    system_hold: SystemHoldView | None = None
    """Why its call waits, if its system's switch holds it back. The client adds it; the order cannot see it."""


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
    """The line's own date, if it has one."""
    forecast: datetime | None = None
    """When it will probably be complete, or was. None if no step serves it."""
    jeopardy: Jeopardy = Jeopardy.ON_TRACK
    named_values: dict[str, Any] = {}
    """The line's values of `let`: `let.total`, or `shipment.let.total` of a workstream."""
    external_ids: Annotated[dict[str, str], Field(exclude_if=lambda ids: not ids)] = {}
    """The line's ids in other systems, by system. Only what an order tells the ledger has them."""

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
    data: Annotated[Any, Field(exclude_if=lambda data: data is None)] = None
    """What the person entered: the data of a task, changed input, characteristics. `{left_out_bytes: …}` stands for
    data that is too large. An order that is asked shows it only if the request says so."""


class HoldView(Message):
    scope: str
    """`order`, `line <id>` or `step <id>`."""
    by: str
    reason: str
    at: datetime

    @property
    def description(self) -> str:
        """`the order`, `line 1`, `step camera.reserve@1`."""
        return "the order" if self.scope == "order" else self.scope


class KeptEventView(Message):
    """An event that the order keeps, since no step has taken it."""

    event_id: str
    name: str
    key: str | None = None
    at: datetime
    reason: Literal["early", "several_steps", "no_match", "no_step"]
    """early: `steps` do not wait for it yet · several_steps: it fits all of `steps` · no_match: `steps` wait for
    another key or content · no_step: no step waits, or will wait, for this name."""
    steps: list[str] = []
    """At most MAX_KEPT_EVENT_STEPS."""


KeptEvents = Annotated[list[KeptEventView], Field(exclude_if=lambda events: not events)]
"""An empty list is not serialised, so that a client of an earlier release can still read the view."""


class InterruptionKind(StrEnum):
    """How an order's run was ended from outside, or by the engine, while the order was not done."""

    TERMINATED = "terminated"
    TIMED_OUT = "timed_out"
    ENGINE_ERROR = "engine_error"
    DELETED = "deleted"
    """Only the ledger still knows the order, which cannot be recovered."""


class Interruption(Message):
    """Temporal's record of it."""

    kind: InterruptionKind
    at: datetime | None
    by: str | None = None
    """The identity of the client that terminated it, as Temporal has it."""
    reason: str = ""

    @property
    def event(self) -> str:
        """`terminated`."""
        return {
            InterruptionKind.TERMINATED: "terminated",
            InterruptionKind.TIMED_OUT: "ended by a time limit of its workflow",
            InterruptionKind.ENGINE_ERROR: "ended by an error of the engine",
            InterruptionKind.DELETED: "deleted from Temporal",
        }[self.kind]

    @property
    def description(self) -> str:
        """`was terminated by ann@host (by mistake)`."""
        by = f" by {self.by}" if self.by else ""
        return f"was {self.event}{by}" + (f" ({self.reason})" if self.reason else "")


class OrderHeader(Message):
    """An order without its lines and steps."""

    order_id: str
    state: OrderState
    jeopardy: Jeopardy
    forecast: datetime | None
    """When it will probably end. None if it has ended, or if there is no forecast now."""
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
    kept_events: KeptEvents = []
    """The oldest MAX_KEPT_EVENTS."""
    held_up_by: str | None = None
    """The step under way, or next, because of which it will be late; where it will not, on which the forecast hangs."""
    interrupted: Annotated[Interruption | None, Field(exclude_if=lambda value: value is None)] = None
    """It was ended from outside. Unless it was deleted, it can be recovered, and then continues where it stopped."""


class OrderView(OrderHeader):
    order_lines: list[LineView] = []
    lines: list[LineView] = []


class OverviewRequest(Message):
    at: datetime | None = None
    """The client's present time: a waiting order does not notice how time passes."""
    with_data: Flag = False
    """The history shows what people have entered. A client of an earlier release could not read that."""


class StepsPageRequest(Message):
    offset: int = 0
    limit: int = 500
    states: list[StepState] | None = None
    at: datetime | None = None
    """See OverviewRequest."""


class StepsPage(Message):
    """Compressed in transit: steps resemble each other, and a payload of over 2 MB fails."""

    steps: list[StepView]
    next_offset: int | None = None

    @field_serializer("steps", when_used="json")
    def _compress_steps(self, steps: list[StepView]) -> str:
        return compress_items(_STEPS_ADAPTER, steps)

    @field_validator("steps", mode="before")
    @classmethod
    def _decompress_steps(cls, steps: object) -> object:
        return decompress_items(_STEPS_ADAPTER, steps)


_STEPS_ADAPTER = TypeAdapter(list[StepView])

"""What an order tells the ledger: its changes, as they happen.

An order hands a change over after each turn, inside the worker, and does not wait. Nothing of this is part of its
history, so an order runs the same with and without a ledger. A change can be lost with its worker: then the next change
is complete, and the ledger's reconciliation asks orders that change no more.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from activity_contract.line_reasons import LineReason
from workflows.contract.order_views import HoldView, KeptEventView, LineView
from workflows.contract.record_class import record_class
from workflows.contract.states import Jeopardy, OrderState
from workflows.contract.step_record import StepRecord


class ChangePosition(NamedTuple):
    """Where in the order's life a change was made. A later one compares greater, also after a reset or a new run."""

    run_started_at: float
    """When the run of the workflow began, or went on after a reset, in seconds since 1970 by the order's time. It is
    not exactly what Temporal's visibility shows as its start."""
    event_id: int
    """The event that started the workflow task, in the history of that run."""
    at: float
    """The order's time, in seconds since 1970. It decides between two attempts at the same workflow task."""


@record_class
class OrderRecord:
    """The order without its lines, steps and history. Times have a zone."""

    state: OrderState
    jeopardy: Jeopardy
    revision: int
    customer: dict[str, Any]
    priority: int
    requested_start: datetime | None
    requested_completion: datetime | None
    characteristics: dict[str, Any]
    products: list[str]
    """Ids of the ordered commercial products, top-level ones first."""
    catalogue_version: str | None
    started_at: datetime
    ended_at: datetime | None
    fallout: int
    """Steps in fallout."""
    open_tasks: int
    """Steps that wait for a person."""
    step_count: int
    settled_steps: int
    """Steps that are settled."""
    forecast: datetime | None = None
    """When it will probably end, as last computed by an order that watches its date. None if it does not."""
    findings: list[dict[str, Any]] = field(default_factory=list)
    """Why it was rejected."""
    held: list[HoldView] = field(default_factory=list)
    kept_events: list[KeptEventView] = field(default_factory=list)


@record_class
class HistoryRecord:
    """An entry of the order's history."""

    number: int
    """From 1, in the order in which they were recorded. It never changes."""
    at: datetime
    what: str
    step: str | None = None
    by: str | None = None
    """Who did it. None means the engine."""
    reason: str | None = None
    data: Any = None
    """What the person entered: the output of a completed step, corrected input, characteristics."""


@record_class
class AmendmentRecord:
    revision: int
    """The revision that it made."""
    at: datetime
    by: str
    reason: str
    before: dict[str, Any] | None
    """The order as it was submitted before. None if the run that made the amendment does not know it."""
    after: dict[str, Any]
    """The order as submitted with the amendment."""


@record_class
class OrderChange:
    """What has changed since `previous`. Without a `previous`, the change is complete: it has all lines and steps."""

    order_id: str
    submission: str
    """The id of the workflow's first run: it tells apart orders that used the same id one after the other."""
    run_id: str
    position: ChangePosition
    previous: ChangePosition | None
    order: OrderRecord
    lines: list[LineView] | None = None
    """All order lines, then all fulfilment lines, if the plan is new since `previous`. Without forecasts."""
    order_line_count: int = 0
    """How many of `lines` are order lines."""
    line_states: dict[str, OrderState] = field(default_factory=dict)
    """Line id → state, for lines whose state has changed."""
    steps: list[StepRecord] = field(default_factory=list)
    """Steps that have changed. Their ids, names, kinds, workstreams, lines and predecessors change only with a new
    plan, so a writer needs these only if the change has `lines`."""
    line_reasons: list[LineReason] | None = None
    """Why the lines of a new plan are there, except the lines that were ordered. None: the plan is not new, or this
    worker has not compiled it."""
    history: list[HistoryRecord] = field(default_factory=list)
    amendments: list[AmendmentRecord] = field(default_factory=list)
    submitted: dict[str, Any] | None = None
    """The order as submitted or amended last. None: it has not changed since `previous`; in a complete change, the run
    does not know it, because it continues an earlier one, and was not amended since."""
    digest: str | None = None
    """Of the order as submitted or amended last, as clients compute it. None: it has not changed since `previous`, or
    the client sent none."""

    @property
    def is_complete(self) -> bool:
        return self.previous is None


class OrderChangeSink(Protocol):
    """Takes changes in the worker's process. Its methods return at once, and never raise."""

    def offer(self, change: OrderChange) -> None: ...

    def wants_complete(self, order_id: str, submission: str) -> bool:
        """Whether the next change of this order must be complete, because earlier ones were dropped."""
        ...

"""A step as an order tells it to the ledger."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Any

from workflows.contract.order_messages import Corrections
from workflows.contract.order_views import CrossOrderWaitView, ErrorView, StepView, UndoView
from workflows.contract.record_class import record_class
from workflows.contract.states import Jeopardy, StepState


@record_class
class StepRecord:
    """What StepView says, without the forecast and the switch of its system. It is made more often than a view, and
    its values are not validated.

    Records of the same step share lists and dictionaries: do not change these. The JSON of a record can be read as a
    StepView, and that of a StepView as a record: earlier releases tell views and read them.
    """

    number: int
    id: str
    workstream: str
    workstream_name: str
    name: str
    kind: str
    summary: str
    lines: list[str]
    after: list[str]
    state: StepState
    other_orders: list[CrossOrderWaitView] = field(default_factory=list)
    jeopardy: Jeopardy = Jeopardy.ON_TRACK
    waits_for: str | None = None
    system: str | None = None
    queue: str | None = None
    holder: str | None = None
    instructions: str | None = None
    form: dict[str, Any] | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    due: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    output: Any = None
    error: ErrorView | None = None
    corrections: Corrections = field(default_factory=list)
    undo: UndoView | None = None
    late_at: datetime | None = None
    escalated_to: str | None = None


AnyStep = StepView | StepRecord
"""For what follows from fields that both have."""

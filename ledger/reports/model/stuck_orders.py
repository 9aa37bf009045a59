"""What is stuck: steps in fallout, tasks that are due, orders on hold, interrupted, late or at risk."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ledger.reports.model.report import ReportPart
from workflows.contract.order_views import InterruptionKind
from workflows.contract.states import Jeopardy


class FalloutCause(ReportPart):
    system: str | None
    code: str | None
    queue: str | None
    steps: int
    orders: int
    since: datetime | None = Field(description="When the first of them failed")


class TasksOfQueue(ReportPart):
    queue: str | None
    tasks: int
    overdue: int
    unclaimed: int = Field(description="Of all tasks: those that nobody holds")
    since: datetime | None = Field(description="When the first of them began to wait")
    earliest_due: datetime | None


class HeldOrders(ReportPart):
    by: str | None
    reason: str | None
    orders: int
    since: datetime | None


class InterruptedOrders(ReportPart):
    kind: InterruptionKind
    orders: int
    since: datetime | None = Field(description="When the first of them was interrupted")


class LateOrders(ReportPart):
    jeopardy: Jeopardy
    orders: int
    earliest_requested: datetime | None = Field(description="The earliest requested completion among them")


class StuckOrders(ReportPart):
    fallout: list[FalloutCause] = Field(description="The cause with the most steps first")
    tasks: list[TasksOfQueue] = Field(description="The queue with the most overdue tasks first")
    held: list[HeldOrders] = Field(description="By who holds them and why")
    interrupted: list[InterruptedOrders]
    late: list[LateOrders] = Field(description="Open orders that are late or at risk")

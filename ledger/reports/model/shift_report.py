"""The hand-over of a shift: what came, what ended, what is stuck and why, and who did what."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ledger.reports.model.report import Report, ReportPart
from ledger.reports.model.stuck_orders import StuckOrders
from workflows.contract.states import OrderState

MAX_ROWS = 20
"""Of a table that may become long."""


class Arrivals(ReportPart):
    submitted: int
    accepted: int
    rejected: int
    undecided: int = Field(description="No worker has decided yet")
    by_product: dict[str, int] = Field(description=f"Commercial products, at most {MAX_ROWS}, the most frequent first")


class Endings(ReportPart):
    by_state: dict[OrderState, int] = Field(description="Without rejected orders. States without orders are left out")
    late: int = Field(description="Of them: after the requested completion")


class PersonActions(ReportPart):
    by: str
    total: int
    actions: dict[str, int] = Field(description="Kind of action → how often, the most frequent first")


class FailingSystem(ReportPart):
    system: str
    code: str
    failed: int = Field(description="Attempts that failed with this code")
    attempts: int = Field(description="All attempts at calls of this system in the period")
    orders: int = Field(description="Orders with such a failure")
    first_at: datetime
    last_at: datetime
    last_success_at: datetime | None = Field(description="The last attempt at this system that succeeded")


class NewCatalogueVersion(ReportPart):
    version: str
    first_at: datetime = Field(description="When the first order that uses it was submitted")
    orders: int


class ShiftReport(Report):
    arrived: Arrivals
    ended: Endings
    stuck: StuckOrders = Field(description="As it is now, whatever the period is")
    people: list[PersonActions] = Field(description="Who did most comes first")
    failing_systems: list[FailingSystem] = Field(
        description=f"Causes of failed attempts, the most frequent first: at most {MAX_ROWS}"
    )
    new_versions: list[NewCatalogueVersion] = Field(
        description="Versions of the catalogue that orders were first submitted with in the period"
    )

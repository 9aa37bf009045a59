"""Promises kept and missed: the slas of steps, and the requested completion of orders."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ledger.reports.model.report import Report, ReportPart, Spread

Promise = Literal["order", "step"]
Grouping = Literal["all", "product", "tier", "step"]


class SlaRow(ReportPart):
    promise: Promise = Field(description="`order`: its requested completion. `step`: its `sla`")
    by: Grouping
    group: str | None = Field(description="The product, the customer's tier, or `workstream.step`; null: not known")
    kept: int
    missed: int
    still_open: int = Field(description="Of the missed ones: those that are not done yet")
    late_by: Spread | None = Field(description="In seconds, of the missed ones; those that are not done: until now")


class SlaReport(Report):
    product: str | None = Field(description="Only orders with this commercial product")
    rows: list[SlaRow] = Field(description="The groups with the most missed first")

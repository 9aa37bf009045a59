"""How long steps and workstreams took, compared with what their definitions expect."""

from __future__ import annotations

from pydantic import Field

from ledger.reports.model.report import Report, ReportPart, Spread


class StepDurations(ReportPart):
    workstream: str
    step: str = Field(description="`workstream.step`, as in the definition")
    name: str
    kind: str
    took: Spread = Field(description="In seconds, from the begin of each step to its end")
    expected: float | None = Field(description="Seconds, by the definition; null if it does not say, or computes it")
    over_expected: int | None = Field(description="How many took longer than expected")


class WorkstreamDurations(ReportPart):
    workstream: str
    name: str
    took: Spread = Field(description="In seconds, from the first begin of a step to the last end, for each order")


class DurationReport(Report):
    product: str | None = Field(description="Only orders with this commercial product")
    steps: list[StepDurations] = Field(description="What took longest first, by half of them")
    workstreams: list[WorkstreamDurations]

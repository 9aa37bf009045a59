"""What reports have in common."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class ReportPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Report(ReportPart):
    since: datetime
    until: datetime = Field(description="The period ends before it")


class Spread(ReportPart):
    """How long things took, in seconds."""

    count: int
    p50: float = Field(description="Half of them took at most so long")
    p90: float
    longest: float

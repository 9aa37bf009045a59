"""What one run of reconciliation has done."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

MAX_PROBLEMS = 20


class ReconciliationSummary(BaseModel):
    model_config = ConfigDict(extra="ignore")  # a later release may say more

    started_at: datetime
    duration_seconds: float = 0.0
    checked: int = 0
    """Runs that were compared with the ledger."""
    asked: int = 0
    """Orders that were asked for their record."""
    repaired: int = 0
    """Orders whose rows were missing or behind, and were written."""
    interrupted: int = 0
    """Of these, those whose run was ended from outside."""
    deleted: int = 0
    """Orders that Temporal does not know any more, although they had not ended."""
    failed: int = 0
    """Orders that did not answer, or that the database refused. They are tried again later."""
    gaps: int = 0
    """Orders that are known to be incomplete in the ledger, at the end."""
    clashes: int = 0
    """Ids that were accepted twice, as far as they were found since the run before."""
    unfinished: list[str] = []
    """Parts of the work for which the time did not suffice. The next run continues there."""
    problems: list[str] = []
    """The first failures, in words."""

    def note_problem(self, problem: str) -> None:
        self.failed += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

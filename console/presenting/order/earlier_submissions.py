"""Submissions of an order's id before the latest one: rejected ones, and those that a revision took the place of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from views.shared.value_format import in_words
from workflows.contract.states import OrderState

if TYPE_CHECKING:
    from ledger.reading.single_order.submissions import StoredSubmission

MAX_SHOWN = 20

Findings = Sequence[Mapping[str, Any]]
"""Why an order was rejected."""


@dataclass(frozen=True)
class EarlierSubmission:
    number: int
    state: OrderState
    interruption: str
    """How it was ended from outside; empty if it was not."""
    started_at: datetime
    ended_at: datetime | None
    revision: int | None
    findings: Findings
    is_erased: bool


@dataclass(frozen=True)
class EarlierSubmissions:
    shown: Sequence[EarlierSubmission]
    """The latest first, at most MAX_SHOWN."""
    hidden_count: int
    chosen: int | None
    """The number of the one whose history is shown. None: that of the latest submission is."""


def shown_submissions(submissions: Sequence[StoredSubmission]) -> Sequence[StoredSubmission]:
    """`submissions`: all of an order, the oldest first."""
    return [each for each in submissions if not each.is_current][::-1][:MAX_SHOWN]


def earlier_submissions(
    submissions: Sequence[StoredSubmission], findings: Mapping[int, Findings], chosen: int | None
) -> EarlierSubmissions:
    """`submissions`: all of an order, the oldest first. `findings`: by number, as far as they are known."""
    shown = [
        EarlierSubmission(
            number=each.number,
            state=each.state,
            interruption=in_words(each.interrupted) if each.interrupted is not None else "",
            started_at=each.started_at,
            ended_at=each.ended_at,
            revision=each.revision,
            findings=findings.get(each.number, ()),
            is_erased=each.storage.erased_at is not None,
        )
        for each in shown_submissions(submissions)
    ]
    return EarlierSubmissions(shown, max(len(submissions) - 1 - len(shown), 0), chosen)

"""Whether the ledger agrees with a run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from ledger.reconciliation.order_runs import ListedRun
from ledger.reconciliation.run_position import RunPosition
from ledger.reconciliation.stored_runs import StoredRun

LAST_EVENTS = 4
"""Events of a closed run from the start of its last workflow task at least to its end, if the task only completed the
order: started, completed, search attributes, closed. Where there are more, a further task may be among them."""


class Verdict(Enum):
    IN_SYNC = auto()
    UNCERTAIN = auto()
    """The run's history decides."""
    DIFFERS = auto()
    """The order is asked for its record."""


def judge_run(run: ListedRun, stored: Sequence[StoredRun]) -> Verdict:
    """`stored`: all submissions of the order."""
    known = next((each for each in stored if each.run_id == run.run_id), None)
    if known is None or known.interrupted is not run.interrupted:
        return Verdict.DIFFERS
    if run.closed_at is None or run.interrupted is not None:
        return Verdict.IN_SYNC
    if known.ended_at is None:
        return Verdict.DIFFERS
    return Verdict.IN_SYNC if run.history_length - known.position.event_id < LAST_EVENTS else Verdict.UNCERTAIN


def judge_position(position: RunPosition, stored: StoredRun) -> Verdict:
    """`position`: of the run that the ledger knows. A running order can be behind the ledger: a workflow task has told
    what it did, and is not completed yet, or is done once more."""
    if position.next_run_id is not None or (position.is_closed and stored.ended_at is None):
        return Verdict.DIFFERS
    behind, ahead = stored.position.event_id < position.event_id, stored.position.event_id > position.event_id
    return Verdict.DIFFERS if behind or (ahead and position.is_closed) else Verdict.IN_SYNC

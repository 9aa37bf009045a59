"""What a row of the inbox says of its time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from console.presenting.work.work_rows import WorkRow, work_rows
from operations.access.person import Person
from operations.access.roles import Role
from operations.reading.worklists import StepWorklist
from tests.support.order_views import step_view
from workflows.contract.states import Jeopardy, StepState
from workflows.contract.worklists import WorklistItem

AT = datetime(2026, 12, 1, 8, tzinfo=UTC)
PERSON = Person("ann", frozenset({Role.OPERATOR}))


def row(**step: Any) -> WorkRow:
    task = step_view(1, "visit.meet@1", StepState.IN_PROGRESS, kind="manual", **step)
    (shown,) = work_rows(StepWorklist([WorklistItem("HS-1", "C-1", ["alarm"], task)], []), "task", PERSON, AT)
    return shown


def test_a_task_without_a_due_time_shows_its_sla() -> None:
    assert (row(late_at=AT).due, row(late_at=AT).late_at) == (None, AT)
    assert row(late_at=AT, jeopardy=Jeopardy.LATE).is_late


def test_a_due_time_goes_before_the_sla() -> None:
    assert (row(due=AT, late_at=AT).due, row(due=AT, late_at=AT).late_at) == (AT, None)


def test_a_task_is_opened_by_the_name_of_its_action() -> None:
    assert row().open_label == "Complete"

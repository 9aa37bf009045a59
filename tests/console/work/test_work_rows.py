"""What a row of the inbox says of its time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from console.live.items import WorkItem
from console.presenting.work.work_rows import WorkRow, work_rows
from operations.access.person import Person
from operations.access.roles import Role
from operations.reading.worklists import StepWorklist
from tests.support.order_views import step_view
from workflows.contract.order_views import ErrorView
from workflows.contract.states import RELIED_ON_FAILED, Jeopardy, StepState
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


def fallout_row(code: str) -> WorkRow:
    message = "Inventory, POST /reservations: answered 409 out_of_stock: none left"
    error = ErrorView(code=code, message=message, at=AT)
    step = step_view(3, "camera.reserve@1", StepState.FATALLY_FAILED, error=error)
    (shown,) = work_rows(StepWorklist([WorklistItem("HS-1", "C-1", [], step)], []), "fallout", PERSON, AT)
    return shown


def test_fallout_is_retried_from_the_list() -> None:
    shown = fallout_row("out_of_stock")
    assert (shown.open_label, shown.open_url) == ("Retry", "/orders/HS-1/actions/retry?step=3")
    assert shown.message == "Inventory: none left"
    parked = fallout_row(RELIED_ON_FAILED)
    assert (parked.open_label, parked.open_url) == ("Open", "/orders/HS-1/steps/3")


def test_a_row_has_the_key_by_which_changes_name_it() -> None:
    changed = WorkItem(
        kind="task", order_id="HS-1", step=1, queue=None, holder=None, due=None, since=None, system=None, code=None,
        jeopardy="on_track",
    )  # fmt: skip
    assert row().key == changed.key

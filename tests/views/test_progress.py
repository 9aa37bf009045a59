from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from rich.console import Console

from operations.bulk.bulk_runner import BulkTarget
from tests.support.order_views import START, order_view, step_view
from views.order.bulk_result import targets_table
from views.order.progress_lines import ChangeTracker
from views.order.progress_picture import OrderProgress, progress_heading, step_row
from views.order.step_remark import step_remark
from workflows.contract.order_views import ErrorView, StepView, UndoView
from workflows.contract.states import OrderState, StepState

NOW = START + timedelta(seconds=90)
BUSY = ErrorView(code="http_503", message="Service Unavailable", at=NOW)


def steps() -> list[StepView]:
    return [
        step_view(1, "hub.reserve@1", StepState.COMPLETED, ended_at=START + timedelta(seconds=2), summary="Hub · R"),
        step_view(2, "camera.reserve@1", StepState.FAILED, attempts=2, error=BUSY, summary="Camera ×4 · R"),
        step_view(3, "ship.ship@1", StepState.FATALLY_FAILED, attempts=5, error=BUSY, summary="Shipment · S"),
        step_view(4, "ship.wait@1", StepState.IN_PROGRESS, waits_for="event delivered", summary="Shipment · W"),
        step_view(5, "bill.start", StepState.PENDING, started_at=None, summary="Billing · B"),
    ]


def drawn(shown: list[StepView], width: int = 100, height: int = 40, **changes: Any) -> str:
    console = Console(file=io.StringIO(), width=width, height=height)
    console.print(OrderProgress(order_view(**changes), shown, NOW))
    stream = console.file
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def line_with(text: str, words: str) -> str:
    return next(line for line in text.splitlines() if words in line)


def test_picture_shows_steps_in_swimlanes_with_remarks() -> None:
    picture = drawn(steps())
    assert "HS-1  in progress  1 of 5 steps  1 min 30 s" in picture
    assert "Camera ×4" in picture
    assert "attempt 2 failed; http_503: Service Unavailable" in picture
    assert "in fallout: http_503" in picture
    assert "waits for event delivered" in picture
    assert picture.index("Shipment") < picture.index("in fallout") < picture.index("Billing")


def test_picture_names_the_command_that_explains_fallout() -> None:
    assert "1 step waits for a person: `why HS-1`" in drawn(steps(), fallout=1)


def test_swimlanes_of_the_same_name_show_their_suffix() -> None:
    pair = [
        step_view(1, "router.mount@1.1", StepState.PENDING, summary="Router · Mount"),
        step_view(2, "router.mount@1.2", StepState.PENDING, summary="Router · Mount"),
    ]
    picture = drawn(pair)
    assert "Router  @1.1" in picture
    assert "Router  @1.2" in picture
    assert "@" not in drawn(pair[:1])


def test_picture_fits_the_screen_and_shows_active_steps() -> None:
    many = [
        step_view(number, f"router.mount@{number}", StepState.PENDING, started_at=None) for number in range(1, 5_000)
    ]
    many += [step_view(5_000, "router.mount@5000", StepState.IN_PROGRESS, name="The one", waits_for="its call")]
    picture = drawn(many, height=24)
    assert len(picture.splitlines()) < 24
    assert "The one" in picture
    assert "4,999 workstreams more: 0 done, 4,999 to come" in picture


def test_lines_are_not_wider_than_the_screen() -> None:
    assert all(len(line) <= 40 for line in drawn(steps(), width=40).splitlines())


def test_each_change_is_printed_once_with_the_step_id() -> None:
    changes = ChangeTracker()
    first = changes.changed_lines(order_view(), steps(), NOW)
    assert changes.changed_lines(order_view(), steps(), NOW) == []
    text = "\n".join(first)
    assert "08:00:02  1  hub.reserve@1     completed" in text
    assert "bill.start" not in text
    done = [*steps()[:4], step_view(5, "bill.start", StepState.COMPLETED, ended_at=NOW)]
    (line,) = changes.changed_lines(order_view(), done, NOW)
    assert line.startswith("08:01:30  5  bill.start")


def test_fallout_is_printed_once_with_the_command_that_explains_it() -> None:
    changes = ChangeTracker()
    hints = [line for _ in range(2) for line in changes.changed_lines(order_view(fallout=1), steps(), NOW)]
    assert len([line for line in hints if "`why HS-1`" in line]) == 1


def test_end_of_the_order_is_printed_last() -> None:
    changes = ChangeTracker()
    changes.changed_lines(order_view(), steps(), NOW)
    lines = changes.changed_lines(order_view(OrderState.COMPLETED, ended_at=NOW), [], NOW)
    assert lines == ["08:01:30  HS-1  completed  0 of 0 steps  1 min 30 s"]


def test_ascii_terminal_gets_ascii_symbols() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="replace")
    Console(file=stream, width=80, height=40).print(OrderProgress(order_view(), steps(), NOW))
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    text = buffer.getvalue().decode("ascii")
    assert line_with(text, "Reserve stock").lstrip().startswith("+ 1")
    assert "=" * 10 in text


def test_undo_shows_its_progress() -> None:
    error = ErrorView(code="gone", message="nobody knows that parcel", at=START)
    undo = UndoView(state="fatally_failed", attempts=1, error=error)
    step = step_view(1, "parcel.ship@1", StepState.COMPLETED, undo=undo)
    assert step_remark(step, START) == "undo: in fallout: gone: nobody knows that parcel"
    assert step_row(step, START).remark.style == "bold red"
    assert "0 of 1 step" in progress_heading(order_view(), [step], START).plain
    waits = step.model_copy(update={"undo": UndoView(state="pending")})
    assert step_remark(waits, START) == "to be undone"
    over = step.model_copy(update={"state": StepState.CANCELLED, "undo": UndoView(state="completed")})
    assert step_remark(over, START) == "cancelled"


def test_bulk_targets_mark_undos() -> None:
    failed = UndoView(state="fatally_failed", error=ErrorView(code="gone", message="", at=START))
    step = step_view(1, "parcel.ship@1", StepState.COMPLETED, undo=failed)
    console = Console(file=io.StringIO(), width=100)
    console.print(targets_table([BulkTarget("HS-1", step)]))
    assert "undo: gone" in console.file.getvalue()  # type: ignore[attr-defined]

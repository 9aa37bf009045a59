"""What a step's page says: its state in words, its times, its neighbours, and that a retry is under way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.presenting.steps.step_page import json_text, kind_text, step_page
from console.presenting.submission.order_text import order_text
from tests.support.order_views import START, order_view, step_view
from workflows.contract.order_views import ErrorView, HistoryEntry, OrderView, StepView, UndoView
from workflows.contract.states import Jeopardy, StepState

NOW = START + timedelta(days=1)
ERROR = ErrorView(code="timeout", message="no answer", at=START)


def entry(what: str, by: str | None = "ann", minutes: int = 0) -> HistoryEntry:
    return HistoryEntry(at=START + timedelta(minutes=minutes), what=what, step="camera.ship@1", by=by)


@pytest.mark.parametrize(
    ("state", "history", "note"),
    [
        (StepState.IN_PROGRESS, [entry("retried"), entry("attempt 1 failed", by=None, minutes=1)], "retrying"),
        (StepState.FATALLY_FAILED, [entry("retried")], ""),
        (StepState.COMPLETED, [entry("retried")], ""),
        (StepState.PENDING, [entry("redone from here: 3 steps")], "redoing"),
        (StepState.IN_PROGRESS, [entry("retried"), entry("claimed", minutes=1)], ""),
        (StepState.IN_PROGRESS, [], ""),
    ],
)
def test_a_retry_shows_until_the_step_settles(state: StepState, history: list[HistoryEntry], note: str) -> None:
    step = step_view(2, "camera.ship@1", state)
    page = step_page(order_view(history=history), [step], step, None, None, NOW)
    assert page.state_note == note


def a_plan() -> tuple[OrderView, list[StepView]]:
    reserve = step_view(1, "camera.reserve@1", StepState.COMPLETED)
    ship = step_view(
        2,
        "camera.ship@1",
        StepState.FATALLY_FAILED,
        after=["camera.reserve@1"],
        error=ERROR,
        attempts=3,
        system="carrier",
        late_at=START,
        jeopardy=Jeopardy.LATE,
    )
    mount = step_view(3, "camera.mount@1", StepState.PENDING, after=["camera.ship@1"])
    return order_view(), [reserve, ship, mount]


def test_the_page_names_what_comes_before_and_after_and_whose_move_it_is() -> None:
    order, steps = a_plan()
    page = step_page(order, steps, steps[1], None, [], NOW)
    assert [each.id for each in page.before.steps] == ["camera.reserve@1"]
    assert [(each.id, each.url) for each in page.after.steps] == [("camera.mount@1", "/orders/HS-1/steps/3")]
    assert page.error == "no answer (timeout)"
    assert page.sentences[0].startswith("Is in fallout after 3 attempts since ")
    assert "It is a person's move" in page.sentences[0]
    assert [(each.label, each.is_late) for each in page.times] == [("Started", False), ("Late by its SLA at", True)]
    assert kind_text(steps[1]) == "call of carrier"


def test_an_undo_under_way_is_the_state_that_counts() -> None:
    undo = UndoView(state="fatally_failed", attempts=2, error=ERROR)
    step = step_view(1, "camera.ship@1", StepState.COMPLETED, undo=undo)
    page = step_page(order_view(), [step], step, None, None, NOW)
    assert (page.state, page.state_note, page.undo_error) == (StepState.FATALLY_FAILED, "undo", "no answer (timeout)")


def test_a_step_that_has_ended_says_so_without_its_name() -> None:
    step = step_view(1, "camera.ship@1", StepState.COMPLETED, ended_at=START)
    page = step_page(order_view(), [step], step, None, None, NOW)
    assert page.sentences == ["Completed at 2026-12-01 08:00:00 UTC; it waits for nothing."]
    assert not page.is_open


def test_values_are_shown_as_json_and_long_ones_are_cut() -> None:
    assert json_text(None) == ""
    assert json_text({"at": datetime(2026, 12, 1, tzinfo=UTC)}) == '{\n  "at": "2026-12-01T00:00:00Z"\n}'
    assert json_text("x" * 200_000).endswith("(100,002 more characters)")


def test_an_order_is_written_with_its_keys_as_in_the_documentation() -> None:
    stored = {
        "customer": {"name": "Elm Street 14", "id": "C-42"},
        "id": "HS-1",
        "lines": [{"attributes": {"b": 1}, "id": "1", "lines": [{"product": "p", "id": "2"}], "product": "q"}],
        "unknown": 1,
    }
    assert order_text(stored) == (
        "id: HS-1\n"
        "customer:\n  id: C-42\n  name: Elm Street 14\n"
        "lines:\n- id: '1'\n  product: q\n  attributes:\n    b: 1\n  lines:\n  - id: '2'\n    product: p\n"
        "unknown: 1\n"
    )

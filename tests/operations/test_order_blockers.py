"""What `why` says: what is waited for, whose move it is, what would move it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from operations.blockers.kept_events import kept_event_sentences
from operations.blockers.order_blockers import ended_sentence, find_blockers, lateness_sentence
from tests.support.order_views import START, order_view, step_view
from views.shared.commands import command_text
from workflows.contract.order_views import ITS_TIME, ErrorView, HoldView, KeptEventView, LineView, UndoView
from workflows.contract.states import Jeopardy, OrderState, StepState


def sentence(state: StepState, kind: str = "call", **changes: Any) -> str:
    (reason,) = find_blockers(order_view(), [step_view(1, "camera.reserve@1", state, kind=kind, **changes)])
    return reason.sentence


def test_fallout_names_error_and_actions() -> None:
    error = ErrorView(code="out_of_stock", message="none left", at=START)
    step = step_view(1, "camera.reserve@1", StepState.FATALLY_FAILED, attempts=5, error=error)
    (blocker,) = find_blockers(order_view(), [step])
    assert "in fallout after 5 attempts (out_of_stock: none left)" in blocker.sentence
    assert "a person's move" in blocker.sentence
    assert [action.action for action in blocker.actions] == ["retry", "complete", "skip"]
    assert blocker.actions[0].parameters == {"order_id": "HS-1", "step": 1}


@pytest.mark.parametrize(
    ("state", "kind", "changes", "expected"),
    [
        (StepState.SCHEDULED, "call", {"due": START}, "is scheduled for 2026-12-01 08:00:00 UTC"),
        (StepState.READY, "call", {}, "waits for capacity"),
        (StepState.FAILED, "call", {"attempts": 1, "next_attempt_at": START}, "failed 1 attempt"),
        (StepState.ON_HOLD, "call", {}, "on hold"),
        (StepState.IN_PROGRESS, "event", {"waits_for": "event delivered with key T-1"}, "event delivered with key T-1"),
        (StepState.IN_PROGRESS, "wait", {"due": START, "waits_for": ITS_TIME}, "waits until 2026-12-01"),
        (StepState.IN_PROGRESS, "wait", {}, "it goes on once what it reads has changed"),
        (StepState.IN_PROGRESS, "manual", {"queue": "field_ops"}, "field_ops's move"),
        (StepState.IN_PROGRESS, "call", {"waits_for": "its callback"}, "waits for its callback"),
        (StepState.IN_PROGRESS, "call", {}, "is running"),
    ],
)
def test_every_kind_of_wait_has_a_text(state: StepState, kind: str, changes: dict[str, Any], expected: str) -> None:
    assert expected in sentence(state, kind, **changes)


TIMEOUT_TEXT = "it fails with `timeout` at 2026-12-01 08:00:00 UTC if that does not come first"


@pytest.mark.parametrize(
    ("kind", "waits_for", "move"),
    [
        (
            "wait",
            "condition `order.characteristics.go == true`",
            "It is the order's move: it goes on once what it reads has changed",
        ),
        ("event", "event paid", "It is another system's move: it goes on once the event arrives"),
        ("call", "a callback of shop", "It is the called system's move: it goes on once the system answers"),
        (
            "call",
            "`response.body.ok`, asking shop every 30s",
            "It is the called system's move: it goes on once the system answers",
        ),
    ],
)
def test_limit_of_a_wait_is_not_the_clock_s_move(kind: str, waits_for: str, move: str) -> None:
    told = sentence(StepState.IN_PROGRESS, kind, waits_for=waits_for, due=START)
    assert f"waits for {waits_for}" in told
    assert f"{move}; {TIMEOUT_TEXT}." in told


def test_limit_of_an_undo_is_told() -> None:
    undo = UndoView(state="in_progress", waits_for="a callback of shop", due=START)
    assert TIMEOUT_TEXT in sentence(StepState.COMPLETED, undo=undo)


def test_fallout_comes_first_then_what_blocks_most() -> None:
    steps = [
        step_view(1, "a.x@1", StepState.IN_PROGRESS),
        step_view(2, "b.x@1", StepState.IN_PROGRESS),
        step_view(3, "c.x@1", StepState.FATALLY_FAILED),
        step_view(4, "d.x@1", StepState.PENDING, ["b.x@1"]),
        step_view(5, "e.x@1", StepState.PENDING, ["d.x@1", "a.x@1"]),
    ]
    assert [(reason.step, reason.blocked_step_count) for reason in find_blockers(order_view(), steps)] == [
        ("c.x@1", 0),
        ("b.x@1", 2),
        ("a.x@1", 1),
    ]


def test_step_is_blocked_only_by_its_predecessors() -> None:
    steps = [
        step_view(1, "a.x@1", StepState.IN_PROGRESS),
        step_view(2, "b.x@1", StepState.IN_PROGRESS),
        step_view(3, "c.x@1", StepState.PENDING, ["b.x@1"]),
    ]
    assert [reason.step for reason in find_blockers(order_view(), steps, steps[2])] == ["b.x@1"]


def test_ended_order_and_step_wait_for_nothing() -> None:
    done = step_view(1, "a.x@1", StepState.COMPLETED, ended_at=START)
    order = order_view(OrderState.COMPLETED, ended_at=START)
    assert find_blockers(order, [done]) == []
    assert "ended completed at 2026-12-01" in (ended_sentence(order) or "")
    assert "Step 1 (a.x@1) is completed" in (ended_sentence(order_view(), done) or "")
    assert ended_sentence(order_view()) is None
    rejected = ended_sentence(order_view(OrderState.REJECTED, ended_at=START)) or ""
    assert "was rejected when it was submitted at 2026-12-01" in rejected


@pytest.mark.parametrize("state", [OrderState.ACKNOWLEDGED, OrderState.IN_PROGRESS])
def test_unanswered_order_waits_for_a_worker(state: OrderState) -> None:
    (reason,) = find_blockers(order_view(state), [])
    assert "waits for a worker" in reason.sentence
    assert [action.action for action in reason.actions] == ["start_worker"]


LATER = START + timedelta(days=2)


def late(jeopardy: Jeopardy, **changes: Any) -> str | None:
    told = {"forecast": LATER, "requested_completion": START, "held_up_by": "camera.reserve@1", **changes}
    steps = [step_view(4, "camera.reserve@1", StepState.IN_PROGRESS, jeopardy=changes.get("step", Jeopardy.ON_TRACK))]
    told.pop("step", None)
    return lateness_sentence(order_view(jeopardy=jeopardy, **told), steps)


def test_late_order_names_the_step_that_causes_it() -> None:
    assert late(Jeopardy.AT_RISK) == (
        "Order HS-1 will be late: 2026-12-01 08:00:00 UTC was requested, and it is expected to end at "
        "2026-12-03 08:00:00 UTC, because of step 4 (camera.reserve@1)."
    )
    assert (late(Jeopardy.LATE) or "").startswith("Order HS-1 is late: ")


def test_order_on_track_or_ended_has_no_lateness() -> None:
    assert late(Jeopardy.ON_TRACK) is None
    assert late(Jeopardy.LATE, state=OrderState.COMPLETED) is None


def test_order_at_risk_names_the_line_or_step() -> None:
    line = LineView(
        id="2", product="p", name="P", quantity=1, action="add", attributes={}, state=OrderState.IN_PROGRESS,
        sources=[], jeopardy=Jeopardy.AT_RISK,
    )  # fmt: skip
    assert late(Jeopardy.AT_RISK, requested_completion=None, order_lines=[line]) == (
        "Order HS-1 is at risk: line 2 will not be complete as requested, because of step 4 (camera.reserve@1)."
    )
    assert late(Jeopardy.AT_RISK, requested_completion=None, step=Jeopardy.LATE) == (
        "Order HS-1 is at risk: step 4 (camera.reserve@1) is at risk or late by its sla."
    )


def test_held_line_is_reported_before_its_steps_start() -> None:
    hold = HoldView(scope="line 2", by="ann", reason="the customer is away", at=START)
    running = step_view(1, "camera.reserve@1", StepState.IN_PROGRESS)
    first, _ = find_blockers(order_view(held=[hold]), [running])
    assert first.waits_for == "Line 2 of order HS-1 is held by ann (the customer is away)"
    (resume,) = first.actions
    assert (resume.action, resume.parameters) == ("resume", {"order_id": "HS-1", "line": "2"})
    held = running.model_copy(update={"state": StepState.ON_HOLD})
    (only,) = find_blockers(order_view(held=[hold]), [held])
    assert only.waits_for == "is on hold: ann holds line 2 (the customer is away)"


def kept(reason: Any, *steps: str) -> KeptEventView:
    return KeptEventView(event_id="e-1", name="scan", key="K", at=START, reason=reason, steps=list(steps))


def test_event_that_fits_several_steps_can_be_given_to_each() -> None:
    steps = [
        step_view(number, f"a.{name}@1", StepState.IN_PROGRESS, kind="event", waits_for="event scan with key K")
        for number, name in ((1, "x"), (2, "y"))
    ]
    first, _ = find_blockers(order_view(kept_events=[kept("several_steps", "a.x@1", "a.y@1")]), steps)
    assert "waits for event scan with key K, and one is kept that fits a.y@1, too" in first.sentence
    assert "a person's move" in first.sentence
    assert command_text(first.actions[0]) == "event HS-1 scan --step 1 --event-id e-1"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (kept("early", "a.x@1"), "a.x@1 has not begun to wait for it"),
        (kept("several_steps", "a.x@1", "a.y@1"), "it fits a.x@1, a.y@1, and names none of them"),
        (kept("no_match", "a.x@1", "a.y@1"), "its key or content is not what a.x@1, a.y@1 wait for"),
        (kept("no_step"), "no step waits for an event of this name any more"),
    ],
)
def test_kept_events_say_why_no_step_has_taken_them(event: KeptEventView, expected: str) -> None:
    (sentence,) = kept_event_sentences(order_view(kept_events=[event]))
    assert sentence == f"Event scan with key K, which came 2026-12-01 08:00:00 UTC, is kept: {expected}."


def test_event_still_completes_its_step_in_fallout() -> None:
    step = step_view(1, "a.x@1", StepState.FATALLY_FAILED, kind="event", started_at=START)
    (blocker,) = find_blockers(order_view(), [step])
    assert "its event still completes it, should it come" in blocker.sentence

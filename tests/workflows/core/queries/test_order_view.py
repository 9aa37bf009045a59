"""What clients see of an order: steps, lines with their states, progress, summaries, history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from compiler.language.steps import LineAction
from compiler.plan.plan import PlannedLine, PlannedStep
from tests.support.core.order_driver import START, OrderDriver
from tests.support.core.plans import call, plan_of
from tests.support.core.undoable_plans import done, undoable
from workflows.contract.order_messages import SubmissionDecision
from workflows.contract.order_views import StepsPageRequest
from workflows.contract.states import OrderState, StepState
from workflows.core.queries import order_view as views
from workflows.core.queries import progress_table
from workflows.core.queries.order_view import order_view, steps_page
from workflows.core.state import audit_log
from workflows.core.state.counters import WorkstreamCounts
from workflows.core.state.order_run import OrderRun
from workflows.core.state.rollup import line_states
from workflows.core.steps import labels

S, O = StepState, OrderState  # noqa: E741


def test_order_view_has_states_counts_lines_and_history() -> None:
    driven = OrderDriver({"a": call(), "b": call(), "c": {"manual": {"queue": "desk"}}})
    driven.answer("a", {})
    driven.fail("b")
    view = order_view(driven.run, revision=2)
    assert (view.state, view.revision, view.fallout, view.open_tasks) == (O.IN_PROGRESS, 2, 1, 1)
    assert view.steps_by_state == {"in_progress": 1, "fatally_failed": 1, "completed": 1}
    assert view.products == ["home"]
    assert [(line.id, line.state, line.sources) for line in view.lines] == [("camera@1", O.IN_PROGRESS, ["1"])]
    assert [(line.id, line.state) for line in view.order_lines] == [("1", O.IN_PROGRESS)]
    assert [entry.what for entry in view.history] == ["accepted", "in fallout: http_500"]


def test_step_view_has_predecessors_and_lines() -> None:
    view = OrderDriver({"a": call(), "b": call(after=["a"], name="Ship it")}).view("b")
    assert (view.number, view.id, view.after, view.lines) == (2, "camera.b@1", ["camera.a@1"], ["camera@1"])
    assert (view.workstream, view.workstream_name, view.name, view.kind) == (
        "camera",
        "Security camera",
        "Ship it",
        "call",
    )
    assert (view.attempts, view.started_at, view.ended_at) == (0, None, None)


def test_steps_page_can_be_filtered_by_states() -> None:
    driven = OrderDriver({f"s{number}": call() for number in range(10)})
    driven.answer("s3", {})
    first = steps_page(driven.run, StepsPageRequest(limit=4))
    assert ([step.number for step in first.steps], first.next_offset) == ([1, 2, 3, 4], 4)
    last = steps_page(driven.run, StepsPageRequest(offset=8, limit=4))
    assert ([step.number for step in last.steps], last.next_offset) == ([9, 10], None)
    done = steps_page(driven.run, StepsPageRequest(states=[S.COMPLETED]))
    assert ([step.number for step in done.steps], done.next_offset) == ([4], None)


def test_steps_page_has_a_forecast_while_the_order_runs() -> None:
    driven = OrderDriver({"a": call(expected="2h")})
    (view,) = steps_page(driven.run, StepsPageRequest()).steps
    assert view.expected_end == datetime.fromtimestamp(START + 7_200, UTC)


def test_view_of_a_running_undo_names_the_system_that_it_waits_for() -> None:
    driven = done({"a": undoable()}, "a")
    driven.roll_back(override=True)
    undo = driven.view("a").undo
    assert undo is not None
    assert undo.waits_for == "an answer of shop"


def test_steps_page_has_a_size_limit() -> None:
    driven = OrderDriver({f"s{number}": call() for number in range(10)})
    for number in range(10):
        driven.answer(f"s{number}", {"text": "x" * 240_000})
    sizes = []
    offset: int | None = 0
    while offset is not None:
        page = steps_page(driven.run, StepsPageRequest(offset=offset))
        sizes.append(len(page.model_dump_json()))
        offset = page.next_offset
    assert max(sizes) < 1_500_000
    assert len(sizes) == 3


def test_undecided_order_shows_what_was_submitted() -> None:
    at = datetime(2026, 12, 1, tzinfo=UTC)
    view = views.undecided_order_view({"customer": {"id": "C-1"}}, "O-1", 1, at, None)
    assert (view.state, view.customer, view.step_count) == (O.ACKNOWLEDGED, {"id": "C-1"}, 0)
    decision = SubmissionDecision(order_id="O-1", state=O.REJECTED, accepted=False, findings=[{"code": "x"}])
    assert views.undecided_order_view({"customer": 5}, "O-1", 1, at, decision).findings == [{"code": "x"}]


def test_order_line_state_is_rolled_up_from_everything_below_it() -> None:
    base = plan_of({"a": call(), "b": call()})
    order_lines = (base.order_lines[0], replace(base.order_lines[0], id="1.x", sources=("1",)))
    lines = (
        PlannedLine(
            "bill", "bill", "Bill", 1, LineAction.ADD, {}, ("hub@1", "1.x")
        ),  # stands below lines that come after it
        PlannedLine("hub@1", "hub", "Hub", 1, LineAction.ADD, {}, ("1",)),
        PlannedLine("idle@1", "idle", "Idle", 1, LineAction.ADD, {}, ("1.x",)),
    )
    steps = (PlannedStep("camera.a@1", 0, (0,), ()), PlannedStep("camera.b@1", 1, (1,), ()))
    run = OrderRun(replace(base, order_lines=order_lines, fulfilment_lines=lines, steps=steps), START)
    run.set_state(run.steps[0], S.FATALLY_FAILED)
    run.set_state(run.steps[1], S.COMPLETED)
    states = line_states(run)
    assert states == [O.IN_PROGRESS, O.IN_PROGRESS, O.IN_PROGRESS, O.COMPLETED, O.COMPLETED]


def test_progress_table_has_a_row_per_workstream_and_stuck_ones_first() -> None:
    driven = OrderDriver({"a": call(), "b": call(after=["a"])})
    assert progress_table.progress_table(driven.run).splitlines()[2] == "| Security camera |  | 1 | 1 |  |  |"
    for number in range(30):
        driven.run.counters.by_workstream[f"w{number}"] = WorkstreamCounts(f"w{number}", {S.PENDING: 1})
    driven.run.counters.by_workstream["w29"].counts[S.FATALLY_FAILED] = 1
    rows = progress_table.progress_table(driven.run).splitlines()
    assert rows[2].startswith("| w29 |")
    assert rows[-1] == "… and 11 more workstreams"


def test_progress_table_escapes_markdown() -> None:
    assert progress_table.escape_markdown("a|b\n*c* <d>") == "a\\|b \\*c\\* \\<d\\>"


@pytest.mark.parametrize(
    ("quantity", "name", "summary"),
    [
        (1, "Reserve", "Camera · Reserve"),
        (4, "Reserve", "Camera ×4 · Reserve"),
        (2.5, "Reserve", "Camera ×2.5 · Reserve"),
    ],
)
def test_summary_names_product_quantity_and_step(quantity: float, name: str, summary: str) -> None:
    driven = OrderDriver(plan_of({"a": call(name=name)}, quantity=quantity))  # type: ignore[arg-type]
    assert labels.activity_summary(driven.run, driven.step("a")) == summary


def test_summary_is_cut_at_two_hundred_bytes() -> None:
    summary = labels.truncate("ä" * 150)
    assert len(summary.encode()) <= 200
    assert summary.endswith("ä…")


def test_summary_of_many_lines_has_their_number() -> None:
    base = plan_of({"a": call()})
    lines = tuple(replace(base.fulfilment_lines[0], id=f"camera@{number}") for number in range(5))
    step = replace(base.steps[0], line_positions=tuple(range(5)))
    run = OrderRun(replace(base, fulfilment_lines=lines, steps=(step,)), START)
    assert labels.activity_summary(run, run.steps[0]) == "5 lines · A"


def test_audit_log_is_bounded_and_keeps_the_first_entry() -> None:
    kept = audit_log.AuditLog()
    for number in range(audit_log.MAX_ENTRIES + 10):
        kept.record(number, f"entry {number}")
    assert len(kept.entries) == audit_log.MAX_ENTRIES
    assert (kept.entries[0].message, kept.entries[1].message) == ("entry 0", "entry 11")

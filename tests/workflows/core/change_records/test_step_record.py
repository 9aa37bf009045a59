"""A step as it is told, and as it is shown: two releases read each other's JSON."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter

from tests.support.core.order_driver import START, OrderDriver
from tests.support.core.plans import call, plan_of
from workflows.contract.order_messages import CorrectionView
from workflows.contract.order_views import CrossOrderWaitView, ErrorView, StepView, SystemHoldView, UndoView
from workflows.contract.states import Jeopardy, StepState
from workflows.contract.step_record import StepRecord
from workflows.core.queries.order_view import step_view
from workflows.core.queries.step_record import step_in_plan, step_record

NOT_TOLD = {"expected_start", "expected_end", "system_hold"}
RECORDS, VIEWS = TypeAdapter(list[StepRecord]), TypeAdapter(list[StepView])
AT = datetime(2027, 2, 1, 9, 30, tzinfo=UTC)
FULL = StepView(
    number=3,
    id="camera.fit@1",
    workstream="camera",
    workstream_name="Camera",
    name="Fit",
    kind="manual",
    summary="Camera ×4 · Fit",
    lines=["camera@1"],
    after=["camera.reserve@1"],
    other_orders=[CrossOrderWaitView(order_id="O-2", step="camera.reserve", since=AT, due=AT, done=True)],
    state=StepState.FATALLY_FAILED,
    jeopardy=Jeopardy.LATE,
    waits_for="a person in field",
    system="shop",
    queue="field",
    holder="ann",
    instructions="bring 7",
    form={"serial": {"type": "string"}},
    attempts=2,
    next_attempt_at=AT,
    due=AT,
    started_at=AT,
    ended_at=AT,
    output={"id": [1, None, "x"]},
    error=ErrorView(code="broken", message="it is broken", at=AT),
    corrections=[CorrectionView(name="v", value=2, instead_of=1)],
    undo=UndoView(state="in_progress", attempts=1, queue="undo_desk", due=AT),
    late_at=AT,
    escalated_to="managers",
    expected_start=AT,
    expected_end=AT,
    system_hold=SystemHoldView(system="shop", off=True, since=AT, by="ben", reason="repair"),
)


def test_a_record_has_the_fields_of_a_view_but_the_forecast_and_the_switch() -> None:
    assert {each.name for each in fields(StepRecord)} == StepView.model_fields.keys() - NOT_TOLD
    assert all(FULL.model_dump()[name] for name in StepView.model_fields), "a field of FULL is not filled"


def test_what_another_release_told_as_views_is_read_as_records() -> None:
    (record,) = RECORDS.validate_json(VIEWS.dump_json([FULL]))
    for each in fields(StepRecord):
        assert getattr(record, each.name) == getattr(FULL, each.name), each.name


def test_records_are_read_as_views_by_another_release() -> None:
    (record,) = RECORDS.validate_json(VIEWS.dump_json([FULL]))
    assert VIEWS.validate_json(RECORDS.dump_json([record])) == [FULL.model_copy(update=dict.fromkeys(NOT_TOLD))]


def test_no_corrections_are_left_out_since_an_early_release_does_not_know_them() -> None:
    driven = OrderDriver(plan_of({"a": call()}))
    record = step_record(driven.run, driven.step("a"), step_in_plan(driven.plan, 0))
    assert b"corrections" not in RECORDS.dump_json([record])
    assert VIEWS.validate_json(RECORDS.dump_json([record])) == [step_view(driven.run, driven.step("a"))]


def test_a_record_says_when_a_step_began_and_ended_and_what_came_of_it() -> None:
    driven = OrderDriver(plan_of({"a": call(), "b": call(after=["a"])}), strict=False)
    began = datetime.fromtimestamp(START, UTC)
    driven.wait(30)
    driven.answer("a", {"id": 1}, attempts=2)
    driven.wait(30)
    driven.fail("b", "refused", "no stock")
    done, failed = (
        step_record(driven.run, driven.step(name), step_in_plan(driven.plan, at)) for at, name in ((0, "a"), (1, "b"))
    )
    assert (done.started_at, done.ended_at) == (began, began + timedelta(seconds=30))
    assert (done.state, done.output, done.attempts, done.error) == (StepState.COMPLETED, {"id": 1}, 2, None)
    assert (failed.started_at, failed.ended_at) == (began + timedelta(seconds=30), None)
    assert failed.error == ErrorView(code="refused", message="no stock", at=began + timedelta(seconds=60))
    assert (failed.state, failed.output, failed.system) == (StepState.FATALLY_FAILED, None, "shop")

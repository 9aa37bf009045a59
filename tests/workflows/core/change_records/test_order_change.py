"""What shows in a change although the step itself was not touched, and what is bounded."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.core.amendments import amended
from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call, plan_of
from tests.support.ledger.rows import LedgerRows, rows_of
from workflows.contract.ledger_record import (
    CHANGE_ADAPTER,
    PAGE_BYTES,
    LedgerRecordPage,
    LedgerRecordRequest,
    RecordChanging,
    read_record,
    record_page,
)
from workflows.contract.order_changes import ChangePosition, OrderChange
from workflows.core.amendment import apply, impact
from workflows.core.change_records import submitted_order
from workflows.core.change_records.order_change import ChangeHeader, ChangeTracker, complete_change
from workflows.core.change_records.submitted_order import SubmittedOrder
from workflows.core.steps.refusal import RequestRefused
from workflows.core.timing import order_jeopardy

FIT = {"manual": {"queue": "field", "instructions": "bring ${steps.a.output.id}"}, "after": ["a"]}


class Told:
    """An order, and the rows that its changes add up to."""

    def __init__(self, steps: dict[str, Any], *, strict: bool = True, **plan: Any) -> None:
        self.driven = OrderDriver(plan_of(steps, **plan), strict=strict)
        self.submitted = SubmittedOrder({"id": "O-1"}, digest="d1")
        self.tracker = ChangeTracker(self.driven.run, self.submitted)
        self.rows = LedgerRows()
        self.turns = 0
        self.tell()

    def header(self) -> ChangeHeader:
        return ChangeHeader("O-1", "first", "run", ChangePosition(1.0, self.turns, self.driven.run.now))

    def complete(self) -> OrderChange:
        return complete_change(self.driven.run, self.submitted, self.header())

    def tell(self) -> OrderChange:
        """Asserts that the ledger then has what the order has."""
        self.turns += 1
        change = self.tracker.next_change(self.header())
        self.rows.apply(change)
        assert self.rows.differences(rows_of(self.complete())) == []
        return change


def changed(change: OrderChange) -> list[int]:
    return [step.number for step in change.steps]


def test_a_turn_without_changes_tells_only_where_the_order_is() -> None:
    told = Told({"a": call(), "b": call(after=["a"])})
    change = told.tell()
    assert (change.steps, change.line_states, change.lines, change.history, change.submitted) == (
        [],
        {},
        None,
        [],
        None,
    )
    assert (change.order.state, change.digest) == ("in_progress", None)


def test_only_steps_that_have_changed_are_told() -> None:
    told = Told({"a": call(), "b": call(after=["a"]), "c": call()})
    told.driven.answer("a", {"id": 1})
    assert changed(told.tell()) == [1, 2]


def test_instructions_follow_the_output_that_they_show_and_the_characteristics_of_the_order() -> None:
    at_door = {"manual": {"queue": "field", "instructions": "to ${order.characteristics.site}"}}
    told = Told({"a": call(), "fit": FIT, "visit": at_door}, characteristics={"site": "north"})
    told.driven.answer("a", {"id": 7})
    assert changed(told.tell()) == [1, 2]
    assert told.rows.steps[2].instructions == "bring 7"
    told.driven.set_characteristics(site="south")
    assert changed(told.tell()) == [2, 3]
    assert told.rows.steps[3].instructions == "to south"


def test_a_task_that_was_done_before_an_amendment_still_reads_what_it_read_then() -> None:
    """The amended plan no longer names the step whose output it shows. That step is then done again."""
    told = Told({"a": call(), "fit": {**FIT, "on_change": "keep"}, "b": call(after=["fit"])})
    told.driven.answer("a", {"id": 7})
    told.driven.step_action("complete", "fit", {})
    told.tell()
    run = told.driven.run
    fit = {"manual": {"queue": "field", "instructions": "bring it"}, "on_change": "keep"}
    wanted = plan_of({"a": call(), "fit": fit, "b": call(after=["fit"])})
    found = amended(run.plan, run.amendments.retired, wanted)
    apply.apply_amendment(run, found, impact.step_fates(run, found))
    told.driven.advance()
    told.tell()
    assert told.rows.steps[2].instructions == "bring 7"
    told.driven.order_action("redo", "a")
    told.tell()
    assert told.rows.steps[2].instructions != "bring 7"


def test_a_refused_delivery_shows_at_the_step_that_still_waits() -> None:
    told = Told({"come": {"event": {"name": "x"}, "output": {"id": "${payload.id}"}}})
    with pytest.raises(RequestRefused):
        told.driven.event("x", payload={})
    assert changed(told.tell()) == [1]
    assert "the last one did not fit" in (told.rows.steps[1].waits_for or "")


def test_a_held_step_shows_who_holds_it_now() -> None:
    told = Told({"pause": {"wait": {"for": "1h"}}, "a": call(after=["pause"])})
    told.driven.order_action("hold", "a")
    told.driven.order_action("hold")
    told.driven.wait(3_601)
    assert (told.tell().order.state, told.rows.lines["1"].state) == ("held", "held")
    told.driven.order_action("resume", "a")
    assert changed(told.tell()) == [2]
    assert (told.rows.steps[2].waits_for or "").startswith("order to be resumed")


def test_a_forecast_that_fails_takes_back_the_queues_of_escalated_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    sla = {"duration": "1h", "escalate": "managers"}
    told = Told({"come": {"event": {"name": "x"}, "sla": sla}, "a": call()}, strict=False)
    told.driven.wait(3_601)
    told.tell()
    assert told.rows.steps[1].queue == "managers"
    monkeypatch.setattr(order_jeopardy, "forecast_basis", lambda _run: 1 / 0)
    told.driven.answer("a")
    assert changed(told.tell()) == [1, 2]
    assert told.rows.steps[1].queue is None


def test_a_cancellation_shows_at_all_lines() -> None:
    told = Told({"a": call(undo={"call": {"system": "shop", "post": "/back"}}), "b": call(after=["a"])})
    told.driven.answer("a", {"id": 1})
    told.tell()
    told.driven.order_action("cancel")
    assert told.tell().line_states == {"1": "pending_cancellation", "camera@1": "pending_cancellation"}


def test_a_step_says_that_it_is_changed_in_place_or_undone() -> None:
    body = {"to": "${attributes.model}"}
    step = {
        "call": {"system": "shop", "post": "/x", "body": body},
        "undo": {"call": {"system": "shop", "post": "/back"}},
        "on_change": {"call": {"system": "shop", "patch": "/x", "body": body}},
    }
    steps = {"a": step, "b": call(after=["a"])}
    told = Told(steps, attributes={"model": "x"})
    told.driven.answer("a", {"id": 1})
    told.tell()
    summary = told.rows.steps[1].summary
    run = told.driven.run
    found = amended(run.plan, run.amendments.retired, plan_of(steps, attributes={"model": "y"}))
    apply.apply_amendment(run, found, impact.step_fates(run, found))
    told.driven.advance()
    told.tell()
    assert told.rows.steps[1].summary == f"Change {summary}"
    told.driven.answer("a", {"status": 200, "headers": {}, "body": {"id": 1}})
    told.driven.order_action("cancel")
    told.driven.answer("b", {"id": 2})
    told.tell()
    assert told.rows.steps[1].summary == f"Undo {summary}"


def test_values_that_are_no_json_are_told_as_json() -> None:
    told = Told({"a": call()}, attributes={"day": date(2027, 2, 1)})
    complete = told.complete()
    assert told.rows.lines["1"].attributes == {"day": "2027-02-01"}
    assert CHANGE_ADAPTER.validate_json(CHANGE_ADAPTER.dump_json(complete)) == complete


def test_amendments_are_told_once_and_only_the_newest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitted_order, "MAX_KEPT_BYTES", 250)
    told = Told({"a": call()})
    for revision in (2, 3, 4):
        told.submitted.amend(
            {"id": "O-1", "note": "x" * 80 + str(revision)},
            revision=revision,
            at=1.0,
            by="ann",
            reason="",
            digest=f"d{revision}",
        )
        change = told.tell()
        assert [each.revision for each in change.amendments] == [revision]
        assert (change.submitted, change.digest) == (told.submitted.order, f"d{revision}")
        assert change.amendments[0].after == change.submitted
    assert told.rows.amendments[3].before == told.rows.amendments[2].after
    assert [each.revision for each in told.complete().amendments] == [3, 4]
    assert (told.tell().amendments, told.tell().submitted) == ([], None)


async def test_a_record_that_is_larger_than_a_page_is_read_page_by_page() -> None:
    noise = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(600_000))
    told = Told({"a": call()})
    told.driven.answer("a", {"text": noise})
    complete, asked = told.complete(), list[int]()

    async def ask(request: LedgerRecordRequest) -> LedgerRecordPage:
        asked.append(request.offset)
        page = record_page(complete, request)
        assert len(page.model_dump_json()) < 2_000_000
        return LedgerRecordPage.model_validate_json(page.model_dump_json())

    assert await read_record(ask) == complete
    assert asked[:2] == [0, PAGE_BYTES]


async def test_pages_of_different_moments_are_not_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.contract.ledger_record.PAGE_BYTES", 200)
    told = Told({"a": call(), "b": call()})

    async def ask(request: LedgerRecordRequest) -> LedgerRecordPage:
        if request.offset and told.driven.in_flight():
            told.driven.answer(told.driven.in_flight()[0].split(".")[1].split("@")[0], {"id": "long enough to show"})
        return record_page(told.complete(), request)

    assert await read_record(ask) == told.complete()

    async def never_the_same(request: LedgerRecordRequest) -> LedgerRecordPage:
        told.turns += 1
        return record_page(told.complete(), request)

    with pytest.raises(RecordChanging):
        await read_record(never_the_same)

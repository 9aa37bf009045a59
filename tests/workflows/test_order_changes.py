"""What orders tell the ledger, on a real server."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from activity_contract.line_reasons import RECENT_LINE_REASONS, LineReason
from compiler.plan.codec import encode_plan
from compiler.plan.decision_log import DecisionLog, PlanDecision
from operations.temporal.reset_run import reset_to_last_workflow_task
from tests.support.core.plans import call, plan_of
from tests.support.ledger.recording_sink import RecordingSink, recording
from tests.support.ledger.rows import rows_of
from tests.support.workflows.order_runner import DEADLINE, Desk, Order, desk_on
from tests.support.workflows.scripted_activities import failure
from workflows.contract.ledger_record import LedgerRecordPage, LedgerRecordRequest, read_record
from workflows.contract.order_changes import OrderChange
from workflows.contract.order_messages import MEMO_DIGEST, QUERY_LEDGER_RECORD, order_workflow_id
from workflows.shell.order_changes import clear_sink

STEPS: dict[str, Any] = {
    "reserve": call(),
    "visit": {"manual": {"queue": "field", "instructions": "bring ${steps.reserve.output.id}"}, "after": ["reserve"]},
    "paid": {"event": {"name": "paid"}},
    "ship": call(after=["visit", "paid"]),
}


@pytest.fixture
def sink() -> Iterator[RecordingSink]:
    with recording() as sink:
        yield sink


async def record_of(order: Order) -> OrderChange:
    async def ask(request: LedgerRecordRequest) -> LedgerRecordPage:
        page: LedgerRecordPage = await order.handle.query(
            QUERY_LEDGER_RECORD, request, result_type=LedgerRecordPage, rpc_timeout=DEADLINE
        )
        return page

    return await read_record(ask)


async def workflow_tasks(order: Order) -> list[int]:
    """The events that started its workflow tasks."""
    return [event.event_id for event in await order.events(EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED)]


async def run_to_end(order: Order) -> None:
    await order.until_state(visit="in_progress")
    await order.act("complete", "visit", {})
    await order.event("paid")
    assert await order.ended() == "completed"


async def test_the_first_change_is_complete_and_each_other_follows_the_one_before(
    quick_desk: Desk, sink: RecordingSink
) -> None:
    order = await quick_desk.submit(STEPS)
    await run_to_end(order)
    changes = sink.of(order.id)
    assert [change.is_complete for change in changes] == [True] + [False] * (len(changes) - 1)
    assert [change.previous for change in changes[1:]] == [change.position for change in changes[:-1]]
    assert {change.position.event_id for change in changes} == set(await workflow_tasks(order))
    assert {(change.submission, change.run_id) for change in changes} == {(order.first_run_id, order.first_run_id)}
    assert changes[0].submitted == {"id": order.id}
    ended = changes[-1].order
    assert (ended.state, ended.settled_steps, ended.step_count) == ("completed", 4, 4)
    assert ended.ended_at is not None


async def test_the_query_answers_what_the_changes_add_up_to_while_it_runs_and_when_it_has_ended(
    quick_desk: Desk, sink: RecordingSink
) -> None:
    order = await quick_desk.submit(STEPS)
    await order.until_state(visit="in_progress")
    running = await record_of(order)
    assert sink.rows(order.id).differences(rows_of(running)) == []
    assert running.position == sink.of(order.id)[-1].position
    await run_to_end(order)
    ended = await record_of(order)
    assert sink.rows(order.id).differences(rows_of(ended)) == []
    assert ended.position == sink.of(order.id)[-1].position
    assert ended.is_complete


async def test_an_order_that_is_replayed_at_every_task_tells_only_what_is_new_and_all_of_it(
    desk: Desk, sink: RecordingSink
) -> None:
    """A worker that takes over an order replays it. It tells nothing meanwhile, and then everything.

    The server may refuse the result of a task, because something came in meanwhile. Such a task has told its change,
    and is not in the history; the next one tells everything again.
    """
    order = await desk.submit(STEPS)
    await run_to_end(order)
    changes = sink.of(order.id)
    assert changes[0].is_complete
    first_told = {change.position.event_id: change.is_complete for change in reversed(changes)}
    assert set(first_told.values()) == {True}
    assert first_told.keys() >= set(await workflow_tasks(order))
    assert sink.rows(order.id).differences(rows_of(await record_of(order))) == []
    told = len(changes)
    await record_of(order)
    assert len(sink.of(order.id)) == told, "a replay for a query tells nothing"


async def test_after_a_new_worker_has_taken_over_a_complete_change_comes(
    temporal: WorkflowEnvironment, sink: RecordingSink
) -> None:
    async with desk_on(temporal.client) as first:
        order = await first.submit(STEPS)
        await order.until_state(visit="in_progress")
    told = len(sink.of(order.id))
    async with desk_on(temporal.client, task_queue=first.task_queue, script=first.script):
        await run_to_end(order)
        later = sink.of(order.id)[told:]
        assert [change.is_complete for change in later] == [True] + [False] * (len(later) - 1)
        assert later[0].position > sink.of(order.id)[told - 1].position
        assert sink.rows(order.id).differences(rows_of(await record_of(order))) == []


async def test_a_complete_change_comes_when_the_ledger_asks_for_it(quick_desk: Desk, sink: RecordingSink) -> None:
    order = await quick_desk.submit(STEPS)
    await order.until_state(visit="in_progress")
    sink.incomplete.add(order.id)
    told = len(sink.of(order.id))
    await order.event("paid")
    asked = sink.of(order.id)[told]
    assert asked.is_complete
    assert [step.number for step in asked.steps] == [1, 2, 3, 4]
    assert sink.rows(order.id).differences(rows_of(await record_of(order))) == []


async def test_a_rejected_order_tells_why(quick_desk: Desk, sink: RecordingSink) -> None:
    order_id = f"O-{uuid.uuid4().hex[:8]}"
    decision = await quick_desk.send(order_id)
    order = Order(quick_desk.client, order_id)
    with pytest.raises(WorkflowFailureError):
        await order.ended()
    assert not decision.accepted
    (told,) = sink.of(order_id)
    assert (told.is_complete, told.order.state, told.steps, told.lines) == (True, "rejected", [], [])
    assert told.order.findings == decision.findings
    assert told.submitted == {"id": order_id}
    assert told.order.ended_at is not None
    assert await record_of(order) == told


@pytest.mark.usefixtures("short_runs")
async def test_a_run_that_continues_as_new_begins_with_a_complete_change(quick_desk: Desk, sink: RecordingSink) -> None:
    steps = {f"s{number}": call(after=[f"s{number - 1}"] if number else []) for number in range(20)}
    order = await quick_desk.submit(steps)
    assert await order.ended() == "completed"
    changes = sink.of(order.id)
    runs = list(dict.fromkeys(change.run_id for change in changes))
    assert len(runs) > 1
    assert {change.submission for change in changes} == {order.first_run_id}
    firsts = [next(change for change in changes if change.run_id == run) for run in runs]
    assert [change.position for change in changes if change.is_complete] == [change.position for change in firsts]
    assert firsts[1].submitted is None, "the run does not know it"
    assert [change.position for change in changes] == sorted(change.position for change in changes)
    assert [entry.number for entry in changes[-1].history][-1] == len(sink.rows(order.id).history)
    assert sink.rows(order.id).differences(rows_of(await record_of(order))) in ([], ["submitted"])


async def test_an_amendment_tells_all_lines_and_steps_and_the_order_before_and_after(
    quick_desk: Desk, sink: RecordingSink
) -> None:
    order = await quick_desk.submit(STEPS)
    await order.until_state(visit="in_progress")
    told = len(sink.of(order.id))
    further = {**STEPS, "thank": call(after=["ship"])}
    await order.amend(quick_desk.script, plan_of(further, order=order.id), digest="d2")
    amended = next(change for change in sink.of(order.id)[told:] if change.amendments)
    assert not amended.is_complete
    assert (amended.order.revision, len(amended.steps), amended.digest) == (2, 5, "d2")
    assert amended.lines is not None
    only = amended.amendments[0]
    assert (only.revision, only.by, only.reason) == (2, "ann", "asked to")
    assert (only.before, only.after) == ({"id": order.id}, {"id": order.id})
    record = await record_of(order)
    assert (record.amendments, record.digest, record.submitted) == ([only], "d2", {"id": order.id})
    assert sink.rows(order.id).differences(rows_of(await record_of(order))) == []


async def test_reasons_of_lines_come_with_the_plan_that_this_worker_has_compiled(
    quick_desk: Desk, sink: RecordingSink
) -> None:
    decision = PlanDecision("rule", "1", "camera", True, "always", ("camera@1",), location="offer.yaml:3:5")
    order_id = f"O-{uuid.uuid4().hex[:8]}"
    plan = plan_of({"a": {"event": {"name": "x"}}}, order=order_id)
    quick_desk.script.plans[order_id] = plan
    RECENT_LINE_REASONS.remember(encode_plan(plan), DecisionLog(enabled=True, decisions=[decision]))
    await quick_desk.send(order_id)
    order = Order(quick_desk.client, order_id)
    await order.event("x")
    assert await order.ended() == "completed"
    first, *others = sink.of(order_id)
    assert first.line_reasons == [LineReason("camera@1", "rule", "1", "camera", "always", "offer.yaml:3:5")]
    assert {change.line_reasons for change in others if not change.is_complete} <= {None}


async def test_the_digest_of_what_was_ordered_comes_with_complete_changes(
    quick_desk: Desk, sink: RecordingSink
) -> None:
    order_id = f"O-{uuid.uuid4().hex[:8]}"
    quick_desk.script.plans[order_id] = plan_of({"a": {"event": {"name": "x"}}}, order=order_id)
    await quick_desk.send(order_id, memo={MEMO_DIGEST: "d1"})
    assert sink.of(order_id)[0].digest == "d1"


async def test_a_recovered_run_is_later_than_the_one_that_was_ended(quick_desk: Desk, sink: RecordingSink) -> None:
    """Its events have numbers that the ended run has used, too."""
    order = await quick_desk.submit(STEPS)
    await order.until_state(visit="in_progress")
    await order.act("claim", "visit")
    before = sink.of(order.id)[-1].position
    await order.handle.terminate("by mistake")
    ended = await order.handle.describe()
    await reset_to_last_workflow_task(quick_desk.client, order_workflow_id(order.id), ended.run_id, "recovered")
    await run_to_end(order)
    later = next(change for change in sink.of(order.id) if change.run_id != order.first_run_id)
    assert later.is_complete
    assert later.submission == order.first_run_id
    assert later.position.run_started_at > before.run_started_at
    assert later.position > before
    assert (await record_of(order)).position == sink.of(order.id)[-1].position


async def test_a_failing_ledger_stops_no_order_and_is_reported_once(
    quick_desk: Desk, sink: RecordingSink, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_change: OrderChange) -> None:
        raise RuntimeError("the ledger is broken")

    monkeypatch.setattr(sink, "offer", fail)
    order = await quick_desk.submit(STEPS)
    await run_to_end(order)
    reported = [entry for entry in caplog.records if order.id in entry.getMessage() and entry.levelno >= logging.ERROR]
    assert len(reported) == 1


async def test_without_a_ledger_nothing_is_computed(
    quick_desk: Desk, sink: RecordingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear_sink()
    monkeypatch.setattr("workflows.shell.order_changes.ChangeTracker", None)
    order = await quick_desk.submit(STEPS)
    await run_to_end(order)
    assert sink.changes == []


async def test_an_order_with_a_ledger_has_the_same_history_as_one_without(
    quick_desk: Desk, sink: RecordingSink
) -> None:
    quick_desk.script.answers["camera.a@1"] = [failure("out_of_stock"), {"id": 1}] * 2
    steps = {"a": call(), "b": {"event": {"name": "x"}, "after": ["a"]}}

    async def kinds() -> list[int]:
        order = await quick_desk.submit(steps)
        await order.until_state(a="fatally_failed")
        await order.act("retry", "a")
        await order.until_state(b="in_progress")
        await order.event("x")
        assert await order.ended() == "completed"
        return [event.event_type for event in await order.events()]

    with_ledger = await kinds()
    assert sink.changes
    clear_sink()
    assert with_ledger == await kinds()

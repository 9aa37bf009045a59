"""What a client reads with a ledger: also without a worker, after Temporal forgot the run, and while the ledger is
away. The orders run on a real server, and their changes go into a real database."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from sqlalchemy import Engine, insert
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.testing import WorkflowEnvironment

from ledger.database import write_transaction
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.work_filter import WorkFilter
from ledger.schema.tables import erased_orders, feeders
from operations.actions.amend_order import AmendCommand
from operations.client import OrderClient
from operations.errors import ORDER_ENDED, NotFound, OperationRefused
from operations.reading import order_details
from operations.reading.ledger_access import LedgerAccess, LedgerAway
from tests.support.core.plans import call, plan_of
from tests.support.ledger.writing_sink import writing_to
from tests.support.workflows.order_runner import ANN, Desk, Order, desk_on
from tests.support.workflows.scripted_activities import failure
from workflows.contract import actions
from workflows.contract.order_messages import NoteAction, RecoverOrder, StepAction, order_workflow_id
from workflows.contract.order_views import OrderView
from workflows.contract.states import Jeopardy, OrderState, StepState

pytestmark = pytest.mark.asyncio(loop_scope="session")
T = TypeVar("T")
PAST, SOON = datetime(2026, 1, 1, 8, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
FUTURE = datetime(2090, 1, 1, 8, tzinfo=UTC)
ON_TRACK, AT_RISK, LATE = Jeopardy.ON_TRACK, Jeopardy.AT_RISK, Jeopardy.LATE
TASK = {"a": {"manual": {"queue": "care", "form": {"serial": {"type": "string"}}}}}


@pytest.fixture
async def desk(temporal: WorkflowEnvironment, ledger_database: Engine) -> AsyncIterator[Desk]:
    with writing_to(ledger_database):
        async with desk_on(temporal.client) as desk:
            yield desk


@pytest.fixture
def orders(desk: Desk, ledger_database: Engine) -> OrderClient:
    return client_of(desk, access_to(ledger_database))


def access_to(engine: Engine) -> LedgerAccess:
    return LedgerAccess({"ORDO_LEDGER_URL": engine.url.render_as_string(hide_password=False)})


def client_of(desk: Desk, ledger: LedgerAccess | None) -> OrderClient:
    return OrderClient(desk.client, desk.task_queue, ledger)


async def eventually(ask: Callable[[], Awaitable[T]], holds: Callable[[T], bool]) -> T:
    for _ in range(1200):
        if holds(answer := await ask()):
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError(answer)


async def with_task(desk: Desk) -> Order:
    order = await desk.submit(TASK)
    await order.until_state(a="in_progress")
    return order


def report_feeder(engine: Engine) -> None:
    """Now a worker writes to the ledger."""
    now = datetime.now(UTC)
    feeder = {"worker": "w", "started_at": now, "reported_at": now, "unwritten_orders": 0}
    with write_transaction(engine) as connection:
        connection.execute(insert(feeders).values(**feeder, written_changes=0, dropped_orders=0))


async def complete(orders: OrderClient, order: Order) -> None:
    request = StepAction(step="camera.a@1", actor=ANN, data={"serial": "S-1"})
    await orders.perform_action(order.id, actions.COMPLETE, request)


async def test_lists_and_counts_come_from_the_ledger(desk: Desk, orders: OrderClient) -> None:
    order = await with_task(desk)
    page = await orders.list_orders(OrderFilter(search=order.id))
    assert [each.order_id for each in page.orders] == [order.id]
    assert (page.total, page.total_is_exact, page.counts) == (1, True, {OrderState.IN_PROGRESS: 1})
    assert page.provenance.source == "ledger"
    tasks = await orders.list_tasks(WorkFilter(queue="care"))
    assert [(item.order_id, item.step.id, item.step.state) for item in tasks.items] == [
        (order.id, "camera.a@1", StepState.IN_PROGRESS)
    ]
    assert (tasks.total, tasks.order_count) == (1, 1)
    groups, _ = await orders.group_tasks()
    assert [(group.queue, group.tasks, group.unclaimed) for group in groups] == [("care", 1, 1)]


async def test_fallout_is_listed_with_its_cause_and_grouped(desk: Desk, orders: OrderClient) -> None:
    desk.script.answers["camera.a@1"] = [failure("out_of_stock")] * 9
    order = await desk.submit({"a": call(on_failure=[{"do": "fallout"}])})
    await order.until_state(a="fatally_failed")
    fallout = await orders.list_fallout(WorkFilter(code="out_of_stock"))
    assert [item.order_id for item in fallout.items] == [order.id]
    assert (await orders.list_fallout(WorkFilter(code="other"))).items == []
    groups, provenance = await orders.group_fallout()
    assert [(group.code, group.steps, group.orders) for group in groups] == [("out_of_stock", 1, 1)]
    assert provenance.source == "ledger"


async def test_the_ledger_lists_the_same_work_as_the_orders_say(desk: Desk, orders: OrderClient) -> None:
    order = await with_task(desk)
    live = client_of(desk, None)
    from_visibility = await eventually(
        lambda: live.list_tasks(WorkFilter(queue="care", limit=500)),
        lambda found: order.id in [item.order_id for item in found.items],
    )
    said = next(item for item in from_visibility.items if item.order_id == order.id)
    (kept,) = (await orders.list_tasks(WorkFilter(queue="care"))).items
    undated = {"expected_start": None, "expected_end": None}
    assert kept.step == said.step.model_copy(update=undated)
    assert (kept.customer_id, kept.products) == (said.customer_id, said.products)


async def test_after_my_action_lists_show_what_i_did(desk: Desk, orders: OrderClient, ledger_database: Engine) -> None:
    order = await with_task(desk)
    report_feeder(ledger_database)
    await complete(orders, order)
    assert (await orders.list_tasks(WorkFilter(queue="care"))).items == []
    page = await orders.list_orders(OrderFilter(search=order.id))
    assert page.orders[0].open_tasks == 0


async def test_history_from_the_ledger_has_what_people_entered(desk: Desk, orders: OrderClient) -> None:
    order = await with_task(desk)
    await complete(orders, order)
    await order.ended()
    details = await eventually(lambda: orders.read_history(order.id), lambda found: found.source == "ledger")
    (entry,) = (entry for entry in details.order.history if entry.by)
    assert (entry.by, entry.reason, entry.step, entry.data) == ("ann", "asked to", "camera.a@1", {"serial": "S-1"})


async def test_history_ends_with_the_termination(desk: Desk, orders: OrderClient, ledger_database: Engine) -> None:
    """Also while the ledger, which is up to date otherwise, does not know it yet."""
    order = await with_task(desk)
    await order.handle.terminate(reason="by mistake")
    report_feeder(ledger_database)
    for source in ("best", "live"):
        *_, last = (await orders.read_history(order.id, source)).order.history
        assert (last.what, last.reason, last.step) == ("terminated", "by mistake", None)
        assert last.by
        assert last.at == (await order.handle.describe()).close_time


async def test_running_order_answers_itself_and_an_ended_one_is_read(desk: Desk, orders: OrderClient) -> None:
    order = await with_task(desk)
    assert (await orders.read(order.id)).source == "worker"
    kept = await orders.read(order.id, source="ledger")
    assert kept.source == "ledger"
    assert [step.id for step in kept.steps] == ["camera.a@1"]
    await complete(orders, order)
    await order.ended()
    ended = await eventually(lambda: orders.read(order.id), lambda found: found.source == "ledger")
    live = await orders.read(order.id, source="live")
    assert live.source == "worker"
    unlike = {"history", "forecast", "lines", "order_lines", "held_up_by"}
    assert ended.order.model_dump(exclude=unlike) == live.order.model_dump(exclude=unlike)
    assert [step.model_dump() for step in ended.steps] == [step.model_dump() for step in live.steps]


def line_jeopardy(order: OrderView) -> list[Jeopardy]:
    return [line.jeopardy for line in (*order.order_lines, *order.lines)]


@pytest.mark.parametrize(
    ("of_order", "of_order_line", "of_line", "running", "ended"),
    [
        (PAST, None, None, [LATE, LATE], [LATE, LATE]),
        (SOON, None, None, [AT_RISK, AT_RISK], [ON_TRACK, ON_TRACK]),
        (FUTURE, None, None, [ON_TRACK, ON_TRACK], [ON_TRACK, ON_TRACK]),
        (FUTURE, PAST, PAST, [LATE, LATE], [LATE, LATE]),
        (PAST, FUTURE, None, [ON_TRACK, LATE], [ON_TRACK, LATE]),
        (None, None, None, [ON_TRACK, ON_TRACK], [ON_TRACK, ON_TRACK]),
    ],
)
async def test_lines_are_as_late_as_the_order_itself_says(
    desk: Desk,
    orders: OrderClient,
    of_order: datetime | None,
    of_order_line: datetime | None,
    of_line: datetime | None,
    running: list[Jeopardy],
    ended: list[Jeopardy],
) -> None:
    """The order is requested for `of_order`, its order line and its fulfilment line for dates of their own."""
    order = Order(desk.client, f"O-{uuid.uuid4().hex[:8]}")
    plan = plan_of({"a": {**TASK["a"], "expected": "2d"}}, order=order.id, requested_completion=of_order)
    (order_line,), (line,) = plan.order_lines, plan.fulfilment_lines
    desk.script.plans[order.id] = replace(
        plan,
        order_lines=(replace(order_line, requested_completion=of_order_line),),
        fulfilment_lines=(replace(line, requested_completion=of_line),),
    )
    assert (await desk.send(order.id)).accepted
    await order.until_state(a="in_progress")
    for expected in (running, ended):
        live = (await orders.read(order.id, source="live")).order
        assert line_jeopardy(live) == expected
        for with_steps in (True, False):
            kept = await orders.read(order.id, source="ledger", steps=with_steps)
            assert (kept.order.jeopardy, line_jeopardy(kept.order)) == (live.jeopardy, expected)
        if expected is running:
            await complete(orders, order)
            await order.ended()
            await eventually(lambda: orders.read(order.id), lambda found: found.source == "ledger")


async def test_without_a_worker_the_ledger_answers(
    temporal: WorkflowEnvironment, ledger_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_details, "QUERY_TIMEOUT", 0.5)  # each question waits for it
    with writing_to(ledger_database):
        async with desk_on(temporal.client) as desk:
            order = await with_task(desk)
    orders = client_of(desk, access_to(ledger_database))
    details = await orders.read(order.id)
    assert (details.source, details.order.open_tasks) == ("ledger", 1)
    assert details.order_failure == "no worker answers"
    assert details.step("1").state is StepState.IN_PROGRESS
    assert [item.order_id for item in (await orders.list_tasks()).items] == [order.id]
    assert (await orders.read_history(order.id)).order.history
    found, blockers = await orders.find_blockers(order.id, "1")
    assert found.source == "ledger"
    assert len(blockers) == 1
    steps = await orders.read_steps_page(order.id, states=[StepState.IN_PROGRESS])
    assert ([step.number for step in steps.steps], steps.next_offset) == ([1], None)
    assert (await orders.read(order.id, source="live")).source == "record"


async def test_after_temporal_forgot_the_run_the_ledger_answers(
    desk: Desk, orders: OrderClient, ledger_database: Engine
) -> None:
    order = await with_task(desk)
    await complete(orders, order)
    await order.ended()
    await eventually(lambda: orders.read(order.id), lambda found: found.source == "ledger")
    await _delete_run(desk, orders, order.id)
    details = await orders.read(order.id)
    assert (details.source, details.order.state) == ("ledger", OrderState.COMPLETED)
    with pytest.raises(NotFound, match="is in the ledger, but Temporal no longer has its run"):
        await orders.read(order.id, source="live")
    assert details.steps[0].output == {"serial": "S-1"}
    assert [each.order_id for each in (await orders.list_orders(OrderFilter(search=order.id))).orders] == [order.id]
    await _takes_no_actions(orders, order.id, rf"{ENDED}\. Temporal no longer has its run$")
    with write_transaction(ledger_database) as connection:
        erased = {"order_id": order.id, "submission": order.first_run_id, "erasure_key": 1, "at": FUTURE}
        connection.execute(insert(erased_orders), erased)
    erasure = "and its personal data was erased at 2090-01-01 08:00:00 UTC"
    await _takes_no_actions(orders, order.id, rf"{ENDED}\. Temporal no longer has its run, {erasure}$")
    with pytest.raises(NotFound, match=f"There is no order {order.id}"):
        await client_of(desk, None).perform_action(order.id, actions.NOTE, NoteAction(text="hi", actor=ANN))


async def test_an_order_that_was_deleted_before_it_ended_is_not_denied(desk: Desk, orders: OrderClient) -> None:
    order = await with_task(desk)
    await _delete_run(desk, orders, order.id)
    with pytest.raises(NotFound, match=f"Order {order.id} is in the ledger, but Temporal no longer has its run"):
        await orders.perform_action(order.id, actions.NOTE, NoteAction(text="hi", actor=ANN))


async def _delete_run(desk: Desk, orders: OrderClient, order_id: str) -> None:
    run = WorkflowExecution(workflow_id=order_workflow_id(order_id))
    await desk.client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(namespace=desk.client.namespace, workflow_execution=run)
    )

    async def is_forgotten() -> bool:
        try:
            await orders.read(order_id, source="live")
        except NotFound:
            return True
        return False

    await eventually(is_forgotten, bool)


ENDED = r"has ended \(completed, at [-\d]{10} [:\d]{8} UTC\); it (takes no more actions|cannot be recovered)"


async def _takes_no_actions(orders: OrderClient, order_id: str, why: str) -> None:
    for attempt in (
        lambda: orders.perform_action(order_id, actions.NOTE, NoteAction(text="hi", actor=ANN)),
        lambda: orders.perform_action(order_id, actions.RECOVER, RecoverOrder(actor=ANN)),
        lambda: orders.amend(AmendCommand(order={"id": order_id}, actor=ANN)),
    ):
        with pytest.raises(OperationRefused, match=f"Order {order_id} {why}") as raised:
            await attempt()
        assert raised.value.code == ORDER_ENDED
        assert [each.action for each in raised.value.alternatives] == ["show"]


async def test_each_submission_of_an_order_is_read_from_the_ledger(desk: Desk, orders: OrderClient) -> None:
    order = Order(desk.client, f"O-{uuid.uuid4().hex[:8]}")
    desk.script.findings[order.id] = [{"severity": "error", "code": "no-such-product", "message": "unknown"}]
    assert not (await desk.send(order.id)).accepted
    await orders.wait_until_ended(order.id, 60)
    del desk.script.findings[order.id]
    desk.script.plans[order.id] = plan_of(TASK, order=order.id)
    assert (await desk.send(order.id)).accepted
    await order.until_state(a="in_progress")

    found, provenance = await orders.list_submissions(order.id)
    assert [(each.number, each.state, each.is_current) for each in found] == [
        (1, OrderState.REJECTED, False),
        (2, OrderState.IN_PROGRESS, True),
    ]
    assert provenance.source == "ledger"
    assert (await orders.read(order.id)).source == "worker"
    first = await orders.read(order.id, submission=1)
    assert (first.source, first.order.state, first.steps, first.is_current) == (
        *("ledger", OrderState.REJECTED, ()),
        False,
    )
    assert [finding["code"] for finding in first.order.findings] == ["no-such-product"]
    second = await orders.read(order.id, submission=2, source="ledger")
    assert (second.source, [step.id for step in second.steps], second.is_current) == ("ledger", ["camera.a@1"], True)
    told = [(await orders.read_history(order.id, submission=number)).order for number in (1, 2)]
    assert [each.state for each in told] == [OrderState.REJECTED, OrderState.IN_PROGRESS]
    assert told[0].history != told[1].history
    with pytest.raises(NotFound, match=f"Order {order.id} has no submission 3, only 1 to 2") as raised:
        await orders.read_history(order.id, submission=3)
    assert [each.action for each in raised.value.alternatives] == ["submissions"]
    with pytest.raises(OperationRefused, match="`live` does not ask it"):
        await orders.read(order.id, submission=1, source="live")


async def test_submissions_need_a_ledger_that_has_the_order(desk: Desk, orders: OrderClient) -> None:
    for ask in (orders.list_submissions, lambda order_id: orders.read(order_id, submission=1)):
        with pytest.raises(NotFound, match="The ledger has no order NOBODY-1"):
            await ask("NOBODY-1")
    without = client_of(desk, None)
    for ask in (without.list_submissions, lambda order_id: without.read_history(order_id, submission=1)):
        with pytest.raises(OperationRefused, match="Only a ledger keeps this"):
            await ask("NOBODY-1")


async def test_while_the_ledger_is_away_visibility_answers_with_a_note(desk: Desk) -> None:
    orders = client_of(desk, LedgerAccess({"ORDO_LEDGER_URL": "postgresql://u:secret@127.0.0.1:9/ledger"}))
    order = await with_task(desk)
    page = await eventually(
        lambda: orders.list_orders(OrderFilter(limit=1000)),
        lambda found: order.id in [each.order_id for each in found.orders],
    )
    assert page.provenance.source == "visibility"
    assert "127.0.0.1:9" in (page.provenance.ledger_failure or "")
    assert "secret" not in (page.provenance.ledger_failure or "")
    details = await orders.read(order.id)
    assert details.source == "worker"
    assert details.ledger_failure
    with pytest.raises(LedgerAway, match="does not know `search`"):
        await orders.list_orders(OrderFilter(search="elm"))
    with pytest.raises(LedgerAway, match="does not know `sort`"):
        await orders.list_tasks(sort="since")


async def test_without_a_ledger_its_filters_are_refused(desk: Desk) -> None:
    orders = client_of(desk, None)
    with pytest.raises(OperationRefused, match="Only a ledger knows `system`, `search` and `sort`"):
        await orders.list_orders(OrderFilter(search="elm", system="crm"), sort="started")
    with pytest.raises(OperationRefused, match="Only a ledger counts groups"):
        await orders.group_fallout()


async def test_an_order_that_nobody_knows_is_not_found(orders: OrderClient) -> None:
    with pytest.raises(NotFound):
        await orders.read("NOBODY-1")
    with pytest.raises(NotFound, match="The ledger has no order NOBODY-1"):
        await orders.read("NOBODY-1", source="ledger")
    with pytest.raises(NotFound):
        await orders.read_attempts("NOBODY-1")
    with pytest.raises(NotFound):
        await orders.read_line_reasons("NOBODY-1")
    with pytest.raises(NotFound, match="There is no order NOBODY-1"):
        await orders.perform_action("NOBODY-1", actions.NOTE, NoteAction(text="hi", actor=ANN))

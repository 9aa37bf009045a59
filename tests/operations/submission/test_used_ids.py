"""An id that an accepted order used is refused for ever, also after Temporal forgot the order."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest
import pytest_asyncio
from sqlalchemy import URL, Engine, select
from temporalio.testing import WorkflowEnvironment

from ledger.schema.tables import clashes
from operations.client import OrderClient
from operations.errors import OperationRefused
from operations.reading.ledger_access import LEDGER_VARIABLES, LedgerAccess
from operations.submission.submit_order import order_digest
from tests.ledger.retention.ledger_orders import write, write_ended
from tests.support.core.plans import call, plan_of
from tests.support.ledger.recording_sink import recording
from tests.support.ledger.simulated_orders import SimulatedOrder
from tests.support.workflows.order_runner import Desk, desk_on
from workflows.contract.states import OrderState

STEPS = {"visit": {"manual": {"queue": "field", "instructions": "mount it"}}}


@pytest_asyncio.fixture
async def desk(temporal: WorkflowEnvironment) -> AsyncIterator[Desk]:
    async with desk_on(temporal.client) as desk:
        yield desk


def client_of(desk: Desk, environment: Mapping[str, str]) -> OrderClient:
    return OrderClient(desk.client, desk.task_queue, LedgerAccess(environment))


def environment_of(url: URL) -> dict[str, str]:
    return {LEDGER_VARIABLES[0]: url.render_as_string(hide_password=False)}


def order_for(desk: Desk, steps: Mapping[str, object] = STEPS) -> str:
    """The id of an order that the desk can compile."""
    order_id = f"O-{uuid.uuid4().hex[:8]}"
    desk.script.plans[order_id] = plan_of(steps, order=order_id)  # type: ignore[arg-type]
    return order_id


async def test_the_id_of_an_order_that_temporal_forgot_is_refused(
    desk: Desk, ledger_database: Engine, ledger_url: URL
) -> None:
    orders, order_id = client_of(desk, environment_of(ledger_url)), order_for(desk)
    known = replace(SimulatedOrder(order_id).complete(), digest=order_digest({"id": order_id}))
    write(ledger_database, known)
    with pytest.raises(
        OperationRefused, match=f"Order {order_id} was accepted before .* with the same content"
    ) as same:
        await orders.submit({"id": order_id})
    assert (same.value.code, same.value.http_status) == ("ended", 410)
    assert [(each.action, each.parameters) for each in same.value.alternatives] == [("submit", {"revision": True})]
    with pytest.raises(OperationRefused, match="with different content"):
        await orders.submit({"id": order_id, "priority": 1})
    assert [run async for run in desk.client.list_workflows(f"WorkflowId = 'order/{order_id}'")] == []


async def test_a_new_revision_goes_on_counting(desk: Desk, ledger_database: Engine, ledger_url: URL) -> None:
    orders, order_id = client_of(desk, environment_of(ledger_url)), order_for(desk)
    earlier = SimulatedOrder(order_id)
    write(ledger_database, earlier.complete(), earlier.amend(name="Oak Lane 2"), earlier.end())
    submission = await orders.submit({"id": order_id}, new_revision=True)
    assert submission.accepted
    assert (await orders.read(order_id, source="live")).order.revision == 3


async def test_the_id_of_a_rejected_order_is_free(desk: Desk, ledger_database: Engine, ledger_url: URL) -> None:
    orders, order_id = client_of(desk, environment_of(ledger_url)), order_for(desk)
    rejected = SimulatedOrder(order_id)
    rejected.state, rejected.ended_at = OrderState.REJECTED, rejected.started_at
    write(ledger_database, rejected.complete())
    assert (await orders.submit({"id": order_id})).accepted


async def test_an_order_that_temporal_knows_is_answered_as_without_a_ledger(
    desk: Desk, ledger_database: Engine, ledger_url: URL
) -> None:
    orders, order_id = client_of(desk, environment_of(ledger_url)), order_for(desk)
    with recording() as sink:
        first = await orders.submit({"id": order_id})
        write(ledger_database, *sink.of(order_id))
    again = await orders.submit({"id": order_id})
    assert (again.already_running, again.same_content, again.run_id) == (True, True, first.run_id)
    ended = order_for(desk, {"reserve": call()})
    await orders.submit({"id": ended})
    await orders.wait_until_ended(ended, 20)
    write_ended(ledger_database, ended)
    with pytest.raises(OperationRefused, match="has already ended \\(completed, with the same content\\)"):
        await orders.submit({"id": ended})


async def test_while_the_ledger_is_away_orders_are_accepted_and_a_clash_is_recorded(
    desk: Desk, ledger_database: Engine
) -> None:
    orders = client_of(desk, {"ORDO_LEDGER_URL": "postgresql://nobody:hunter2@127.0.0.1:1/none"})
    order_id = order_for(desk)
    write_ended(ledger_database, order_id)
    with recording() as sink:
        submission = await orders.submit({"id": order_id})
        assert submission.accepted
        assert submission.note is not None
        assert "was not checked" in submission.note
        assert "hunter2" not in submission.note
        write(ledger_database, *sink.of(order_id))
    with ledger_database.connect() as connection:
        assert connection.execute(select(clashes.c.order_id, clashes.c.earlier_submission)).all() == [
            (order_id, f"first-run-of-{order_id}")
        ]

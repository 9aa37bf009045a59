"""A worker that is killed in the middle of a delivery: everything arrives all the same, in order, at least once."""

from __future__ import annotations

import asyncio
import signal
import uuid
from pathlib import Path

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from operations.client import OrderClient
from operations.temporal.connection import server_address
from tests.support.command_line import order_of
from tests.support.servers.scripted_system import Reply, ScriptedServer
from tests.support.workers.notification_site import OFFER, PATIENCE, delivered, ids, receiver, types, until
from tests.support.workers.site import Site
from workflows.contract.order_messages import outbox_workflow_id

OPEN = OFFER.replace("manual: {queue: field_ops, instructions: Lock it}", "milestone: true")


async def test_at_least_once_and_in_order_across_the_death_of_a_worker(
    temporal: WorkflowEnvironment, server: ScriptedServer, tmp_path: Path
) -> None:
    client: Client = temporal.client
    site = Site(tmp_path, server, server_address(client), f"killed-{uuid.uuid4().hex[:8]}")
    site.define("offer", OPEN)
    site.define("crm", receiver("crm", server.url, more="timeout: 60s"))
    server.answers(Reply(200), Reply(hangs=True), Reply(200))
    orders, order_id = OrderClient(client, site.task_queue), f"K-{uuid.uuid4().hex[:8]}"
    try:
        first = await site.worker()
        await first.says("worker ready")
        await orders.submit(order_of("gate", order_id))
        assert (await orders.wait_until_ended(order_id, PATIENCE)).state == "completed"
        await until(lambda: len(server.received) == 2)
        await first.ends(signal.SIGKILL)
        second = await site.worker()
        await second.says("worker ready")
        await delivered(server, "order.completed")
        await asyncio.wait_for(client.get_workflow_handle(outbox_workflow_id(order_id)).result(), PATIENCE)
    finally:
        await site.close()
    wanted = [f"{order_id}/{number}" for number in range(1, len(set(ids(server))) + 1)]
    assert list(dict.fromkeys(ids(server))) == wanted
    assert ids(server)[:3] == [wanted[0], wanted[1], wanted[1]]
    assert types(server)[-1] == "ordo.order.completed"

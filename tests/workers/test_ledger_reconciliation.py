"""A worker process with a ledger repairs it by itself."""

from __future__ import annotations

import asyncio
import signal

from sqlalchemy import URL, Engine, select
from temporalio.testing import WorkflowEnvironment

from ledger.reconciliation.reconciliation_messages import reconciliation_schedule_id
from ledger.schema.tables import orders, steps
from tests.support.ledger.contents import clear, count
from tests.support.servers.scripted_system import Reply
from tests.support.workers.site import DEADLINE, Site, until
from tests.workers.test_worker import submit


async def test_lost_rows_come_back_and_a_wrong_setting_is_told(
    temporal: WorkflowEnvironment, site: Site, ledger_database: Engine, ledger_url: URL
) -> None:
    site.server.answers(Reply(200, {}))
    url = ledger_url.render_as_string(hide_password=False)
    worker = await site.worker(ORDO_LEDGER_URL=url, ORDO_LEDGER_RECONCILE_EVERY="2", ORDO_LEDGER_RECONCILE_PACE="a lot")
    told = await worker.says("reconciliation of the ledger uses its default settings")
    assert "ORDO_LEDGER_RECONCILE_PACE" in told["reason"]
    schedule = temporal.client.get_schedule_handle(reconciliation_schedule_id(site.task_queue))
    await worker.says("worker ready")
    assert await worker.ends(signal.SIGTERM) == 0

    worker = await site.worker(ORDO_LEDGER_URL=url, ORDO_LEDGER_RECONCILE_EVERY="2")
    handle = await submit(temporal.client, site, "R-1", "welcome")
    await asyncio.wait_for(handle.result(), DEADLINE)

    def is_there() -> bool:
        with ledger_database.connect() as connection:
            states = connection.execute(select(orders.c.state)).scalars().all()
            return (list(states), count(connection, steps)) == (["completed"], 1)

    await until(is_there)
    clear(ledger_database)
    await until(is_there)
    assert await worker.ends(signal.SIGTERM) == 0
    await schedule.delete()

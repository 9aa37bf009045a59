"""Orders that a ledger is compared with."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, select

from ledger.reconciliation.ledger_check import CheckResult, LedgerCheck
from ledger.reconciliation.order_runs import LONG_AGO
from ledger.reconciliation.reconciler import Reconciler
from ledger.reconciliation.settings import ReconciliationSettings
from ledger.reconciliation.summary import ReconciliationSummary
from ledger.schema.tables import orders
from tests.support.core.plans import call
from tests.support.workflows.order_runner import Desk, Order

STEPS: dict[str, Any] = {
    "reserve": call(),
    "visit": {"manual": {"queue": "field"}, "after": ["reserve"]},
    "ship": call(after=["visit"]),
}
SETTINGS = ReconciliationSettings(requests_per_second=200, round_pause=timedelta(0))


async def visible(desk: Desk, query: str, count: int) -> None:
    """Waits until visibility lists so many orders of the desk."""
    found = 0
    for _ in range(200):
        full = f"WorkflowType = 'FulfilOrder' AND TaskQueue = '{desk.task_queue}' AND {query}"
        found = (await desk.client.count_workflows(full)).count
        if found == count:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def reconcile(desk: Desk, engine: Engine, settings: ReconciliationSettings = SETTINGS) -> ReconciliationSummary:
    return await Reconciler(desk.client, desk.task_queue, engine, settings).run()


async def check(desk: Desk, engine: Engine) -> CheckResult:
    return await LedgerCheck(desk.client, desk.task_queue, engine, 200).run(LONG_AGO)


async def wait_for_task(order: Order) -> None:
    await order.until_state(visit="in_progress")


async def finish(order: Order) -> None:
    await wait_for_task(order)
    await order.act("complete", "visit", {})
    assert await order.ended() == "completed"


def order_column(engine: Engine, order: Order, name: str) -> Any:
    with engine.connect() as connection:
        query = select(orders.c[name]).where(orders.c.order_id == order.id, orders.c.is_current)
        return connection.execute(query).scalar_one_or_none()

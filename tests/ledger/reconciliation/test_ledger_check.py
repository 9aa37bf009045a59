"""What `ledger check` calls a difference, and what it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from ledger.database import write_transaction
from ledger.retention.archive_folder import ArchiveFolder
from ledger.retention.archive_orders import archive_orders
from ledger.retention.archive_rules import rules_for
from ledger.schema.tables import order_ids, orders
from tests.support.ledger.orders import STEPS, check, finish, visible, wait_for_task
from tests.support.workflows.order_runner import Desk
from workflows.contract.states import OrderState


@pytest.mark.usefixtures("sink")
async def test_an_archived_order_that_temporal_still_has_is_no_difference(
    desk: Desk, ledger_database: Engine, tmp_path: Path
) -> None:
    order = await desk.submit(STEPS)
    await finish(order)
    await visible(desk, "ExecutionStatus = 'Completed'", 1)
    later = datetime.now(UTC) + timedelta(days=1)
    rules = rules_for([OrderState.COMPLETED], timedelta(0))
    archived = archive_orders(ledger_database, ArchiveFolder(tmp_path / "archive"), rules, later)
    assert archived.orders == 1
    result = await check(desk, ledger_database)
    assert (result.checked, result.differences, result.unanswered) == (1, [], {})


@pytest.mark.usefixtures("sink")
async def test_a_position_alone_is_no_difference_and_is_shown_with_others(desk: Desk, ledger_database: Engine) -> None:
    order = await desk.submit(STEPS)
    await wait_for_task(order)
    await visible(desk, "ExecutionStatus = 'Running'", 1)
    assert (await check(desk, ledger_database)).is_clean
    with write_transaction(ledger_database) as connection:
        connection.execute(update(orders).values(event_id=orders.c.event_id - 1, position_at=orders.c.position_at - 1))
    assert (await check(desk, ledger_database)).is_clean
    with write_transaction(ledger_database) as connection:
        connection.execute(update(orders).values(priority=1))
    found = (await check(desk, ledger_database)).differences
    assert sorted(each.column for each in found) == ["event_id", "position_at", "priority"]


@pytest.mark.usefixtures("sink")
async def test_the_use_of_an_id_is_compared_while_its_order_is_there(desk: Desk, ledger_database: Engine) -> None:
    order = await desk.submit(STEPS)
    await wait_for_task(order)
    await visible(desk, "ExecutionStatus = 'Running'", 1)
    with write_transaction(ledger_database) as connection:
        connection.execute(update(order_ids).values(revision=7))
    (found,) = (await check(desk, ledger_database)).differences
    assert (found.order_id, found.sentence) == (order.id, "order_ids: revision differs")

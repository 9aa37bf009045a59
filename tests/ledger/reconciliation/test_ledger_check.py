"""What `ledger check` calls a difference, and what it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from ledger.database import write_transaction
from ledger.reconciliation.ledger_check import LedgerCheck
from ledger.reconciliation.order_runs import LONG_AGO
from ledger.retention.archive_folder import ArchiveFolder
from ledger.retention.archive_orders import archive_orders
from ledger.retention.archive_rules import rules_for
from ledger.retention.moved_away import MovedAway
from ledger.schema.tables import erased_orders, order_ids, orders
from tests.ledger.retention.ledger_orders import write_ended
from tests.support.command_line import Ordo
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
    assert (result.compared, result.left_out) == (0, {order.id: MovedAway.ARCHIVED})


@pytest.mark.usefixtures("sink")
async def test_an_order_that_is_archived_or_erased_does_not_count_as_compared(
    desk: Desk, ledger_database: Engine, tmp_path: Path
) -> None:
    archived, erased, kept = [await desk.submit(STEPS) for _ in range(3)]
    await finish(archived)
    await visible(desk, "ExecutionStatus = 'Completed'", 1)
    later = datetime.now(UTC) + timedelta(days=1)
    rules = rules_for([OrderState.COMPLETED], timedelta(0))
    assert archive_orders(ledger_database, ArchiveFolder(tmp_path / "archive"), rules, later).orders == 1
    await finish(erased)
    await visible(desk, "ExecutionStatus = 'Completed'", 2)
    with write_transaction(ledger_database) as connection:
        row = {"order_id": erased.id, "submission": erased.first_run_id, "erasure_key": 1, "at": later}
        connection.execute(erased_orders.insert(), row)
    await wait_for_task(kept)
    await visible(desk, "ExecutionStatus = 'Running'", 1)
    ordo = Ordo(desk.client.service_client.config.target_host, desk.task_queue)
    where = ("--database", ledger_database.url.render_as_string(hide_password=False))
    checked = await ordo("ledger", "check", *where)
    assert (checked.status, checked.out) == (0, "1 order compared, no differences. Left out: 1 archived, 1 erased.\n")
    assert (await ordo("ledger", "check", *where, "-o", "json")).json["left_out"] == {"archived": 1, "erased": 1}
    rebuilt = await ordo("ledger", "rebuild", *where)
    assert rebuilt.out == "1 order written, of 3 that Temporal knows. Left out: 1 archived, 1 erased.\n"
    for order, why, kind in ((archived, "it is archived", "archived"), (erased, "its data was erased", "erased")):
        one = await ordo("ledger", "check", *where, "--order", order.id)
        assert (one.status, one.out) == (0, f"0 orders compared, no differences. Left out: 1 {kind}.\n")
        assert one.err == f"Order {order.id} was not compared: {why}\n"
        again = await ordo("ledger", "rebuild", *where, "--order", order.id)
        assert (again.status, again.out) == (0, f"0 orders written, of 1 that Temporal knows. Left out: 1 {kind}.\n")


async def test_an_archived_order_that_temporal_has_forgotten_is_said(
    desk: Desk, ledger_database: Engine, tmp_path: Path
) -> None:
    write_ended(ledger_database, "HS-1")
    rules = rules_for([OrderState.COMPLETED], timedelta(0))
    archive_orders(ledger_database, ArchiveFolder(tmp_path / "archive"), rules, datetime.now(UTC))
    check = LedgerCheck(desk.client, desk.task_queue, ledger_database, 200)
    result = await check.run(LONG_AGO, "HS-1")
    assert (result.compared, result.unanswered, result.left_out) == (0, {}, {"HS-1": MovedAway.ARCHIVED})


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

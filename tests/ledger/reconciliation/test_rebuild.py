"""A ledger that is written anew from what Temporal holds, and the commands for it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, delete, update

from ledger.database import write_transaction
from ledger.reconciliation.rebuild import REBUILD, Rebuild, RebuildProgress
from ledger.reconciliation.watermarks import NAMESPACE, read_watermark, write_watermark
from ledger.schema.tables import attempts, erased_orders, history_entries, order_lines, orders, state_counts, steps
from tests.support.command_line import NOBODY, Called, Ordo, call
from tests.support.ledger.contents import clear, count, read_rows
from tests.support.ledger.orders import STEPS, check, finish, visible, wait_for_task
from tests.support.workflows.order_runner import Desk, Order


async def orders_of(desk: Desk) -> list[Order]:
    """One that ended, one with a task, one that was terminated."""
    ended, waiting, terminated = [await desk.submit(STEPS) for _ in range(3)]
    await finish(ended)
    await wait_for_task(waiting)
    await wait_for_task(terminated)
    await terminated.handle.terminate(reason="by mistake")
    await visible(desk, "ExecutionStatus = 'Completed'", 1)
    await visible(desk, "ExecutionStatus = 'Terminated'", 1)
    return [ended, waiting, terminated]


def rebuild_of(desk: Desk, engine: Engine) -> Rebuild:
    return Rebuild(desk.client, desk.task_queue, engine, 500)


def number_of(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return count(connection, table)


@pytest.mark.usefixtures("sink")
async def test_an_emptied_ledger_gets_the_same_rows(desk: Desk, ledger_database: Engine) -> None:
    await orders_of(desk)
    await rebuild_of(desk, ledger_database).of_all()  # the mark of the terminated one
    fed = read_rows(ledger_database)
    clear(ledger_database)
    progress = await rebuild_of(desk, ledger_database).of_all()
    assert (progress.done, progress.summary.asked, progress.summary.failed) == (3, 3, 0)
    assert read_rows(ledger_database) == fed
    assert (await check(desk, ledger_database)).is_clean


@pytest.mark.usefixtures("sink")
async def test_wrong_rows_are_replaced_and_what_cannot_be_rebuilt_stays(desk: Desk, ledger_database: Engine) -> None:
    ended, *_ = await orders_of(desk)
    rebuild = rebuild_of(desk, ledger_database)
    await rebuild.of_all()
    right = read_rows(ledger_database)
    with write_transaction(ledger_database) as connection:
        connection.execute(update(orders).values(state="held"))
        connection.execute(update(state_counts).values(count=7))
        connection.execute(delete(order_lines))
        connection.execute(update(steps).values(state="pending"))
        connection.execute(delete(history_entries))
    await rebuild.of_all()
    assert read_rows(ledger_database) == right
    with write_transaction(ledger_database) as connection:
        connection.execute(update(steps).values(state="pending"))
    await rebuild.of_order(ended.id)
    differences = (await check(desk, ledger_database)).differences
    assert differences
    assert ended.id not in {each.order_id for each in differences}


async def test_an_interrupted_rebuild_is_continued(desk: Desk, ledger_database: Engine) -> None:
    for order in [await desk.submit(STEPS) for _ in range(2)]:
        await finish(order)
    await visible(desk, "ExecutionStatus = 'Completed'", 2)
    rebuild = rebuild_of(desk, ledger_database)

    class Interrupted(Exception):
        pass

    def interrupt(_progress: RebuildProgress) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        await rebuild.of_all(on_progress=interrupt)
    with ledger_database.connect() as connection:
        assert read_watermark(connection, REBUILD).value
    continued = await rebuild.of_all()
    assert continued.continues is not None
    anew = await rebuild.of_all()
    assert anew.continues is None, "a rebuild that has ended is not continued"
    assert (await check(desk, ledger_database)).is_clean


@pytest.mark.usefixtures("sink")
async def test_an_erased_order_does_not_come_back(desk: Desk, ledger_database: Engine) -> None:
    order = await desk.submit(STEPS)
    await finish(order)
    await visible(desk, "ExecutionStatus = 'Completed'", 1)
    clear(ledger_database)
    with write_transaction(ledger_database) as connection:
        at = (await order.handle.describe()).close_time
        row = {"order_id": order.id, "submission": order.first_run_id, "erasure_key": 1, "at": at}
        connection.execute(erased_orders.insert(), row)
    await rebuild_of(desk, ledger_database).of_all()
    await rebuild_of(desk, ledger_database).of_order(order.id)
    assert number_of(ledger_database, orders) == number_of(ledger_database, attempts) == 0
    assert (await check(desk, ledger_database)).is_clean, "that it is not there is right"


async def test_the_commands(desk: Desk, ledger_database: Engine) -> None:
    await orders_of(desk)
    ordo = Ordo(desk.client.service_client.config.target_host, desk.task_queue)
    where = ("--database", ledger_database.url.render_as_string(hide_password=False))
    missing = await ordo("ledger", "check", *where)
    assert (missing.status, "3 orders compared, 3 orders with differences." in missing.out) == (1, True), missing
    rebuilt = await ordo("ledger", "rebuild", *where)
    assert (rebuilt.status, rebuilt.out) == (0, "3 orders written, of 3 that Temporal knows.\n")
    clean = await ordo("ledger", "check", *where, "-o", "json")
    assert (clean.status, clean.json) == (0, {"checked": 3, "differences": [], "unanswered": {}, "left_out": {}})
    unknown = await ordo("ledger", "rebuild", *where, "--order", "nobody-knows")
    assert (unknown.status, "Temporal does not know order nobody-knows" in unknown.out) == (1, True)
    status = call("ledger", "status", *where, "-o", "json")
    assert status.status == 0
    assert status.json["orders"] == {"completed": 1, "failed": 1, "in_progress": 1}
    shown = call("ledger", "status", *where)
    assert "completed 1, failed 1, in progress 1" in shown.out
    assert "no worker writes it" in shown.out
    with write_transaction(ledger_database) as connection:
        write_watermark(connection, NAMESPACE, value="another")
    refused = await ordo("ledger", "rebuild", *where)
    assert (refused.status, "another Temporal namespace (id another)" in refused.err) == (1, True)
    adopted = await ordo("ledger", "rebuild", *where, "--other-namespace")
    assert adopted.status == 0


def test_without_a_ledger_or_with_a_wrong_one_the_commands_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*words: str) -> Called:
        called = call("ledger", *words)
        assert called.status == 1
        assert "Traceback" not in called.err
        return called

    monkeypatch.delenv("ORDO_LEDGER_URL", raising=False)
    assert "ORDO_LEDGER_URL names" in refused("status").err
    assert "no folder /not/there" in refused("status", "--database", "sqlite:////not/there/ledger.sqlite").err
    away = refused("status", "--database", "postgresql://ann:geheim@127.0.0.1:9/ledger").err
    assert "127.0.0.1:9" in away
    assert "geheim" not in away
    called = call("ledger", "check", "--address", NOBODY, "--database", "sqlite:////not/there/ledger.sqlite")
    assert called.status in (1, 3)

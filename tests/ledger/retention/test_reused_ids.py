"""Two customers whose orders used the same id: the erasure of one leaves the other's data alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, insert, select

from ledger.retention.archive_folder import ArchiveFolder
from ledger.retention.archive_orders import archive_orders
from ledger.retention.archive_rules import rules_for
from ledger.retention.customer_orders import CustomerOrder
from ledger.retention.erase_stored import erase_again, erase_stored
from ledger.retention.erasure import erase_customer
from ledger.schema.tables import attempts, order_ids
from tests.ledger.retention.ledger_orders import LATER, write
from tests.ledger.retention.people_orders import PeopleDesk, Person
from tests.ledger.retention.remnants_search import archive_contents, found
from tests.ledger.retention.test_erasure import erasure_request, has_runs, listed, obstacles
from tests.support.ledger.attempt_rows import attempt
from tests.support.ledger.contents import read_rows
from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder
from workflows.contract.states import OrderState

NORA = CustomerOrder("HS-1", {"of-nora"})


async def test_another_customers_history_stays(people_desk: PeopleDesk, ledger_database: Engine) -> None:
    nora, paul = Person(), Person()
    order = await people_desk.submit_and_complete(paul)
    rejected = SimulatedOrder(
        order.id,
        "submission-of-nora",
        step_count=0,
        customer=nora.customer,
        state=OrderState.REJECTED,
        started_at=datetime.now(UTC) - timedelta(days=1),
    )
    rejected.ended_at = rejected.started_at
    write(ledger_database, rejected.complete())
    await listed(people_desk.desk.client, paul, 1)
    record = await erase_customer(ledger_database, people_desk.desk.client, erasure_request(nora))
    assert (obstacles(record), record.counts["orders"], record.counts["runs"]) == ([], 1, 0)
    assert await has_runs(people_desk.desk.client, order)


async def test_only_the_customers_runs_of_an_id_are_deleted(people_desk: PeopleDesk, ledger_database: Engine) -> None:
    """Temporal lists a run of hers; the latest run of the id is his, and still runs."""
    nora, paul = Person(), Person()
    client = people_desk.desk.client
    order = await people_desk.submit(nora)
    await order.handle.terminate()
    order = await people_desk.submit(paul, order.id)
    await listed(client, nora, 1)
    await listed(client, paul, 1)
    of_paul = {table: [row for row in rows if paul.mark in row] for table, rows in read_rows(ledger_database).items()}

    record = await erase_customer(ledger_database, client, erasure_request(nora))

    assert (obstacles(record), record.counts["runs"]) == ([], 1)
    await listed(client, nora, 0)
    assert await has_runs(client, order)
    rows = read_rows(ledger_database)
    assert {table: [row for row in rows[table] if paul.mark in row] for table in rows} == of_paul
    assert [row for table in rows for row in rows[table] if nora.mark in row] == []


def _write_both(engine: Engine) -> None:
    """Her order was rejected; his took its id an hour later. Each made an attempt that failed."""
    nora = SimulatedOrder("HS-1", "of-nora", state=OrderState.REJECTED, customer={"id": "C-nora"})
    nora.ended_at = EPOCH
    paul = SimulatedOrder("HS-1", "of-paul", started_at=EPOCH + timedelta(hours=1), customer={"id": "C-paul"})
    write(engine, nora.complete(), paul.complete(), paul.end())
    with engine.begin() as connection:
        for hours, name in ((0.5, "Nora"), (1.5, "Paul")):
            at = EPOCH + timedelta(hours=hours)
            row = attempt("HS-1", "visit", at, 1, outcome="failed", message=f"nobody knows {name}")
            connection.execute(insert(attempts), row)


def test_another_customers_attempts_and_digest_stay(ledger_database: Engine) -> None:
    _write_both(ledger_database)
    erase_stored(ledger_database, 1, [NORA], LATER, None)
    erase_again(ledger_database, [NORA])
    with ledger_database.connect() as connection:
        messages = connection.execute(select(attempts.c.message).order_by(attempts.c.started_at)).scalars().all()
        assert messages == [None, "nobody knows Paul"]
        assert connection.execute(select(order_ids.c.digest)).scalars().all() == ["sha256:1"]


def test_another_customers_attempts_stay_in_the_archive(ledger_database: Engine, tmp_path: Path) -> None:
    _write_both(ledger_database)
    folder = ArchiveFolder(tmp_path / "archive")
    archive_orders(ledger_database, folder, rules_for((), timedelta(days=30)), LATER)
    erase_stored(ledger_database, 1, [NORA], LATER, None)
    assert found(["nobody knows Nora", "C-nora"], archive_contents(folder.path)) == []
    assert len(found(["nobody knows Paul"], archive_contents(folder.path))) == 1

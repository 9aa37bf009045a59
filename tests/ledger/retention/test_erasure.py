"""After an erasure, a customer's data is nowhere, and does not come back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.ledger_reader import LedgerReader
from ledger.retention import erasure
from ledger.retention.archive_folder import ArchiveFolder
from ledger.retention.archive_orders import archive_orders
from ledger.retention.archive_rules import rules_for
from ledger.retention.archived_order import open_archived, restore_order
from ledger.retention.customer_orders import CustomerOrder
from ledger.retention.erase_stored import erase_stored
from ledger.retention.erasure import ErasureRequest, continue_erasures, erase_customer, plan_erasure
from ledger.retention.erasure_records import Erasure
from ledger.retention.holds import HoldRefused, HoldScope, LegalHold, place_hold, release_hold
from ledger.retention.remnants import remove_remnants
from ledger.schema.tables import erased_orders, erasures, legal_holds, order_ids, order_words, orders
from ledger.writing.search_words import search_words
from tests.ledger.retention.ledger_orders import write
from tests.ledger.retention.people_orders import PeopleDesk, Person
from tests.ledger.retention.remnants_search import (
    archive_contents,
    contents,
    found,
    postgresql_files,
    sqlite_files,
)
from tests.support.ledger.contents import read_rows
from tests.support.workflows.order_runner import Order
from workflows.contract.order_messages import OUTBOX_WORKFLOW_TYPE, order_workflow_id, outbox_workflow_id

NOW = datetime.now(UTC)


def erasure_request(person: Person) -> ErasureRequest:
    return ErasureRequest(person.customer_id, "dora", "asked for by letter", rewrite=True)


def obstacles(record: Erasure) -> list[tuple[str, str | None]]:
    return sorted((each.obstacle.value, each.order_id) for each in record.remaining)


def database_contents(engine: Engine, request: pytest.FixtureRequest) -> list[tuple[str, bytes]]:
    if engine.dialect.name == "sqlite":
        return list(contents(sqlite_files(engine.url)))
    engine.dispose()
    return list(contents(postgresql_files(request.getfixturevalue("postgres_server"), engine.url)))


async def has_runs(client: Client, order: Order) -> bool:
    """Whether Temporal knows the latest run, or lists one."""
    try:
        await client.get_workflow_handle(order_workflow_id(order.id)).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return bool(await order.run_ids())
    return True


async def listed(client: Client, person: Person, count: int) -> None:
    """Temporal lists orders a moment after they have changed."""
    for _ in range(200):
        runs = [each async for each in client.list_workflows(f"CustomerId = '{person.customer_id}'")]
        if len(runs) == count:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{len(runs)} runs are listed")


async def test_a_customer_is_erased_everywhere_and_others_keep_their_data(
    people_desk: PeopleDesk, ledger_database: Engine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    nora, paul = Person(), Person()
    folder = ArchiveFolder(tmp_path / "archive")
    client = people_desk.desk.client
    archived = [await people_desk.submit_and_complete(person) for person in (nora, paul)]
    archive_orders(ledger_database, folder, rules_for((), timedelta(0)), NOW + timedelta(days=1))
    ended = [await people_desk.submit_and_complete(person) for person in (nora, paul)]
    running = await people_desk.submit(nora)
    await listed(client, nora, 3)
    of_paul = {table: [row for row in rows if paul.mark in row] for table, rows in read_rows(ledger_database).items()}
    assert found(nora.texts[:1], database_contents(ledger_database, request)) != []
    assert found(nora.texts[:1], archive_contents(folder.path)) != []

    record = await erase_customer(ledger_database, client, erasure_request(nora))

    assert obstacles(record) == [("running", running.id)]
    assert record.counts == {"orders": 1, "archived": 1, "runs": 2}
    assert await asyncio.gather(*(has_runs(client, order) for order in (archived[0], ended[0]))) == [False, False]
    assert await asyncio.gather(*(has_runs(client, order) for order in (archived[1], ended[1]))) == [True, True]
    assert found(nora.texts, archive_contents(folder.path)) == []
    assert found(paul.texts[:1], archive_contents(folder.path)) != []
    kept = {table: [row for row in rows if paul.mark in row] for table, rows in read_rows(ledger_database).items()}
    assert kept | {"archived_orders": []} == of_paul | {"archived_orders": []}

    await people_desk.complete(running, {"note": f"met {nora.mark}"})
    [record] = await continue_erasures(ledger_database, client)
    assert obstacles(record) == []
    assert record.completed_at is not None
    assert record.counts == {"orders": 2, "archived": 1, "runs": 3}
    assert not await has_runs(client, running)
    remove_remnants(ledger_database, rewrite=True)
    assert found(nora.texts, database_contents(ledger_database, request)) == []
    assert found(paul.texts[:1], database_contents(ledger_database, request)) != []
    assert await continue_erasures(ledger_database, client) == []


async def test_an_erased_order_is_found_by_its_id_alone(
    people_desk: PeopleDesk, ledger_database: Engine, tmp_path: Path
) -> None:
    nora, folder = Person(), ArchiveFolder(tmp_path / "archive")
    archived = await people_desk.submit_and_complete(nora)
    archive_orders(ledger_database, folder, rules_for((), timedelta(0)), NOW + timedelta(days=1))
    ended = await people_desk.submit_and_complete(nora)
    reader = LedgerReader(ledger_database)

    def found_by(text: str) -> list[str]:
        page, _ = reader.list_orders(OrderFilter(search=text))
        return [order.order_id for order in page.orders]

    assert found_by(nora.mark) == [ended.id]
    await erase_customer(ledger_database, people_desk.desk.client, erasure_request(nora))
    assert found_by(ended.id) == found_by(ended.id[2:]) == [ended.id]
    assert found_by(nora.mark) == []
    restore_order(ledger_database, archived.id)
    assert found_by(archived.id) == [archived.id]
    assert found_by(nora.mark) == []


async def test_what_arrives_later_does_not_bring_erased_data_back(
    people_desk: PeopleDesk, ledger_database: Engine
) -> None:
    nora = Person()
    order = await people_desk.submit_and_complete(nora)
    await erase_customer(ledger_database, people_desk.desk.client, erasure_request(nora))
    write(ledger_database, *people_desk.sink.of(order.id))
    assert [row for rows in read_rows(ledger_database).values() for row in rows if nora.mark in row] == []
    with ledger_database.connect() as connection:
        assert connection.execute(select(orders.c.state)).scalars().all() == ["completed"]
        words = connection.execute(select(order_words.c.word)).scalars().all()
        assert sorted(words) == search_words([order.id])
        assert connection.execute(select(order_ids.c.accepted, order_ids.c.digest)).all() == [(True, None)]
        assert connection.execute(select(erased_orders.c.order_id)).scalars().all() == [order.id]


async def test_orders_that_only_temporal_knows_are_erased_too(people_desk: PeopleDesk, ledger_database: Engine) -> None:
    """The ledger was away when they ran."""
    nora = Person()
    order = await people_desk.submit_and_complete(nora)
    changes = people_desk.sink.of(order.id)
    await listed(people_desk.desk.client, nora, 1)
    with ledger_database.begin() as connection:
        for table in reversed(orders.metadata.sorted_tables):
            connection.execute(table.delete())
    record = await erase_customer(ledger_database, people_desk.desk.client, erasure_request(nora))
    assert (record.counts["runs"], obstacles(record)) == (1, [])
    write(ledger_database, *changes)
    assert [row for rows in read_rows(ledger_database).values() for row in rows if nora.mark in row] == []


async def test_an_order_whose_end_the_ledger_does_not_know_yet_is_waited_for(
    people_desk: PeopleDesk, ledger_database: Engine
) -> None:
    """Otherwise its end would never be written, and it would be in progress for ever."""
    nora, client = Person(), people_desk.desk.client
    order = await people_desk.submit(nora)
    await order.act("complete", "visit", {"note": "met"})
    assert await order.ended() == "completed"
    record = await erase_customer(ledger_database, client, erasure_request(nora))
    assert obstacles(record) == [("running", order.id)]
    await people_desk.sink.until_state(order.id, "completed")
    people_desk.write(order.id)
    [record] = await continue_erasures(ledger_database, client)
    assert obstacles(record) == []
    with ledger_database.connect() as connection:
        assert connection.execute(select(orders.c.state, orders.c.customer_id)).all() == [("completed", None)]


async def test_a_held_customer_is_not_erased_and_a_held_order_waits(
    people_desk: PeopleDesk, ledger_database: Engine
) -> None:
    nora, client = Person(), people_desk.desk.client
    order = await people_desk.submit_and_complete(nora)
    place_hold(ledger_database, LegalHold(HoldScope.CUSTOMER, nora.customer_id, "a dispute", "ann", NOW))
    with pytest.raises(HoldRefused, match="is under legal hold: a dispute"):
        await erase_customer(ledger_database, client, erasure_request(nora))
    release_hold(ledger_database, HoldScope.CUSTOMER, nora.customer_id, "ann", NOW)
    place_hold(ledger_database, LegalHold(HoldScope.ORDER, order.id, "an audit", "ann", NOW))
    record = await erase_customer(ledger_database, client, erasure_request(nora))
    assert obstacles(record) == [("held", order.id)]
    assert await has_runs(client, order)
    with ledger_database.connect() as connection:
        assert connection.execute(select(orders.c.customer_id)).scalars().all() == [nora.customer_id]
        of_customer = legal_holds.c.scope == HoldScope.CUSTOMER.value
        subjects = connection.execute(select(legal_holds.c.subject, legal_holds.c.reason).where(of_customer)).all()
    assert subjects == [(record.customer_digest, "")]
    release_hold(ledger_database, HoldScope.ORDER, order.id, "ann", NOW)
    again = await erase_customer(ledger_database, client, erasure_request(nora))
    assert (again.key, obstacles(again)) == (record.key, [])
    assert not await has_runs(client, order)


async def test_a_hold_on_the_customer_also_stops_an_erasure_under_way(
    people_desk: PeopleDesk, ledger_database: Engine
) -> None:
    nora, client = Person(), people_desk.desk.client
    order = await people_desk.submit(nora)
    record = await erase_customer(ledger_database, client, erasure_request(nora))
    assert obstacles(record) == [("running", order.id)]
    place_hold(ledger_database, LegalHold(HoldScope.CUSTOMER, nora.customer_id, "a dispute", "ann", NOW))
    await people_desk.complete(order, {})
    [record] = await continue_erasures(ledger_database, client)
    assert obstacles(record) == [("held", order.id)]
    with ledger_database.connect() as connection:
        found = connection.execute(select(orders.c.submission, orders.c.customer_id)).one()
    assert found.customer_id == nora.customer_id
    target = CustomerOrder(order.id, {found.submission})
    assert [each.detail for each in erase_stored(ledger_database, 1, [target], NOW, None).remaining] == ["a dispute"]
    release_hold(ledger_database, HoldScope.CUSTOMER, nora.customer_id, "ann", NOW)
    [record] = await continue_erasures(ledger_database, client)
    assert obstacles(record) == []


async def test_the_record_keeps_who_when_and_why_but_not_the_person(
    people_desk: PeopleDesk, ledger_database: Engine
) -> None:
    nora = Person()
    await people_desk.submit_and_complete(nora)
    record = await erase_customer(ledger_database, people_desk.desk.client, erasure_request(nora))
    assert (record.by, record.reason, record.customer_digest[:12]) == ("dora", "asked for by letter", "hmac-sha256:")
    with ledger_database.connect() as connection:
        assert nora.mark not in str(connection.execute(select(erasures)).all())


async def test_an_interrupted_erasure_is_continued(
    people_desk: PeopleDesk, ledger_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    nora, client = Person(), people_desk.desk.client
    order = await people_desk.submit_and_complete(nora)

    async def be_killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(erasure, "delete_closed_runs", be_killed)
        with pytest.raises(KeyboardInterrupt):
            await erase_customer(ledger_database, client, erasure_request(nora))
    assert await has_runs(client, order)
    [record] = await continue_erasures(ledger_database, client)
    assert (obstacles(record), record.counts["runs"]) == ([], 1)
    assert not await has_runs(client, order)


async def test_a_dry_run_lists_what_would_be_erased_and_what_still_runs(
    people_desk: PeopleDesk, ledger_database: Engine
) -> None:
    nora = Person()
    ended = await people_desk.submit_and_complete(nora)
    running = await people_desk.submit(nora)
    plan = await plan_erasure(ledger_database, people_desk.desk.client, nora.customer_id)
    assert [(order.order_id, order.state) for order in plan.orders] == [(ended.id, "completed")]
    assert [(each.order_id, each.state) for each in plan.remaining] == [(running.id, "in_progress")]
    with ledger_database.connect() as connection:
        assert connection.execute(select(erasures)).all() == []


async def test_an_outbox_that_still_delivers_is_waited_for(
    people_desk: PeopleDesk, ledger_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    nora, client = Person(), people_desk.desk.client
    order = await people_desk.submit_and_complete(nora)
    outbox = await client.start_workflow(
        OUTBOX_WORKFLOW_TYPE, id=outbox_workflow_id(order.id), task_queue=people_desk.desk.task_queue
    )
    record = await erase_customer(ledger_database, client, erasure_request(nora))
    assert obstacles(record) == [("outbox", order.id)]
    monkeypatch.setattr(erasure, "remove_remnants", lambda *_, **__: "the database was cleaned, which takes long")
    [record] = await continue_erasures(ledger_database, client)
    assert obstacles(record) == [("outbox", order.id)], "there is nothing to clean while it waits"
    await outbox.terminate()
    [record] = await continue_erasures(ledger_database, client)
    assert obstacles(record) == []
    with pytest.raises(RPCError, match="not found"):
        await outbox.describe()


async def test_an_archive_that_is_not_there_is_waited_for(
    people_desk: PeopleDesk, ledger_database: Engine, tmp_path: Path
) -> None:
    nora, client = Person(), people_desk.desk.client
    folder = ArchiveFolder(tmp_path / "archive")
    order = await people_desk.submit_and_complete(nora)
    archive_orders(ledger_database, folder, rules_for((), timedelta(0)), NOW + timedelta(days=1))
    away = folder.path.rename(tmp_path / "away")
    record = await erase_customer(ledger_database, client, erasure_request(nora))
    assert obstacles(record) == [("archive", order.id)]
    assert "There is no folder" in str(record.remaining[0].detail)
    [record] = await continue_erasures(ledger_database, client, away)
    assert (obstacles(record), record.counts["archived"]) == ([], 1)
    assert found(nora.texts, archive_contents(away)) == []
    alone = open_archived(ledger_database, order.id)
    assert alone is not None
    with alone.connect() as connection:
        assert connection.execute(select(orders.c.state, orders.c.customer_id)).all() == [("completed", None)]
    alone.dispose()


async def test_a_replaced_archive_file_goes_although_the_erasure_was_interrupted(
    people_desk: PeopleDesk, ledger_database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nora, client = Person(), people_desk.desk.client
    folder = ArchiveFolder(tmp_path / "archive")
    await people_desk.submit_and_complete(nora)
    archive_orders(ledger_database, folder, rules_for((), timedelta(0)), NOW + timedelta(days=1))

    def be_killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ArchiveFolder, "remove", be_killed)
        with pytest.raises(KeyboardInterrupt):
            await erase_customer(ledger_database, client, erasure_request(nora))
    assert found(nora.texts, archive_contents(folder.path)) != []
    [record] = await continue_erasures(ledger_database, client)
    assert obstacles(record) == []
    assert found(nora.texts, archive_contents(folder.path)) == []
    assert len(folder.files()) == 1

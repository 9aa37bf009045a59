"""The versions of the schema: up and down on both databases, and equal to the tables that the code uses."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, Engine, insert, inspect, select, text
from sqlalchemy.schema import SchemaItem

from ledger.database import open_ledger, write_transaction
from ledger.feed.ledger_feed import LedgerFeed, schema_problem
from ledger.migrations.schema_version import (
    NONE,
    OLDEST_WRITER,
    SchemaState,
    downgrade,
    known_versions,
    newest_version,
    read_schema_state,
    upgrade,
)
from ledger.schema.tables import metadata, orders, watermarks
from ledger.settings import LedgerUnusable
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.contents import read_rows
from tests.support.ledger.simulated_orders import SimulatedOrder


def _tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def _differences_from_metadata(engine: Engine) -> list[object]:
    dialect = engine.dialect.name

    def belongs_here(item: SchemaItem, *_: object) -> bool:
        return bool(item.info.get("dialect", dialect) == dialect)

    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": belongs_here}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))


def test_the_newest_version_has_the_tables_that_the_code_uses(ledger_database: Engine) -> None:
    assert _differences_from_metadata(ledger_database) == []


def test_down_removes_every_table_and_up_brings_them_back(ledger_database: Engine) -> None:
    downgrade(ledger_database, NONE)
    assert _tables(ledger_database) == set()
    assert read_schema_state(ledger_database) == SchemaState(NONE, newest_version())
    upgrade(ledger_database)
    assert _tables(ledger_database) == set(metadata.tables)
    assert read_schema_state(ledger_database).current == newest_version()


@pytest.mark.parametrize("version", known_versions()[1:-1])
def test_down_to_an_earlier_version_and_up_again_keeps_the_orders(ledger_database: Engine, version: str) -> None:
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [SimulatedOrder("HS-1").complete()])
    before = read_rows(ledger_database)
    downgrade(ledger_database, version)
    assert read_schema_state(ledger_database).current == version
    assert read_rows(ledger_database) == before
    upgrade(ledger_database)
    assert read_rows(ledger_database) == before
    assert _differences_from_metadata(ledger_database) == []


def test_up_again_changes_nothing(ledger_database: Engine) -> None:
    with write_transaction(ledger_database) as connection:
        connection.execute(insert(watermarks).values(name="sweep", at=datetime(2026, 1, 2, tzinfo=UTC)))
    upgrade(ledger_database)
    with ledger_database.connect() as connection:
        assert connection.execute(select(watermarks.c.at)).scalar_one() == datetime(2026, 1, 2, tzinfo=UTC)


def test_processes_that_migrate_at_once_wait_for_each_other(ledger_url: URL) -> None:
    engines = [open_ledger(ledger_url) for _ in range(3)]
    downgrade(engines[0], NONE)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(upgrade, engines))
    assert read_schema_state(engines[0]).current == newest_version()
    for engine in engines:
        engine.dispose()


def test_a_version_that_removes_something_shuts_older_releases_out(ledger_database: Engine) -> None:
    with write_transaction(ledger_database) as connection:
        connection.execute(insert(watermarks).values(name=OLDEST_WRITER, value="0999"))
    assert read_schema_state(ledger_database).has_outgrown_release


@pytest.mark.parametrize(("current", "is_behind"), [(NONE, True), ("0001", True), ("0002", False), ("0003", False)])
def test_a_release_needs_its_own_version_or_a_newer_one(current: str, is_behind: bool) -> None:
    assert SchemaState(current, newest="0002").is_behind is is_behind


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    file.write_text("not a database, but a text that is long enough to be taken for one" * 100)
    with pytest.raises(LedgerUnusable, match=f"SQLite file {file}.*file is not a database"):
        read_schema_state(open_ledger(f"sqlite:///{file}"))


def _add_the_next_version(engine: Engine) -> None:
    """What a version of the next release may bring: it only adds."""
    with write_transaction(engine) as connection:
        connection.execute(text("ALTER TABLE steps ADD COLUMN colour TEXT"))
        connection.execute(text("ALTER TABLE orders ADD COLUMN channel TEXT NOT NULL DEFAULT 'web'"))
        connection.execute(text("CREATE INDEX ix_orders_channel ON orders (channel)"))
        connection.execute(text("CREATE TABLE order_notes (order_key BIGINT PRIMARY KEY, note TEXT)"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))


def test_a_worker_of_this_release_writes_beside_the_next_version(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1")
    _add_the_next_version(ledger_database)
    state = read_schema_state(ledger_database)
    assert (state.current, schema_problem(state)) == ("9999", None)
    feed = LedgerFeed(ledger_database, "7@worker")
    feed.start()
    for change in order.whole_life():
        feed.offer(change)
    feed.close()
    with ledger_database.connect() as connection:
        assert connection.execute(select(orders.c.state)).scalars().all() == ["completed"]
        assert connection.execute(text("SELECT DISTINCT channel FROM orders")).scalars().all() == ["web"]


def test_up_keeps_the_data_of_orders(ledger_database: Engine) -> None:
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, list(SimulatedOrder("HS-1").whole_life())[:1])
    before = read_rows(ledger_database)
    upgrade(ledger_database)
    assert read_rows(ledger_database) == before


def test_down_with_data_leaves_nothing_of_it(ledger_database: Engine) -> None:
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [SimulatedOrder("HS-1").complete()])
    downgrade(ledger_database, NONE)
    upgrade(ledger_database)
    assert not any(read_rows(ledger_database).values())


def test_a_look_at_the_version_is_not_logged(ledger_database: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """Workers look every minute."""
    caplog.set_level(logging.INFO)
    read_schema_state(ledger_database)
    assert caplog.records == []

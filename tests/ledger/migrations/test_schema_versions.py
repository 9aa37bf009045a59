"""The versions of the schema: up and down on both databases, and equal to the tables that the code uses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, Engine, insert, inspect, select

from ledger.database import open_ledger, write_transaction
from ledger.migrations.schema_version import (
    NONE,
    OLDEST_WRITER,
    SchemaState,
    downgrade,
    newest_version,
    read_schema_state,
    upgrade,
)
from ledger.schema.tables import metadata, watermarks
from ledger.settings import LedgerUnusable


def _tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_the_newest_version_has_the_tables_that_the_code_uses(ledger_database: Engine) -> None:
    with ledger_database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_down_removes_every_table_and_up_brings_them_back(ledger_database: Engine) -> None:
    downgrade(ledger_database, NONE)
    assert _tables(ledger_database) == set()
    assert read_schema_state(ledger_database) == SchemaState(NONE, newest_version())
    upgrade(ledger_database)
    assert _tables(ledger_database) == set(metadata.tables)
    assert read_schema_state(ledger_database).current == newest_version()


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

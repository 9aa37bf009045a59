"""The ledger's file of SQLite: who may make it, and what happens while it is moved away, put back or replaced."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text

from ledger.database import open_ledger, write_transaction
from ledger.feed import ledger_feed
from ledger.feed.ledger_feed import LedgerFeed
from ledger.migrations.schema_version import read_schema_state, upgrade
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.ledger_reader import LedgerReader
from ledger.schema.tables import orders, watermarks
from ledger.settings import LedgerUnusable
from tests.support.ledger.simulated_orders import SimulatedOrder


@pytest.fixture
def file(tmp_path: Path, sqlite_template: Path) -> Path:
    return Path(shutil.copyfile(sqlite_template, tmp_path / "ledger.sqlite"))


@pytest.fixture
def feed(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LedgerFeed]:
    monkeypatch.setattr(ledger_feed, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(ledger_feed, "LONGEST_PAUSE", 0.2)
    engine = _open(file, create=True)
    feed = LedgerFeed(engine, "7@worker-1")
    feed.start()
    yield feed
    feed.close()
    engine.dispose()


@pytest.fixture
def reader(file: Path) -> Iterator[LedgerReader]:
    reader = LedgerReader(_open(file))
    yield reader
    reader.close()


def _open(file: Path, *, create: bool = False) -> Engine:
    return open_ledger(f"sqlite:///{file}", create=create)


def _until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _order_ids(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(select(orders.c.order_id)).scalars())


def _move(file: Path, folder: Path) -> None:
    """With what belongs to it."""
    folder.mkdir(exist_ok=True)
    for each in list(file.parent.glob(f"{file.name}*")):
        each.rename(folder / each.name)


def test_a_file_that_is_missing_is_not_made_by_who_only_asks(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    engine = _open(file)
    with pytest.raises(LedgerUnusable, match=f"SQLite file {file}.*there is no such file"):
        read_schema_state(engine)
    with pytest.raises(LedgerUnusable, match="there is no such file"):
        LedgerReader(engine).count_orders(OrderFilter())
    assert list(tmp_path.iterdir()) == []


def test_no_new_file_is_made_beside_the_log_of_another(tmp_path: Path) -> None:
    log = tmp_path / "ledger.sqlite-wal"
    log.write_bytes(b"the last changes")
    with pytest.raises(LedgerUnusable, match=f"its log {log.name} is there"):
        upgrade(_open(tmp_path / "ledger.sqlite", create=True))
    assert (list(tmp_path.iterdir()), log.read_bytes()) == ([log], b"the last changes")


@pytest.mark.parametrize("with_log", [True, False], ids=["with its log", "alone"])
def test_a_file_that_was_moved_away_and_back_has_every_change(
    file: Path, feed: LedgerFeed, reader: LedgerReader, tmp_path: Path, *, with_log: bool
) -> None:
    feed.offer(SimulatedOrder("HS-1").complete())
    _until(lambda: _order_ids(reader.engine) == {"HS-1"})
    away = tmp_path / "away"
    if with_log:
        _move(file, away)
    else:
        away.mkdir()
        file.rename(away / file.name)
    with pytest.raises(LedgerUnusable, match="there is no such file"):
        reader.read_freshness()
    feed.offer(SimulatedOrder("HS-2").complete())
    _until(lambda: feed.status().trouble)
    assert "there is no such file" in str(feed.status().trouble)
    assert not file.exists()
    _move(away / file.name, file.parent)
    _until(lambda: _order_ids(reader.engine) == {"HS-1", "HS-2"})
    assert feed.status().trouble is None


def test_another_file_in_its_place_is_read_and_written(
    file: Path, feed: LedgerFeed, reader: LedgerReader, tmp_path: Path
) -> None:
    """Also one without a schema, as after the ledger was deleted."""
    feed.offer(SimulatedOrder("HS-1").complete())
    _until(lambda: _order_ids(reader.engine) == {"HS-1"})
    other = tmp_path / "other.sqlite"
    other.touch()
    _move(file, tmp_path / "away")
    other.rename(file)
    feed.offer(SimulatedOrder("HS-2").complete())
    _until(lambda: not read_schema_state(reader.engine).is_behind and _order_ids(reader.engine) == {"HS-2"})
    assert reader.read_freshness().is_fed


def test_a_log_that_another_program_replaced_is_noticed(file: Path) -> None:
    engine = _open(file)
    with write_transaction(engine) as connection:
        connection.execute(insert(watermarks).values(name="sweep"))
    log = file.with_name("ledger.sqlite-wal")
    log.rename(log.with_suffix(".gone"))
    with write_transaction(engine) as connection:
        connection.execute(insert(watermarks).values(name="other"))
    assert log.exists()
    engine.dispose()


def test_a_broken_file_is_opened_again(file: Path) -> None:
    engine = _open(file)
    whole = file.read_bytes()
    query = text("SELECT count(*) FROM sqlite_master")
    with engine.connect() as connection:
        broken = connection.connection.driver_connection
        file.write_bytes(b"no database" * 10_000)
    with pytest.raises(LedgerUnusable, match="malformed"):
        read_schema_state(engine)
    file.write_bytes(whole)
    with engine.connect() as connection:
        assert connection.connection.driver_connection is not broken
        assert connection.execute(query).scalar_one() > 0
    engine.dispose()

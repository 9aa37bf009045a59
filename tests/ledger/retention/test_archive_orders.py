"""Orders move into the archive as a whole, once, and come back as they were."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, select

from ledger.database import write_transaction
from ledger.retention.archive_folder import ArchiveFolder
from ledger.retention.archive_formats import ArchiveUnusable
from ledger.retention.archive_orders import archive_orders, count_archivable
from ledger.retention.archive_rules import ArchiveRule, rules_for
from ledger.retention.archived_order import NotArchived, find_archived, open_archived, restore_order
from ledger.retention.holds import HoldScope, LegalHold, place_hold, release_hold
from ledger.retention.register_archive import register_archive
from ledger.schema.tables import archived_orders, order_ids, orders
from ledger.writing.apply_changes import apply_changes
from tests.ledger.retention.ledger_orders import LATER, write, write_ended, write_running
from tests.support.ledger.contents import clear, read_rows
from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder
from workflows.contract.states import OrderState

EVERYTHING = rules_for((), timedelta(days=30))
FORMATS = pytest.mark.parametrize("archive_format", ["jsonl", "parquet"])


@pytest.fixture
def folder(tmp_path: Path) -> ArchiveFolder:
    return ArchiveFolder(tmp_path / "archive")


def _stored(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(connection.execute(select(orders.c.order_id)).scalars())


def _archived(folder: ArchiveFolder) -> list[str]:
    """The orders in all files, with repetition."""
    return sorted(document.order_id for file in folder.files() for document in folder.read(file))


@FORMATS
def test_archived_orders_come_back_row_by_row(
    ledger_database: Engine, folder: ArchiveFolder, archive_format: str
) -> None:
    for number in range(5):
        write_ended(ledger_database, f"HS-{number}")
    write_running(ledger_database, "HS-9")
    before = read_rows(ledger_database)
    done = archive_orders(ledger_database, folder, EVERYTHING, LATER, archive_format=archive_format, batch_size=2)
    assert (done.orders, len(done.files)) == (5, 3)
    assert _stored(ledger_database) == ["HS-9"]
    assert _archived(folder) == [f"HS-{number}" for number in range(5)]
    for number in range(5):
        assert restore_order(ledger_database, f"HS-{number}") == 1
    assert read_rows(ledger_database) == before
    assert folder.files() == []


def test_the_state_and_the_time_of_the_end_decide(ledger_database: Engine, folder: ArchiveFolder) -> None:
    write_ended(ledger_database, "HS-1", started_at=EPOCH)
    write_ended(ledger_database, "HS-2", started_at=EPOCH + timedelta(days=50))
    write_ended(ledger_database, "HS-3", OrderState.CANCELLED, started_at=EPOCH)
    now = EPOCH + timedelta(days=60)
    completed = [ArchiveRule(OrderState.COMPLETED, timedelta(days=30))]
    assert count_archivable(ledger_database, completed, now).by_state == {"completed": 1}
    archive_orders(ledger_database, folder, completed, now)
    assert _archived(folder) == ["HS-1"]
    with_cancelled = [*completed, ArchiveRule(OrderState.CANCELLED, timedelta(days=90))]
    assert archive_orders(ledger_database, folder, with_cancelled, now).orders == 0
    assert _stored(ledger_database) == ["HS-2", "HS-3"]


def test_a_running_order_stays(ledger_database: Engine, folder: ArchiveFolder) -> None:
    write_running(ledger_database, "HS-1")
    assert archive_orders(ledger_database, folder, EVERYTHING, LATER).orders == 0
    assert (_stored(ledger_database), folder.files()) == (["HS-1"], [])


@pytest.mark.parametrize(("scope", "subject"), [(HoldScope.ORDER, "HS-1"), (HoldScope.CUSTOMER, "C-1")])
def test_a_held_order_stays_until_the_hold_is_released(
    ledger_database: Engine, folder: ArchiveFolder, scope: HoldScope, subject: str
) -> None:
    write_ended(ledger_database, "HS-1", customer="C-1")
    write_ended(ledger_database, "HS-2", customer="C-2")
    place_hold(ledger_database, LegalHold(scope, subject, "the dispute of May", "ann", EPOCH))
    counted = count_archivable(ledger_database, EVERYTHING, LATER)
    assert (counted.by_state, counted.held) == ({"completed": 1}, 1)
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    assert (_stored(ledger_database), _archived(folder)) == (["HS-1"], ["HS-2"])
    release_hold(ledger_database, scope, subject, "bob", LATER)
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    assert _archived(folder) == ["HS-1", "HS-2"]


def test_the_checksum_is_that_of_sha256sum(ledger_database: Engine, folder: ArchiveFolder) -> None:
    write_ended(ledger_database, "HS-1")
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    [file] = folder.files()
    digest = hashlib.sha256((folder.path / file).read_bytes()).hexdigest()
    assert (folder.path / f"{file}.sha256").read_text() == f"{digest}  {file}\n"
    assert oct((folder.path / file).stat().st_mode)[-3:] == "600"


def test_a_damaged_file_is_refused(ledger_database: Engine, folder: ArchiveFolder) -> None:
    write_ended(ledger_database, "HS-1")
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    path = folder.path / folder.files()[0]
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ArchiveUnusable, match="is damaged"):
        open_archived(ledger_database, "HS-1")
    with pytest.raises(ArchiveUnusable, match="is damaged"):
        restore_order(ledger_database, "HS-1")
    assert len(find_archived(ledger_database, "HS-1")) == 1


def test_an_archived_order_is_read_as_if_it_were_in_the_ledger(
    ledger_database: Engine, folder: ArchiveFolder, tmp_path: Path
) -> None:
    write_ended(ledger_database, "HS-1")
    before = read_rows(ledger_database)
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    moved = folder.path.rename(tmp_path / "moved")
    assert open_archived(ledger_database, "HS-2") is None
    alone = open_archived(ledger_database, "HS-1", moved)
    assert alone is not None
    kept_apart = {"archived_orders", "order_ids", "state_counts"}
    assert {table: rows for table, rows in read_rows(alone).items() if table not in kept_apart} == {
        table: rows for table, rows in before.items() if table not in kept_apart
    }
    alone.dispose()


def test_a_late_change_does_not_bring_an_archived_order_back(ledger_database: Engine, folder: ArchiveFolder) -> None:
    order = write_ended(ledger_database, "HS-1")
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    write(ledger_database, order.complete())
    assert _stored(ledger_database) == []


@pytest.mark.parametrize("is_complete", [False, True])
def test_a_late_change_from_before_the_end_leaves_an_archived_order_where_it_is(
    ledger_database: Engine, folder: ArchiveFolder, is_complete: bool
) -> None:
    """It does not know of the end, but its run is the one that ended."""
    order = write_running(ledger_database, "HS-1")
    late = order.complete() if is_complete else order.begin(3)
    write(ledger_database, order.end(), order.complete())
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    write(ledger_database, late)
    assert (_stored(ledger_database), _names(ledger_database)) == ([], ["HS-1"])


def test_a_recovered_order_leaves_the_archive_with_its_first_complete_change(
    ledger_database: Engine, folder: ArchiveFolder
) -> None:
    """Its new run may have ended already."""
    order = write_ended(ledger_database, "HS-1", OrderState.FAILED)
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    order.continue_as_new()
    order.state, order.ended_at = OrderState.IN_PROGRESS, None
    change = order.begin(3)
    with write_transaction(ledger_database) as connection:
        assert apply_changes(connection, [change]) == [change]
    assert (_stored(ledger_database), _names(ledger_database)) == ([], ["HS-1"])
    order.end()
    write(ledger_database, order.complete())
    assert (_stored(ledger_database), _names(ledger_database)) == (["HS-1"], [])


def test_an_archived_order_that_runs_again_is_in_the_ledger_again(
    ledger_database: Engine, folder: ArchiveFolder
) -> None:
    order = write_ended(ledger_database, "HS-1")
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    order.state, order.ended_at = OrderState.IN_PROGRESS, None
    order.continue_as_new()
    write(ledger_database, order.complete())
    assert _stored(ledger_database) == ["HS-1"]
    assert find_archived(ledger_database, "HS-1") == []


def test_a_late_change_of_an_earlier_submission_is_not_current(ledger_database: Engine, folder: ArchiveFolder) -> None:
    """The submission that is archived began later."""
    first = SimulatedOrder("HS-1", "s1")
    second = SimulatedOrder("HS-1", "s2", started_at=EPOCH + timedelta(hours=1), revision=2)
    write(ledger_database, second.complete(), second.end())
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    write(ledger_database, first.complete())
    by_start = select(orders.c.submission, orders.c.is_current).order_by(orders.c.started_at)
    with ledger_database.connect() as connection:
        assert connection.execute(by_start).all() == [("s1", False)]
    restore_order(ledger_database, "HS-1")
    with ledger_database.connect() as connection:
        assert connection.execute(by_start).all() == [("s1", False), ("s2", True)]


def test_the_id_of_an_archived_order_stays_used(ledger_database: Engine, folder: ArchiveFolder) -> None:
    write_ended(ledger_database, "HS-1")
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    with ledger_database.connect() as connection:
        query = select(order_ids.c.accepted).where(order_ids.c.order_id == "HS-1")
        assert connection.execute(query).scalar() is True


@pytest.mark.parametrize("moment", ["sync", "write", "forget_leftovers"])
def test_a_kill_at_any_moment_loses_and_repeats_nothing(
    ledger_database: Engine, ledger_url: URL, folder: ArchiveFolder, moment: str
) -> None:
    """The process dies amid its second file: before it is whole, once it is there, and before its rows are deleted."""
    for number in range(4):
        write_ended(ledger_database, f"HS-{number}")
    before = read_rows(ledger_database)
    url = ledger_url.render_as_string(hide_password=False)
    script = [sys.executable, "-m", "tests.ledger.retention.killed_archiving", url, str(folder.path), moment]
    assert subprocess.run(script, check=False).returncode == -signal.SIGKILL
    assert sorted([*_stored(ledger_database), *_names(ledger_database)]) == [f"HS-{number}" for number in range(4)]
    archive_orders(ledger_database, folder, EVERYTHING, LATER, batch_size=2)
    assert _archived(folder) == [f"HS-{number}" for number in range(4)]
    assert [path for path in folder.path.iterdir() if path.name.endswith(".part")] == []
    for number in range(4):
        restore_order(ledger_database, f"HS-{number}")
    assert read_rows(ledger_database) == before


def _names(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(select(archived_orders.c.order_id)).scalars())


def test_two_archivings_of_a_folder_exclude_each_other(ledger_database: Engine, folder: ArchiveFolder) -> None:
    folder.create()
    with folder.lock(), pytest.raises(ArchiveUnusable, match="Another process writes"):
        archive_orders(ledger_database, folder, EVERYTHING, LATER)


def test_what_is_not_archived_cannot_be_restored(ledger_database: Engine) -> None:
    with pytest.raises(NotArchived, match="HS-1 is not in the archive"):
        restore_order(ledger_database, "HS-1")


def test_a_new_database_learns_of_the_archive(ledger_database: Engine, folder: ArchiveFolder) -> None:
    for order_id in ("HS-1", "HS-2", "HS-3"):
        write_ended(ledger_database, order_id)
    rejected = write_ended(ledger_database, "HS-4", OrderState.REJECTED)
    before = read_rows(ledger_database)
    archive_orders(ledger_database, folder, EVERYTHING, LATER, batch_size=3)
    clear(ledger_database)
    write(ledger_database, rejected.complete())
    assert register_archive(ledger_database, folder.path, LATER) == 3
    assert register_archive(ledger_database, folder.path, LATER) == 0
    with ledger_database.connect() as connection:
        query = select(order_ids.c.order_id).where(order_ids.c.accepted).order_by(order_ids.c.order_id)
        assert connection.execute(query).scalars().all() == ["HS-1", "HS-2", "HS-3"]
    restore_order(ledger_database, "HS-2")
    (row,) = [row for row in before["order_documents"] if "HS-2" in row]
    assert row in read_rows(ledger_database)["order_documents"]

"""An order that is recovered after it was archived: its earlier document stays in the archive, and is not forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select

from ledger.retention.archive_folder import ArchiveFolder
from ledger.retention.archive_orders import archive_orders
from ledger.retention.archive_rules import rules_for
from ledger.retention.archived_order import find_archived, open_archived, restore_order
from ledger.retention.customer_orders import find_stored_orders
from ledger.retention.erase_stored import StoredErasure, erase_stored
from ledger.retention.register_archive import register_archive
from ledger.schema.tables import attempts, orders, watermarks
from tests.ledger.retention.ledger_orders import LATER, write, write_ended
from tests.ledger.retention.remnants_search import archive_contents, found
from tests.support.ledger.attempt_rows import attempt
from tests.support.ledger.contents import clear
from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder
from workflows.contract.states import OrderState

EVERYTHING = rules_for((), timedelta(days=30))


@pytest.fixture
def folder(tmp_path: Path) -> ArchiveFolder:
    return ArchiveFolder(tmp_path / "archive")


def _recover(engine: Engine, order: SimulatedOrder) -> None:
    """Another run goes on, and ends."""
    order.continue_as_new()
    order.state, order.ended_at = OrderState.IN_PROGRESS, None
    write(engine, order.complete(), order.end(OrderState.COMPLETED))


def _archive_and_recover(engine: Engine, folder: ArchiveFolder, order_id: str = "HS-1") -> SimulatedOrder:
    order = write_ended(engine, order_id, OrderState.FAILED)
    archive_orders(engine, folder, EVERYTHING, LATER)
    _recover(engine, order)
    return order


def _recover_the_second_submission(engine: Engine, folder: ArchiveFolder) -> None:
    """Both submissions were archived in one document."""
    first = SimulatedOrder("HS-1", "s1", state=OrderState.REJECTED)
    first.ended_at = EPOCH
    second = SimulatedOrder("HS-1", "s2", started_at=EPOCH + timedelta(hours=1))
    write(engine, first.complete(), second.complete(), second.end(OrderState.FAILED))
    archive_orders(engine, folder, EVERYTHING, LATER)
    _recover(engine, second)


def _erase(engine: Engine) -> StoredErasure:
    return erase_stored(engine, 1, list(find_stored_orders(engine, "C-42").values()), LATER, None)


def _submissions(engine: Engine) -> list[tuple[str, str, bool]]:
    columns = orders.c
    query = select(columns.submission, columns.state, columns.is_current).order_by(columns.started_at)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def _stale_notes(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        names = connection.execute(select(watermarks.c.name)).scalars()
        return [name for name in names if name.startswith("archive_stale:")]


def test_the_erasure_reaches_the_document_that_the_order_has_left(
    ledger_database: Engine, folder: ArchiveFolder
) -> None:
    _archive_and_recover(ledger_database, folder)
    assert found(["Nora Quill"], archive_contents(folder.path)) != []
    done = _erase(ledger_database)
    assert (done.remaining, done.counts["archived"]) == ([], 1)
    assert found(["Nora Quill"], archive_contents(folder.path)) == []
    assert _stale_notes(ledger_database) == []


def test_the_erasure_reaches_every_document_of_an_order_that_was_archived_again(
    ledger_database: Engine, folder: ArchiveFolder
) -> None:
    _archive_and_recover(ledger_database, folder)
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    done = _erase(ledger_database)
    assert (done.remaining, done.counts["archived"]) == ([], 2)
    assert found(["Nora Quill"], archive_contents(folder.path)) == []


def test_the_document_is_still_known_after_its_file_was_replaced(
    ledger_database: Engine, folder: ArchiveFolder
) -> None:
    write_ended(ledger_database, "HS-2", customer="C-other")
    _archive_and_recover(ledger_database, folder)
    assert restore_order(ledger_database, "HS-2") == 1
    assert found(["Nora Quill of C-42"], archive_contents(folder.path)) != []
    assert _erase(ledger_database).remaining == []
    assert found(["Nora Quill of C-42"], archive_contents(folder.path)) == []


def test_the_erasure_waits_for_an_archive_that_is_away(ledger_database: Engine, folder: ArchiveFolder) -> None:
    _archive_and_recover(ledger_database, folder)
    away = folder.path.rename(folder.path.parent / "away")
    targets = list(find_stored_orders(ledger_database, "C-42").values())
    assert [each.order_id for each in erase_stored(ledger_database, 1, targets, LATER, None).remaining] == ["HS-1"]
    assert erase_stored(ledger_database, 1, targets, LATER, away).remaining == []
    assert found(["Nora Quill"], archive_contents(away)) == []


def test_a_new_database_learns_of_the_document(ledger_database: Engine, folder: ArchiveFolder) -> None:
    """Its rows were written anew before the archive was registered."""
    order = _archive_and_recover(ledger_database, folder)
    clear(ledger_database)
    write(ledger_database, order.complete())
    assert register_archive(ledger_database, folder.path, LATER) == 0
    assert _erase(ledger_database).remaining == []
    assert found(["Nora Quill"], archive_contents(folder.path)) == []


def test_a_new_database_takes_the_newest_document(ledger_database: Engine, folder: ArchiveFolder) -> None:
    _archive_and_recover(ledger_database, folder)
    archive_orders(ledger_database, folder, EVERYTHING, LATER + timedelta(days=1))
    known = find_archived(ledger_database, "HS-1")[0].file
    clear(ledger_database)
    assert register_archive(ledger_database, folder.path, LATER) == 1
    assert [each.file for each in find_archived(ledger_database, "HS-1")] == [known]
    assert len(_stale_notes(ledger_database)) == 1


def test_an_earlier_submission_comes_back_beside_a_recovered_one(
    ledger_database: Engine, folder: ArchiveFolder
) -> None:
    _recover_the_second_submission(ledger_database, folder)
    assert restore_order(ledger_database, "HS-1") == 1
    assert _submissions(ledger_database) == [("s1", "rejected", False), ("s2", "completed", True)]
    assert (folder.files(), _stale_notes(ledger_database)) == ([], [])


def test_attempts_come_back_with_the_earlier_submission(ledger_database: Engine, folder: ArchiveFolder) -> None:
    with ledger_database.begin() as connection:
        connection.execute(insert(attempts), attempt("HS-1", "visit", EPOCH, 1))
    _recover_the_second_submission(ledger_database, folder)
    with ledger_database.begin() as connection:
        connection.execute(insert(attempts), attempt("HS-1", "visit", EPOCH, 1))
        connection.execute(insert(attempts), attempt("HS-1", "visit", LATER, 1))
    restore_order(ledger_database, "HS-1")
    with ledger_database.connect() as connection:
        assert connection.execute(select(attempts.c.started_at).order_by(attempts.c.started_at)).scalars().all() == [
            EPOCH,
            LATER,
        ]


def test_an_order_whose_submissions_are_in_two_documents_is_shown(
    ledger_database: Engine, folder: ArchiveFolder
) -> None:
    _recover_the_second_submission(ledger_database, folder)
    archive_orders(ledger_database, folder, EVERYTHING, LATER)
    alone = open_archived(ledger_database, "HS-1")
    assert alone is not None
    assert _submissions(alone) == [("s1", "rejected", False), ("s2", "completed", True)]
    alone.dispose()


def test_an_earlier_submission_is_shown_without_the_recovered_one(
    ledger_database: Engine, folder: ArchiveFolder
) -> None:
    _recover_the_second_submission(ledger_database, folder)
    alone = open_archived(ledger_database, "HS-1")
    assert alone is not None
    assert _submissions(alone) == [("s1", "rejected", True)]
    alone.dispose()

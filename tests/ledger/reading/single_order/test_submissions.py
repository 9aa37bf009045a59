"""Each submission of an order is listed and read, wherever its rows are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from ledger.database import write_transaction
from ledger.reading.ledger_reader import LedgerReader
from ledger.reading.single_order.submissions import StoredSubmission
from ledger.retention.archive_folder import ArchiveFolder
from ledger.retention.archive_orders import archive_orders
from ledger.retention.archive_rules import rules_for
from ledger.retention.customer_orders import CustomerOrder
from ledger.retention.erase_stored import erase_stored
from ledger.schema.tables import orders
from tests.ledger.retention.ledger_orders import LATER, write
from tests.support.ledger.simulated_orders import VERSION, SimulatedOrder
from tests.support.ledger.submitted_again import BEGAN, fulfilled, rejected, second_revision, submitted_again
from workflows.contract.order_views import InterruptionKind
from workflows.contract.states import OrderState

OLD_ENOUGH = rules_for((), timedelta(days=30))


def listed(engine: Engine, order_id: str = "HS-1") -> list[StoredSubmission]:
    found, _ = LedgerReader(engine).read_submissions(order_id)
    return found


def test_submissions_are_numbered_by_their_start(ledger_database: Engine) -> None:
    write(ledger_database, *submitted_again("HS-1"), SimulatedOrder("HS-2").complete())
    first, second, third = listed(ledger_database)
    assert [each.number for each in (first, second, third)] == [1, 2, 3]
    assert [each.submission for each in (first, second, third)] == [f"run-{run}-of-HS-1" for run in "zma"]
    assert [each.started_at for each in (first, second, third)] == BEGAN
    assert [each.state for each in (first, second, third)] == ["rejected", "completed", "in_progress"]
    assert [each.revision for each in (first, second, third)] == [1, 1, 2]
    assert [each.is_current for each in (first, second, third)] == [False, False, True]
    assert (first.catalogue_version, first.interrupted) == (VERSION, None)
    assert (first.ended_at is None, third.ended_at) == (False, None)
    assert listed(ledger_database, "HS-3") == []


def test_each_submission_has_its_own_rows(ledger_database: Engine) -> None:
    write(ledger_database, *submitted_again("HS-1"))
    reader = LedgerReader(ledger_database)
    found = [reader.read_order("HS-1", each.submission)[0] for each in listed(ledger_database)]
    read = [each for each in found if each is not None]
    assert [each.order.state for each in read] == ["rejected", "completed", "in_progress"]
    assert [each.steps[0].state for each in read] == ["pending", "completed", "in_progress"]
    assert [[entry.what for entry in each.order.history][1:] for each in read] == [
        ["order rejected"],
        ["all is done", "order completed"],
        ["once more"],
    ]
    assert read[2:] == [reader.read_order("HS-1")[0]]
    assert reader.read_order("HS-1", "run-of-nobody")[0] is None


def test_a_submission_that_was_ended_from_outside_says_so(ledger_database: Engine) -> None:
    write(ledger_database, *second_revision("HS-1"))
    with write_transaction(ledger_database) as connection:
        connection.execute(update(orders).values(interrupted_kind="terminated"))
    (only,) = listed(ledger_database)
    assert only.interrupted is InterruptionKind.TERMINATED


@pytest.mark.parametrize("archive_format", ["jsonl", "parquet"])
def test_archived_submissions_are_listed_and_read_beside_the_latest(
    ledger_database: Engine, tmp_path: Path, archive_format: str
) -> None:
    folder = ArchiveFolder(tmp_path / "archive")
    write(ledger_database, *rejected("HS-1"), *fulfilled("HS-1"))
    before, reader = listed(ledger_database), LedgerReader(ledger_database)
    known = [reader.read_order("HS-1", each.submission)[0] for each in before]
    archive_orders(ledger_database, folder, OLD_ENOUGH, LATER, archive_format=archive_format)
    (file,) = folder.files()
    moved = [replace(each.storage, archive_file=str(folder.path / file)) for each in before]
    archived = [
        replace(each, revision=None, catalogue_version=None, storage=storage)
        for each, storage in zip(before, moved, strict=True)
    ]
    assert listed(ledger_database) == archived
    write(ledger_database, *second_revision("HS-1"))
    *earlier, latest = listed(ledger_database)
    assert earlier == [replace(each, is_current=False) for each in archived]
    assert (latest.number, latest.revision, latest.is_current) == (3, 2, True)
    for each, storage, was in zip(earlier, moved, known, strict=True):
        found, _ = reader.read_order("HS-1", each.submission)
        assert found is not None
        assert was is not None
        assert found == replace(was, head=found.head, storage=storage)
    current, _ = reader.read_order("HS-1")
    assert current is not None
    assert current.order.state is OrderState.IN_PROGRESS


def test_an_erased_submission_says_so(ledger_database: Engine) -> None:
    write(ledger_database, *rejected("HS-1"), *fulfilled("HS-1"))
    first, second = listed(ledger_database)
    erase_stored(ledger_database, 7, [CustomerOrder("HS-1", {first.submission})], LATER, None)
    erased, kept = listed(ledger_database)
    assert kept == second
    assert erased == replace(first, storage=replace(first.storage, erased_at=LATER, erasure=7))

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, insert

from ledger.database import write_transaction
from ledger.reading.ledger_reader import LedgerReader
from ledger.schema.tables import attempts
from ledger.writing.apply_changes import apply_changes
from tests.ledger.retention.ledger_orders import write
from tests.support.ledger.attempt_rows import attempt
from tests.support.ledger.simulated_orders import SimulatedOrder
from tests.support.ledger.submitted_again import BEGAN, submitted_again


def test_attempts_of_the_latest_submission_are_read_in_their_order(ledger_database: Engine) -> None:
    change = SimulatedOrder("HS-1").complete()
    began = change.order.started_at
    again = began + timedelta(seconds=9)
    failed = {"outcome": "failed", "status": 503, "code": "503", "message": "shop: 503", "next_attempt_at": again}
    rows = [
        attempt("HS-1", "b.two@1", began + timedelta(seconds=20), 1, effect="undo"),
        attempt("HS-1", "a.one@1", began + timedelta(seconds=1), 1, **failed),
        attempt("HS-1", "a.one@1", again, 2),
        attempt("HS-1", "a.one@1", began - timedelta(days=3), 1),
        attempt("HS-2", "a.one@1", again, 1),
    ]
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [change])
        connection.execute(insert(attempts), rows)
    reader = LedgerReader(ledger_database)
    found = reader.read_attempts("HS-1")
    assert [(each.step, each.number, each.undo, each.outcome) for each in found] == [
        ("a.one@1", 1, False, "failed"),
        ("a.one@1", 2, False, "succeeded"),
        ("b.two@1", 1, True, "succeeded"),
    ]
    assert (found[0].code, found[0].status, found[0].seconds, found[0].next_attempt_at) == ("503", 503, 0.25, again)
    assert [each.number for each in reader.read_attempts("HS-1", "a.one@1")] == [1, 2]
    assert reader.read_attempts("HS-3") == []


def test_an_attempt_belongs_to_the_submission_that_had_started_last(ledger_database: Engine) -> None:
    write(ledger_database, *submitted_again("HS-1"))
    second = timedelta(seconds=1)
    began = [BEGAN[1], BEGAN[1] + second, BEGAN[2] - second, BEGAN[2], BEGAN[2] + second]
    with write_transaction(ledger_database) as connection:
        rows = [attempt("HS-1", "a.one@1", at, number) for number, at in enumerate(began, start=1)]
        connection.execute(insert(attempts), rows)
    reader = LedgerReader(ledger_database)

    def numbers(submission: str | None, step: str | None = None) -> list[int]:
        return [each.number for each in reader.read_attempts("HS-1", step, submission)]

    assert numbers("run-z-of-HS-1") == []
    assert numbers("run-m-of-HS-1") == numbers("run-m-of-HS-1", "a.one@1") == [1, 2, 3]
    assert numbers("run-a-of-HS-1") == numbers(None) == [4, 5]
    assert numbers("run-m-of-HS-1", "b.two@1") == numbers("run-x-of-HS-1") == []

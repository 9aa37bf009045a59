from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert

from ledger.database import write_transaction
from ledger.reading.ledger_reader import LedgerReader
from ledger.schema.tables import attempts
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.simulated_orders import SimulatedOrder


def attempt(order_id: str, step: str, at: datetime, number: int, **further: Any) -> dict[str, Any]:
    common = {"effect": "do", "effect_number": 1, "token": "t", "system": "shop", "worker": "w-1"}
    ended = {"ended_at": at + timedelta(seconds=0.25), "code": None, "message": None, "next_attempt_at": None}
    ids = {"order_id": order_id, "step_id": step, "started_at": at, "number": number}
    return {**ids, **common, **ended, "outcome": "succeeded", "status": 200, **further}


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

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine

from activity_contract.line_reasons import LineReason
from ledger.database import write_transaction
from ledger.reading.ledger_reader import LedgerReader
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.simulated_orders import SimulatedOrder

CAMERA = LineReason("camera@1", "rule", "1", "camera", "always", "offer.yaml:3:5")
HUB = LineReason("hub@1", "rule", "1", "hub", "`attributes.hub` holds", "offer.yaml:4:5", {"attributes.hub": True})
MORE = LineReason(
    "camera@1", "rule", "2", "camera", "always", "class.yaml:9:3", {"quantity": 2}, "quantity * 2", quantity_value=4
)


def test_reasons_are_read_as_they_were_written(ledger_database: Engine) -> None:
    change = replace(SimulatedOrder("HS-1").complete(), line_reasons=[HUB, CAMERA, MORE])
    other = replace(SimulatedOrder("HS-2").complete(), line_reasons=None)
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [change, other])
    reader = LedgerReader(ledger_database)
    assert reader.read_line_reasons("HS-1") == [CAMERA, MORE, HUB]
    assert reader.read_line_reasons("HS-2") == []
    assert reader.read_line_reasons("HS-3") is None

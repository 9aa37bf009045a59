"""The ledger cuts the same page out of a history as is cut out of all entries."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import Engine

from ledger.database import write_transaction
from ledger.reading.ledger_reader import LedgerReader
from ledger.reading.single_order.history_page import HistoryFilter, HistoryRequest, history_page
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.simulated_orders import SimulatedOrder
from workflows.contract.order_changes import HistoryRecord

STEPS = ("a.one@1", "b.two@1", None)
PEOPLE = ("ann", None)
FILTERS: tuple[HistoryFilter, ...] = ("all", "people", "engine")


@pytest.fixture
def reader(ledger_database: Engine) -> LedgerReader:
    """An order with 25 entries: of two steps or none, by a person or the engine."""
    order = SimulatedOrder("HS-1")
    for number, (step, by) in zip(range(2, 26), [*product(STEPS, PEOPLE)] * 4, strict=True):
        data = {"serial": number} if by else None
        order.history.append(HistoryRecord(number, order.now, f"note {number}", step, by, None, data))
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [order.complete(), SimulatedOrder("HS-2").complete()])
    return LedgerReader(ledger_database)


def test_pages_are_those_of_the_whole_history(reader: LedgerReader) -> None:
    whole, _ = reader.read_order("HS-1")
    assert whole is not None
    assert len(whole.order.history) == 25
    for filter_, step, page in product(FILTERS, ("", "a.one@1", "none@1"), (1, 2, 3, 99)):
        request = HistoryRequest(filter_, step, page, size=4)
        found, _ = reader.read_history_page("HS-1", request)
        assert found is not None
        assert found[1] == history_page(whole.order.history, request), request


def test_an_order_that_the_ledger_does_not_have_has_no_page(reader: LedgerReader) -> None:
    assert reader.read_history_page("HS-9", HistoryRequest())[0] is None

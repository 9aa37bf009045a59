"""How many orders fit each criterion: counted as far as it matters."""

from __future__ import annotations

import pytest

from ledger.database import is_sqlite
from ledger.reading.filters.criterion_sizes import count_keys, sizes_rarest_first
from ledger.reading.filters.order_criteria import OrderCriteria
from ledger.reading.filters.order_filter import OrderFilter
from tests.support.ledger.filled_ledgers import ORDERS, FilledLedger
from workflows.contract.states import OrderState

SEVERAL = OrderFilter(
    search="so smith", product="offer_01", states=(OrderState.COMPLETED,), customer="C-000001", system="network"
)


RARE_STATE = OrderFilter(product="offer_00", states=(OrderState.CANCELLED,))


@pytest.mark.parametrize(("wanted", "number"), [(SEVERAL, 6), (RARE_STATE, 2)])
@pytest.mark.parametrize("exact", [3, 30, 45, 300, 3_000])
def test_the_rarest_criterion_comes_first(filled: FilledLedger, exact: int, wanted: OrderFilter, number: int) -> None:
    """If it can be told: it does not fit more than five times `exact` orders."""
    with filled.engine.connect() as connection:
        criteria = OrderCriteria(wanted, is_sqlite(connection)).all()
        sizes = {each: count_keys(connection, each, 10 * ORDERS) for each in criteria}
        ordered = list(sizes_rarest_first(connection, criteria, exact))
    assert len(sizes) == number
    assert set(ordered) == set(criteria)
    if min(sizes.values()) <= 5 * exact:
        assert sizes[ordered[0]] == min(sizes.values())


def test_keys_are_counted_up_to_a_limit(filled: FilledLedger) -> None:
    with filled.engine.connect() as connection:
        is_on_sqlite = is_sqlite(connection)
        for criteria in (OrderFilter(search="so"), OrderFilter(states=(OrderState.COMPLETED,))):
            (criterion,) = OrderCriteria(criteria, is_on_sqlite).all()
            assert count_keys(connection, criterion, 7) == 7
            assert count_keys(connection, criterion, 10 * ORDERS) > ORDERS / 2

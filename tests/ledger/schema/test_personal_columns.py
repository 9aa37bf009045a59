"""Every column that can hold text is either marked as personal, and erased, or listed here."""

from __future__ import annotations

import pytest
from sqlalchemy import JSON, Column, Table, Text

from ledger.retention.personal_data import ORDER_TABLES, blank_values, is_personal
from ledger.schema.tables import metadata

IDS = {
    *("order_id", "submission", "earlier_submission", "later_submission", "run_id", "step_id", "line_id", "token"),
    *("worker", "version"),
}
NAMES_OF_DEFINITIONS = {
    *("product", "products", "system", "queue", "second_queue", "third_queue", "escalated_to", "workstream"),
    *("workstream_name", "kind", "action", "error_code", "code", "name", "place", "source", "quantity"),
}
STATES = {"state", "jeopardy", "interrupted_kind", "outcome", "effect", "scope", "reason"}
STRUCTURE = {"lines", "after", "sources", "other_orders", "quantity_value"}
OF_THE_LEDGER = {"file", "value", "counts", "remaining", "customer_digest", "error"}
"""`error` of a gap is without values; `remaining` has ids of orders."""
ERASED_OTHERWISE = {("order_ids", "digest")}
"""A digest of personal data: erasure removes it."""


def _texts(table: Table) -> list[Column[object]]:
    return [column for column in table.c if isinstance(column.type, Text | JSON) and not is_personal(column)]


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_columns_that_are_not_personal_are_known_to_be_so(table: Table) -> None:
    known = IDS | NAMES_OF_DEFINITIONS | STATES | STRUCTURE | OF_THE_LEDGER
    unknown = [
        column.name
        for column in _texts(table)
        if column.name not in known and (table.name, column.name) not in ERASED_OTHERWISE
    ]
    assert unknown == []


def test_personal_columns_of_orders_are_erased_in_every_table() -> None:
    with_person = {table.name for table in metadata.sorted_tables if any(map(is_personal, table.c))}
    apart = {"legal_holds", "erasures", "archived_orders"}
    assert with_person - apart <= {table.name for table in ORDER_TABLES}
    for table in ORDER_TABLES:
        for name, value in (blank_values(table) or {}).items():
            assert value in (None, "", {}, []), (table.name, name)
            assert value is not None or table.c[name].nullable, (table.name, name)

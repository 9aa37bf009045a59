"""Each column of text or JSON may hold data of a person, and is marked for erasure, or is listed here."""

from __future__ import annotations

from sqlalchemy import Column, Text
from sqlalchemy.types import JSON

from ledger.retention.personal_data import ORDER_TABLES, blank_values, is_personal
from ledger.schema.tables import metadata

IMPERSONAL = {
    "archived_orders": "order_id submission state file",
    "attempts": "order_id step_id effect token system outcome code worker",
    "catalogue_versions": "version",
    "clashes": "order_id earlier_submission later_submission",
    "erased_orders": "order_id submission",
    "erasures": "customer_digest counts remaining",
    "feeders": "worker",
    "gaps": "order_id submission reason error",
    "history_entries": "step_id",
    "legal_holds": "scope",
    "line_reasons": "line_id kind source name place quantity quantity_value",
    "order_documents": "products",
    "order_ids": "order_id digest submission",
    "order_lines": "line_id product name quantity action state sources",
    "order_products": "product",
    "order_systems": "system",
    "orders": "order_id submission run_id state jeopardy interrupted_kind",
    "state_counts": "state",
    "steps": "step_id workstream workstream_name name kind lines after state jeopardy system queue escalated_to "
    "error_code other_orders",
    "watermarks": "name value",
    "work_items": "kind order_id step_id queue second_queue third_queue system error_code jeopardy",
}
"""Ids, states, codes, and what definitions say. A digest is erased with its order all the same."""


def _can_hold_text(column: Column[object]) -> bool:
    return isinstance(column.type, Text | JSON)


def test_a_column_is_marked_or_known_to_hold_nothing_of_a_person() -> None:
    unmarked = {
        table.name: {each.name for each in table.columns if _can_hold_text(each) and not is_personal(each)}
        for table in metadata.sorted_tables
    }
    assert {name: columns for name, columns in unmarked.items() if columns} == {
        name: set(columns.split()) for name, columns in IMPERSONAL.items()
    }


def test_personal_columns_of_orders_are_erased_in_every_table() -> None:
    with_person = {table.name for table in metadata.sorted_tables if any(map(is_personal, table.c))}
    apart = {"legal_holds", "erasures", "archived_orders"}
    assert with_person - apart <= {table.name for table in ORDER_TABLES}
    for table in ORDER_TABLES:
        for name, value in (blank_values(table) or {}).items():
            assert value in (None, "", {}, []), (table.name, name)
            assert value is not None or table.c[name].nullable, (table.name, name)

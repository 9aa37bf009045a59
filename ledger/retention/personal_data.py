"""Takes the personal data out of an order's rows. What is personal, the schema says."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import JSON, Column, Connection, Table, delete, update

from ledger.retention.attempt_owners import OtherPeriods, Period, in_none_of
from ledger.retention.order_rows import BY_ORDER_ID, OrderRows
from ledger.schema.tables import ROWS_OF_AN_ORDER, attempts, order_words, orders
from ledger.schema.value_lists import IsOneOf
from ledger.writing.order_rows import id_word_rows

ORDER_TABLES = (orders, *ROWS_OF_AN_ORDER, *BY_ORDER_ID)


def is_personal(column: Column[Any]) -> bool:
    return bool(column.info.get("personal"))


@cache
def blank_values(table: Table) -> dict[str, Any] | None:
    """The values of the personal columns without the person. None: the rows consist of personal data, and go."""
    personal = [column for column in table.c if is_personal(column)]
    if any(column.primary_key for column in personal):
        return None
    return {column.name: _blank(column) for column in personal}


def _blank(column: Column[Any]) -> Any:
    if column.nullable:
        return None
    return column.info.get("blank", {} if isinstance(column.type, JSON) else "")


def blank_rows(connection: Connection, order_keys: Collection[int]) -> None:
    """`order_keys`: keys of rows of `orders`."""
    keys = sorted(order_keys)
    for table in (orders, *ROWS_OF_AN_ORDER):
        of_orders = (table.c.key if table is orders else table.c.order_key).in_(keys)
        values = blank_values(table)
        if values is None:
            connection.execute(delete(table).where(of_orders))
        elif values:
            connection.execute(update(table).where(of_orders).values(values))


def blank_attempts(connection: Connection, order_ids: Collection[str], others: OtherPeriods) -> None:
    """`others`: submissions of these orders that keep their data."""
    change = update(attempts).values(blank_values(attempts) or {})
    alone = [order_id for order_id in order_ids if order_id not in others]
    connection.execute(change.where(IsOneOf(attempts.c.order_id, "order_ids")), {"order_ids": alone})
    for order_id, periods in others.items():
        connection.execute(change.where(attempts.c.order_id == order_id, in_none_of(periods)))


def blank_document(document: OrderRows, submissions: Collection[str], others: Collection[Period] = ()) -> OrderRows:
    """The archived order without the personal data of these submissions. `others`: when other ones ran."""
    keys = {row["key"] for row in document.orders if row["submission"] in submissions}
    blanked = OrderRows(document.order_id)
    for table in ORDER_TABLES:
        values = blank_values(table)
        for row in document.tables.get(table.name, ()):
            if table is attempts:
                is_concerned = not any(row["started_at"] in period for period in others)
            else:
                is_concerned = row.get("order_key", row.get("key")) in keys
            if not is_concerned:
                blanked.tables[table.name].append(row)
            elif values is not None:
                blanked.tables[table.name].append(row | values)
    current = [row["key"] for row in blanked.orders if row["is_current"] and row["key"] in keys]
    blanked.tables[order_words.name] += [row for key in current for row in id_word_rows(key, document.order_id)]
    return blanked

"""Changes the states of lines whose plan stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from ledger.database import is_sqlite
from ledger.schema.tables import order_lines
from ledger.schema.value_lists import IsOneOf
from ledger.writing.batch import RowBatch
from ledger.writing.order_updates import OrderUpdate
from workflows.contract.states import OrderState

_columns = order_lines.c
_SELECT_NUMBERS = select(_columns.order_key, _columns.number, _columns.line_id).where(
    IsOneOf(_columns.order_key, "order_keys"), IsOneOf(_columns.line_id, "line_ids")
)


def put_line_states(connection: Connection, batch: RowBatch, updates: Sequence[OrderUpdate]) -> None:
    """The index of lines has their numbers, and not their ids. PostgreSQL joins all states of a batch with it at once.
    SQLite would read all lines of the order for each state, so the numbers are read before."""
    changed = {each.key: each.change.line_states for each in updates if each.change.lines is None}
    states = {key: of_order for key, of_order in changed.items() if of_order}
    if is_sqlite(connection):
        _put_by_number(connection, batch, states)
        return
    for key, of_order in states.items():
        for line_id, state in of_order.items():
            row = {"order_key": key, "line_id": line_id, "state": state.value}
            batch.update(order_lines, ("order_key", "line_id"), row)


def _put_by_number(connection: Connection, batch: RowBatch, states: Mapping[int, Mapping[str, OrderState]]) -> None:
    if not states:
        return
    line_ids = {line_id for of_order in states.values() for line_id in of_order}
    found = connection.execute(_SELECT_NUMBERS, {"order_keys": states.keys(), "line_ids": line_ids})
    for key, number, line_id in found:
        if (state := states[key].get(line_id)) is not None:
            batch.update(
                order_lines, ("order_key", "number"), {"order_key": key, "number": number, "state": state.value}
            )

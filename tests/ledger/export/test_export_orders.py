"""Exports of thousands of orders, on both databases: each row is there once, as JSON lines, CSV and Parquet."""

from __future__ import annotations

import csv
import io
import json
import stat
import sys
import tracemalloc
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from sqlalchemy import update

from ledger.database import write_transaction
from ledger.export import order_batches
from ledger.export.export_formats import ParquetMissing
from ledger.export.export_kinds import ExportFormat, ExportTable
from ledger.export.export_orders import export_to_file, export_to_stream
from ledger.export.order_batches import nested_orders
from ledger.reading.errors import InvalidSearch
from ledger.reading.filters.order_filter import OrderFilter
from ledger.schema.tables import orders
from tests.support.ledger.filled_ledgers import FilledLedger
from workflows.contract.states import OrderState

EVERYTHING = OrderFilter()
CANCELLED = OrderFilter(states=(OrderState.CANCELLED,), limit=1)


def exported(ledger: FilledLedger, criteria: OrderFilter, table: ExportTable, output: ExportFormat) -> bytes:
    stream = io.BytesIO()
    export_to_stream(ledger.reader, criteria, table, output, stream)
    return stream.getvalue()


def csv_of(ledger: FilledLedger, criteria: OrderFilter, table: ExportTable) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported(ledger, criteria, table, ExportFormat.CSV).decode())))


def test_a_line_of_json_is_a_whole_order(filled: FilledLedger) -> None:
    lines = exported(filled, CANCELLED, ExportTable.ORDERS, ExportFormat.JSONL).decode().splitlines()
    wanted = [change for change in filled.changes if change.order.state is OrderState.CANCELLED]
    found = {order["order_id"]: order for order in map(json.loads, lines)}
    assert len(lines) == len(found) == len(wanted) > 100
    for change in wanted:
        order = found[change.order_id]
        assert datetime.fromisoformat(order["started_at"]) == change.order.started_at
        assert (order["customer"], order["submitted"]) == (change.order.customer, change.submitted)
        assert order["catalogue_version"] == change.order.catalogue_version
        assert [step["step_id"] for step in order["steps"]] == [step.id for step in change.steps]
        assert [line["line_id"] for line in order["lines"]] == [line.id for line in change.lines or []]
        assert [entry["what"] for entry in order["history"]] == [entry.what for entry in change.history]
        assert (order["amendments"], order["attempts"]) == ([], [])


@pytest.mark.parametrize("table", [ExportTable.ORDERS, ExportTable.STEPS, ExportTable.WORK, ExportTable.HISTORY])
def test_csv_and_parquet_have_the_same_rows(filled: FilledLedger, tmp_path: Path, table: ExportTable) -> None:
    criteria = OrderFilter(running=True)
    rows = csv_of(filled, criteria, table)
    file = tmp_path / "rows.parquet"
    assert export_to_file(filled.reader, criteria, table, ExportFormat.PARQUET, file) == len(rows) > 10
    found: list[dict[str, Any]] = parquet.read_table(file).to_pylist()
    assert [list(row) for row in found[:1]] == [list(row) for row in rows[:1]]
    for one, other in zip(rows, found, strict=True):
        for name, text in one.items():
            value = other[name]
            if isinstance(value, datetime):
                assert datetime.fromisoformat(text) == value
            else:
                assert text == ("" if value is None else str(value).lower() if isinstance(value, bool) else str(value))


def test_rows_of_all_batches_are_there_once(filled: FilledLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_batches, "BATCH", 70)
    assert sorted(row["order_id"] for row in csv_of(filled, EVERYTHING, ExportTable.ORDERS)) == sorted(
        change.order_id for change in filled.changes
    )
    steps = [(row["order_id"], row["step_id"]) for row in csv_of(filled, EVERYTHING, ExportTable.STEPS)]
    assert len(steps) == len(set(steps)) == sum(len(change.steps) for change in filled.changes)


def test_an_export_shows_one_moment_and_keeps_a_batch_in_memory(
    filled: FilledLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_batches, "BATCH", 100)
    last = filled.changes[-1].order_id
    tracemalloc.start()
    try:
        with filled.reader.snapshot() as connection:
            rows = nested_orders(connection, EVERYTHING)
            first = next(rows)
            with write_transaction(filled.engine) as other:
                other.execute(update(orders).where(orders.c.order_id == last).values(customer_name="Changed"))
            names = {row["order_id"]: row["customer_name"] for row in rows}
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        with write_transaction(filled.engine) as other:
            name = filled.changes[-1].order.customer["name"]
            other.execute(update(orders).where(orders.c.order_id == last).values(customer_name=name))
    assert first["order_id"] not in names
    assert names[last] == filled.changes[-1].order.customer["name"]
    assert peak < 25_000_000, "all orders would take several times as much"


def test_a_file_appears_complete_or_not_at_all(filled: FilledLedger, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("the export of yesterday")
    with pytest.raises(InvalidSearch):
        export_to_file(filled.reader, OrderFilter(search="--"), ExportTable.ORDERS, ExportFormat.CSV, file)
    assert [each.name for each in tmp_path.iterdir()] == ["orders.csv"]
    assert file.read_text() == "the export of yesterday"
    export_to_file(filled.reader, CANCELLED, ExportTable.ORDERS, ExportFormat.CSV, file)
    assert file.read_text().startswith("order_id,submission,")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["orders.csv"]


def test_without_pyarrow_the_message_says_what_to_install(
    filled: FilledLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ParquetMissing, match=r"install `ordo\[parquet\]`"):
        export_to_file(filled.reader, CANCELLED, ExportTable.ORDERS, ExportFormat.PARQUET, tmp_path / "orders.parquet")
    assert list(tmp_path.iterdir()) == []

"""All rows of a ledger, to compare two of them."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Engine, Table, func, select

from ledger.database import write_transaction
from ledger.schema.tables import (
    catalogue_versions,
    clashes,
    feeders,
    gaps,
    metadata,
    orders,
    state_counts,
    watermarks,
)

OF_FEEDING = frozenset({feeders, gaps, watermarks, catalogue_versions, clashes, state_counts})
"""How the rows came here, not what they say."""

Rows = dict[str, list[str]]
"""Table → its rows as JSON, sorted."""


def read_rows(engine: Engine) -> Rows:
    """Surrogate keys are replaced by what they stand for."""
    with engine.connect() as connection:
        names = {
            row.key: f"{row.order_id}/{row.submission}"
            for row in connection.execute(select(orders.c.key, orders.c.order_id, orders.c.submission))
        }
        versions = {row.key: row.version for row in connection.execute(select(catalogue_versions))}
        rows = {
            table.name: sorted(_readable(row._asdict(), names, versions) for row in connection.execute(select(table)))
            for table in metadata.sorted_tables
            if table not in OF_FEEDING
        }
        return rows | {"state_counts": _state_counts(connection)}


def clear(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.delete())


def count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _state_counts(connection: Connection) -> list[str]:
    total = func.sum(state_counts.c.count)
    query = select(state_counts.c.state, total).group_by(state_counts.c.state).having(total != 0)
    return sorted(f"{state} {number}" for state, number in connection.execute(query))


def _readable(row: dict[str, Any], names: dict[int, str], versions: dict[int, str]) -> str:
    if "order_key" in row:
        row["order_key"] = names[row["order_key"]]
    if "catalogue_version_key" in row:
        row["catalogue_version_key"] = versions.get(row["catalogue_version_key"])
    row.pop("key", None)
    return to_json({name: row[name] for name in sorted(row)}).decode()

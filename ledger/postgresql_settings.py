"""Settings of PostgreSQL that count for one transaction."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from ledger.database import is_sqlite

INDEX_PLANS = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off"}
"""For statements that find each row by an index. Releases of PostgreSQL before 18 may compile a plan with a step that
is `off`, because they count it as very costly."""

WRITER_SETTINGS = INDEX_PLANS | {"plan_cache_mode": "force_generic_plan"}
"""PostgreSQL keeps the plan of a prepared statement until the table is analysed. A plan that was made while the table
had few rows reads the whole table, and costs more with each order. With the last setting, PostgreSQL does not plan a
statement again for each list of keys: it would get the same plan."""


def set_on_postgresql(connection: Connection, settings: Mapping[str, str]) -> None:
    """Until the transaction ends, with one message to the server. Does nothing on SQLite. Names and values are put into
    the text of the statement, so they must not come from users."""
    if not is_sqlite(connection):
        connection.exec_driver_sql("; ".join(f"SET LOCAL {name} = '{value}'" for name, value in settings.items()))

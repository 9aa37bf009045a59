"""Settings of PostgreSQL that count for one transaction."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

BY_INDEX = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
"""For statements that find each row by an index. PostgreSQL keeps the plan that it made for a statement first. If a
table had few rows then, it would read the whole table, and go on so until the table is analysed: minutes, while the
table grows."""


def set_for_transaction(connection: Connection, settings: Mapping[str, str]) -> None:
    """Until the transaction ends. One message to the server, whose names and values come from this code."""
    connection.exec_driver_sql("; ".join(f"SET LOCAL {name} = '{value}'" for name, value in settings.items()))

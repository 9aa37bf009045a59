"""Settings of PostgreSQL that count for one transaction."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

BY_INDEX = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off"}
"""For statements that find each row by an index. Releases of PostgreSQL before 18 may compile a plan with a step that
is `off`, because they count it as very costly."""

WRITING = BY_INDEX | {"plan_cache_mode": "force_generic_plan"}
"""PostgreSQL keeps the plan of a statement that it has prepared. If the tables had few rows then, it would read them as
a whole, and go on so while they grow, until they are analysed. It makes no new plan for each list of keys, either: by
index, the plans are the same."""


def set_for_transaction(connection: Connection, settings: Mapping[str, str]) -> None:
    """Until the transaction ends. One message to the server, whose names and values come from this code."""
    connection.exec_driver_sql("; ".join(f"SET LOCAL {name} = '{value}'" for name, value in settings.items()))

"""The plans by which a database answers what is sent to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from ledger.database import is_sqlite

_READING = re.compile(r"\b(FROM|UPDATE)\b")


@contextmanager
def sent_statements(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """What is sent to the database in the block and reads tables, with the parameters; of many rows, those of the
    first."""
    sent: list[tuple[str, Any]] = []

    def note(_: Connection, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        if _READING.search(statement):
            sent.append((statement, parameters[0] if many else parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def query_plan(engine: Engine, statement: str, parameters: Any) -> list[str]:
    """The steps of the plan, one a line. PostgreSQL reads whole tables only where it must."""
    with engine.connect() as connection:
        if is_sqlite(connection):
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return [str(row[-1]) for row in rows]
        connection.execute(text("SELECT set_config('enable_seqscan', 'off', true)"))
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
        return list(_nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[str]:
    inputs = plan.get("Plans", ())
    rows = max((each["Plan Rows"] for each in inputs), default=0)
    sorted_rows = f"of {rows} rows" if "Sort" in plan["Node Type"] else ""
    yield f"{plan['Node Type']} {plan.get('Relation Name', sorted_rows)} {plan.get('Index Name', '')}"
    for each in inputs:
        yield from _nodes(each)

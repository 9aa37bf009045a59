"""Expressions of SQL that SQLite and PostgreSQL write differently."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Text, cast, func, literal, type_coerce

from ledger.database import is_sqlite
from ledger.schema.column_types import UtcTime, to_microseconds
from ledger.schema.tables import steps

MICROSECONDS = 1_000_000
Time = ColumnElement[Any]


class ReportSql:
    """Writes expressions for the database of a connection."""

    def __init__(self, connection: Connection) -> None:
        self.is_sqlite = is_sqlite(connection)

    def microseconds_between(self, earlier: Time, later: Time) -> ColumnElement[int]:
        """A whole number, the same on both databases."""
        if self.is_sqlite:
            return type_coerce(later, BigInteger) - type_coerce(earlier, BigInteger)
        return cast(func.extract("epoch", later - earlier) * MICROSECONDS, BigInteger)

    def microseconds_since(self, moment: datetime, later: Time) -> ColumnElement[int]:
        if self.is_sqlite:
            return type_coerce(later, BigInteger) - literal(to_microseconds(moment), BigInteger)
        return self.microseconds_between(literal(moment, UtcTime()), later)

    def step_reference(self) -> ColumnElement[str]:
        """`workstream.step` of a step's id, as in the definition: without what tells its instances apart."""
        if self.is_sqlite:
            place = func.instr(steps.c.step_id + "@", "@")
            return type_coerce(func.substr(steps.c.step_id, 1, place - 1), Text)
        return type_coerce(func.split_part(steps.c.step_id, "@", 1), Text)

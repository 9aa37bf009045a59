"""Column types that read and write alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSON as POSTGRESQL_JSON
from sqlalchemy.engine import Dialect
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

PERSONAL = {"personal": True}
"""`info` of a column that may hold data of a person."""
PERSONAL_LIST = {"personal": True, "blank": []}
"""Like PERSONAL, for a list that is never NULL."""

Key = BigInteger().with_variant(Integer(), "sqlite")
"""A surrogate key. SQLite numbers the rows of a table by itself only if the type is INTEGER."""
SmallKey = SmallInteger().with_variant(Integer(), "sqlite")

Document = JSON(none_as_null=True).with_variant(POSTGRESQL_JSON(none_as_null=True), "postgresql")
"""Any JSON value; None is NULL. PostgreSQL's `json` keeps the order of keys, which `jsonb` does not."""


ExactText = Text(collation="C").with_variant(Text(), "sqlite")
"""Text that is compared character by character, so that an index finds all that begin alike."""


class UtcTime(TypeDecorator[datetime]):
    """A moment, with a zone in Python. TIMESTAMPTZ on PostgreSQL; microseconds since 1970 on SQLite, which has no type
    for times."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        return None if dialect.name == "postgresql" else to_microseconds

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:  # noqa: ARG002
        return _in_utc if dialect.name == "postgresql" else from_microseconds


def to_microseconds(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


def from_microseconds(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(microseconds=value)


def _in_utc(moment: datetime | None) -> datetime | None:
    """The driver answers in the zone of the session, which is UTC by another name."""
    return None if moment is None else moment.astimezone(UTC)

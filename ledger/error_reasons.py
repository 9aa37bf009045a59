"""What a database says is wrong, in words that hold no data of orders and no password."""

from __future__ import annotations

import re
import sqlite3

from sqlalchemy.exc import DBAPIError

_QUOTED_VALUE = re.compile(r': "[^"]*"?$')
_CONTENT_CLASSES = frozenset({"21", "22", "23", "54"})
"""Classes of SQLSTATE that blame the rows: cardinality, data, integrity, and limits such as the size of an index
entry."""

_COLLISIONS = frozenset({"40001", "40P01"})
"""Serialization failure, and deadlock."""


def database_error_reason(error: DBAPIError) -> str:
    """The first line of the driver's message, without the SQL, its parameters, and the values that PostgreSQL adds."""
    original = error.orig
    primary = getattr(getattr(original, "diag", None), "message_primary", None)
    text = primary or str(original)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _QUOTED_VALUE.sub("", lines[0])[:300] if lines else type(original).__name__


def blames_database(error: Exception) -> bool:
    """Whether the database is away, locked, full, read-only or set up wrongly, so that the same rows may be written
    later. If not, it does not take these rows."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return isinstance(original, sqlite3.OperationalError) or type(original) is sqlite3.DatabaseError
    state = getattr(original, "sqlstate", None)
    if state is not None:
        return state[:2] not in _CONTENT_CLASSES
    return _is_connection_error(original)


def is_collision(error: DBAPIError) -> bool:
    """Whether PostgreSQL gave the transaction up for another one: a deadlock, or an order that it cannot keep."""
    return getattr(error.orig, "sqlstate", None) in _COLLISIONS


def _is_connection_error(original: object) -> bool:
    """psycopg's errors without an SQLSTATE are of the connection, or of a value that it cannot send."""
    return type(original).__name__ not in ("DataError", "ProgrammingError", "NotSupportedError")

"""How long questions to the ledger may take."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError

from ledger.database import is_sqlite
from ledger.reading.errors import SearchTooSlow

_QUERY_CANCELED = "57014"
_INSTRUCTIONS_BETWEEN_CHECKS = 100_000
_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


@contextmanager
def limited(
    connection: Connection, seconds: float | None, settings: Mapping[str, str] = _NO_SETTINGS
) -> Iterator[None]:
    """For one transaction; PostgreSQL limits each of its statements, and has these `settings`. None: no limit. Raises
    SearchTooSlow."""
    if seconds is None:
        yield
        return
    try:
        if is_sqlite(connection):
            with _interrupted_later(connection.connection.driver_connection, seconds):
                yield
        else:
            local = {"statement_timeout": str(int(seconds * 1000)), **settings}
            connection.execute(select(*(func.set_config(name, value, True) for name, value in local.items())))
            yield
    except OperationalError as error:
        canceled = getattr(error.orig, "sqlstate", None) == _QUERY_CANCELED or str(error.orig) == "interrupted"
        if not canceled:
            raise
        raise SearchTooSlow(
            f"The search takes more than {seconds:.0f} s. Narrow it, for example by a customer or a date"
        ) from None


@contextmanager
def _interrupted_later(connection: Any, seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _INSTRUCTIONS_BETWEEN_CHECKS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)

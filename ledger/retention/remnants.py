"""Removes what a database still has of deleted values: in freed space, in the write-ahead log, in statistics."""

from __future__ import annotations

import time
from collections.abc import Iterable

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from ledger.database import is_sqlite
from ledger.error_reasons import database_error_reason
from ledger.retention.personal_data import ORDER_TABLES
from ledger.schema.tables import archived_orders, legal_holds, order_ids

CHECKPOINT_PATIENCE = 10.0
"""Seconds. A reader's transaction keeps the write-ahead log from being emptied."""
CONCERNED = (*ORDER_TABLES, archived_orders, legal_holds, order_ids)


def remove_remnants(engine: Engine, *, rewrite: bool = False) -> str | None:
    """Returns why it did not succeed, or None. `rewrite`: PostgreSQL writes the tables anew, and blocks them meanwhile;
    otherwise it leaves the old bytes in free space of the tables until they are used again."""
    try:
        return _clean_sqlite(engine) if is_sqlite(engine) else _clean_postgresql(engine, rewrite=rewrite)
    except DBAPIError as error:
        return database_error_reason(error)


def _clean_sqlite(engine: Engine) -> str | None:
    """`secure_delete` overwrites deleted rows; only VACUUM also leaves out what moved within pages."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA temp_store=FILE")  # VACUUM copies the whole database
        try:
            cursor.execute("VACUUM")
        finally:
            cursor.execute("PRAGMA temp_store=MEMORY")
        deadline = time.monotonic() + CHECKPOINT_PATIENCE
        while cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > deadline:
                return "a reader keeps the write-ahead log from being emptied"
            time.sleep(0.1)
        return None
    except engine.dialect.loaded_dbapi.Error as error:
        return str(error)
    finally:
        connection.close()


def _clean_postgresql(engine: Engine, *, rewrite: bool) -> str | None:
    options = "FULL, ANALYZE" if rewrite else "ANALYZE"
    names = ", ".join(f'"{table.name}"' for table in CONCERNED)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"VACUUM ({options}) {names}"))
        if rewrite:
            _try_each(engine, ("VACUUM (FULL) pg_catalog.pg_statistic", "CHECKPOINT"))
    return None


def _try_each(engine: Engine, statements: Iterable[str]) -> None:
    """These may need more rights than the ledger's user has: old statistics hold samples of values, and pages in memory
    are written at the next checkpoint anyway."""
    for statement in statements:
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(statement))
        except DBAPIError:
            continue

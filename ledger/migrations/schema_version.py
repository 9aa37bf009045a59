"""Which version of the schema a database has, and how it gets another."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, select, text

from ledger.database import is_sqlite, ledger_errors, write_transaction
from ledger.schema.tables import watermarks

NONE = "base"
"""The version of a database without the ledger's tables."""
OLDEST_WRITER = "oldest_writer"
"""The watermark with the oldest version whose release may still write. A version sets it that removes something."""
_MIGRATION_LOCK = 0x6F72646F  # "ordo"; any number that others do not use in this database


# It reports each look at the version, and this looks every minute.
logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)


@dataclass(frozen=True)
class SchemaState:
    current: str
    """`0001`, `0002`, …, or NONE."""
    newest: str
    """The newest version that this release knows."""
    oldest_writer: str | None = None

    @property
    def is_behind(self) -> bool:
        """Whether this release needs a newer schema."""
        return self.current == NONE or self.current < self.newest

    @property
    def has_outgrown_release(self) -> bool:
        """Whether this release is too old to write."""
        return self.oldest_writer is not None and self.newest < self.oldest_writer


def read_schema_state(engine: Engine) -> SchemaState:
    """Raises LedgerUnusable."""
    with ledger_errors(engine), engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision() or NONE
        if current == NONE:
            return SchemaState(NONE, newest_version())
        query = select(watermarks.c.value).where(watermarks.c.name == OLDEST_WRITER)
        return SchemaState(current, newest_version(), connection.execute(query).scalar())


@cache
def newest_version() -> str:
    """Cached: Alembic runs every script to tell, and a worker asks every ten seconds."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None
    return newest


def upgrade(engine: Engine, version: str = "head") -> None:
    """Raises LedgerUnusable. Several processes may call it at once: one does the work, the others wait for it."""
    with ledger_errors(engine), write_transaction(engine) as connection:
        _lock(connection)
        command.upgrade(_config(connection), version)


def downgrade(engine: Engine, version: str) -> None:
    """Removes what came after `version`, with its data. Raises LedgerUnusable."""
    with ledger_errors(engine), write_transaction(engine) as connection:
        _lock(connection)
        command.downgrade(_config(connection), version)


def known_versions() -> list[str]:
    """Those that this release knows, NONE first, then the oldest."""
    newest_first = [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]
    return [NONE, *reversed(newest_first)]


def _lock(connection: Connection) -> None:
    """On SQLite, the transaction itself is the lock."""
    if not is_sqlite(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config

"""Alembic's environment: runs the versions in the connection that the caller passes. Executed, not imported."""

from __future__ import annotations

from alembic import context

from ledger.schema.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()

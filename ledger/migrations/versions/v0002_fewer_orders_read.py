"""Lists read fewer orders on PostgreSQL: late ones, and those that are not completed, have indexes of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

LATE, NOT_COMPLETED = "ix_orders_late", "ix_orders_not_completed"
SORTED_COLUMNS = [
    *("state", "started_at", "ended_at", "requested_completion"),
    *("jeopardy", "fallout", "open_tasks", "customer_id", "order_id"),
]


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def upgrade() -> None:
    if _is_postgresql():
        late = sa.text("is_current AND jeopardy = 'late' AND ended_at IS NULL")
        op.create_index(LATE, "orders", ["key"], postgresql_include=SORTED_COLUMNS, postgresql_where=late)
        not_completed = sa.text("is_current AND state <> 'completed'")
        op.create_index(NOT_COMPLETED, "orders", ["key"], postgresql_include=["state"], postgresql_where=not_completed)


def downgrade() -> None:
    if _is_postgresql():
        op.drop_index(NOT_COMPLETED, "orders")
        op.drop_index(LATE, "orders")

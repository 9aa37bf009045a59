"""The first version: orders and all that belongs to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.schema.column_types import Document, ExactText, Key, SmallKey, UtcTime

revision = "0001"
down_revision = None
TABLES = (
    "amendments",
    "archived_orders",
    "attempts",
    "catalogue_versions",
    "clashes",
    "erased_orders",
    "erasures",
    "feeders",
    "gaps",
    "history_entries",
    "legal_holds",
    "line_reasons",
    "order_documents",
    "order_external_ids",
    "order_ids",
    "order_lines",
    "order_products",
    "order_systems",
    "order_words",
    "orders",
    "state_counts",
    "steps",
    "watermarks",
    "work_items",
)
CURRENT, INTERRUPTED = sa.text("is_current"), sa.text("interrupted_kind IS NOT NULL")
OPEN = sa.text("ended_at IS NULL")
IN_FALLOUT = sa.text("is_current AND (fallout > 0 AND ended_at IS NULL OR interrupted_kind IS NOT NULL)")
SUPERSEDED = sa.text("NOT is_current")
COUNTED = ("key", "state", "is_current")
LIST_INDEXES: dict[str, tuple[list[str], sa.TextClause | None]] = {
    "ix_orders_ended_at_started_at": (["ended_at", "started_at", "key"], CURRENT),
    "ix_orders_started_at": (["started_at", "key"], CURRENT),
    "ix_orders_requested_completion": (["requested_completion", "key"], CURRENT),
    "ix_orders_jeopardy_started_at": (["jeopardy", "started_at", "key"], CURRENT),
    "ix_orders_fallout_started_at": (["fallout", "started_at", "key"], CURRENT),
    "ix_orders_open_tasks_started_at": (["open_tasks", "started_at", "key"], CURRENT),
    "ix_orders_state_ended_at_started_at": (["state", "ended_at", "started_at", "key"], CURRENT),
    "ix_orders_state_started_at": (["state", "started_at", "key"], CURRENT),
    "ix_orders_state_requested_completion": (["state", "requested_completion", "key"], CURRENT),
    "ix_orders_customer_id_ended_at_started_at": (["customer_id", "ended_at", "started_at", *COUNTED], CURRENT),
    "ix_orders_customer_id_started_at": (["customer_id", "started_at", *COUNTED], CURRENT),
    "ix_orders_customer_id_requested_completion": (["customer_id", "requested_completion", *COUNTED], CURRENT),
    "ix_orders_catalogue_version_key_ended_at_started_at": (
        ["catalogue_version_key", "ended_at", "started_at", "key"],
        CURRENT,
    ),
    "ix_orders_catalogue_version_key_started_at": (["catalogue_version_key", "started_at", "key"], CURRENT),
    "ix_orders_catalogue_version_key_requested_completion": (
        ["catalogue_version_key", "requested_completion", "key"],
        CURRENT,
    ),
    "ix_orders_interrupted": (["ended_at", "started_at", "key"], INTERRUPTED),
    "ix_orders_in_fallout": (["started_at", "key"], IN_FALLOUT),
    "ix_orders_superseded_customer_id": (["customer_id"], SUPERSEDED),
    "ix_orders_open": (["key"], OPEN),
    "ix_order_products_product_ended_at_started_at_order_key": (
        ["product", "ended_at", "started_at", "order_key"],
        None,
    ),
    "ix_order_products_product_started_at_order_key": (["product", "started_at", "order_key"], None),
    "ix_order_products_product_requested_completion_order_key": (
        ["product", "requested_completion", "order_key"],
        None,
    ),
    "ix_order_systems_system_started_at_order_key": (["system", "started_at", "order_key"], None),
    "ix_work_items_kind_due_order_key_step_number": (["kind", "due", "order_key", "step_number"], None),
    "ix_work_items_kind_since_order_key_step_number": (["kind", "since", "order_key", "step_number"], None),
    "ix_work_items_queue_due": (["queue", "due"], None),
    "ix_work_items_second_queue": (["second_queue"], None),
    "ix_work_items_third_queue": (["third_queue"], None),
    "ix_work_items_holder": (["holder"], None),
    "ix_work_items_system_error_code": (["system", "error_code"], None),
    "ix_work_items_error_code": (["error_code"], None),
    "ix_work_items_customer_id": (["customer_id"], None),
}
"""Name → columns, and which rows it has."""
SORTED_COLUMNS = [
    *("state", "started_at", "ended_at", "requested_completion"),
    *("jeopardy", "fallout", "open_tasks", "customer_id", "order_id"),
]
REWRITTEN_OFTEN = ("orders", "order_documents", "steps", "work_items")


def upgrade() -> None:
    op.create_table(
        "amendments",
        sa.Column("order_key", Key, autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", Document, nullable=True),
        sa.Column("after", Document, nullable=False),
        sa.PrimaryKeyConstraint("order_key", "revision", name=op.f("pk_amendments")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "archived_orders",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("submission", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("archived_at", UtcTime(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "submission", name=op.f("pk_archived_orders")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_archived_orders_customer_id"), "archived_orders", ["customer_id"], unique=False)
    op.create_index(op.f("ix_archived_orders_file"), "archived_orders", ["file"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("effect_number", sa.Integer(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=False),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("next_attempt_at", UtcTime(), nullable=True),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "step_id", "started_at", "number", name=op.f("pk_attempts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "catalogue_versions",
        sa.Column("key", SmallKey, autoincrement=True, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_catalogue_versions")),
        sa.UniqueConstraint("version", name=op.f("uq_catalogue_versions_version")),
    )
    op.create_table(
        "clashes",
        sa.Column("key", Key, autoincrement=True, nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("earlier_submission", sa.Text(), nullable=False),
        sa.Column("later_submission", sa.Text(), nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_clashes")),
        sa.UniqueConstraint(
            "order_id",
            "earlier_submission",
            "later_submission",
            name=op.f("uq_clashes_order_id_earlier_submission_later_submission"),
        ),
    )
    op.create_table(
        "erasures",
        sa.Column("key", Key, autoincrement=True, nullable=False),
        sa.Column("customer_digest", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("counts", Document, nullable=False),
        sa.Column("remaining", Document, nullable=False),
        sa.Column("completed_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_customer_digest"), "erasures", ["customer_digest"], unique=False)
    op.create_table(
        "erased_orders",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("submission", sa.Text(), nullable=False),
        sa.Column("erasure_key", Key, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "submission", name=op.f("pk_erased_orders")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_erased_orders_erasure_key"), "erased_orders", ["erasure_key"], unique=False)
    op.create_table(
        "feeders",
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("reported_at", UtcTime(), nullable=False),
        sa.Column("committed_at", UtcTime(), nullable=True),
        sa.Column("oldest_unwritten_at", UtcTime(), nullable=True),
        sa.Column("unwritten_orders", sa.Integer(), nullable=False),
        sa.Column("written_changes", sa.Integer(), nullable=False),
        sa.Column("dropped_orders", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_feeders")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gaps",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("submission", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UtcTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("order_id", "submission", name=op.f("pk_gaps")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "history_entries",
        sa.Column("order_key", Key, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("data", Document, nullable=True),
        sa.PrimaryKeyConstraint("order_key", "number", name=op.f("pk_history_entries")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "legal_holds",
        sa.Column("key", Key, autoincrement=True, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", UtcTime(), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_legal_holds")),
    )
    op.create_index(op.f("ix_legal_holds_scope_subject"), "legal_holds", ["scope", "subject"], unique=False)
    op.create_table(
        "line_reasons",
        sa.Column("order_key", Key, autoincrement=False, nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("values", Document, nullable=False),
        sa.Column("quantity", sa.Text(), nullable=True),
        sa.Column("quantity_value", Document, nullable=True),
        sa.PrimaryKeyConstraint("order_key", "line_id", "number", name=op.f("pk_line_reasons")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_documents",
        sa.Column("order_key", Key, autoincrement=False, nullable=False),
        sa.Column("customer", Document, nullable=False),
        sa.Column("characteristics", Document, nullable=False),
        sa.Column("products", Document, nullable=False),
        sa.Column("findings", Document, nullable=False),
        sa.Column("held", Document, nullable=False),
        sa.Column("kept_events", Document, nullable=False),
        sa.Column("submitted", Document, nullable=True),
        sa.Column("interrupted_at", UtcTime(), nullable=True),
        sa.Column("interrupted_by", sa.Text(), nullable=True),
        sa.Column("interrupted_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("order_key", name=op.f("pk_order_documents")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_external_ids",
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("order_key", Key, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("value", "order_key", name=op.f("pk_order_external_ids")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_order_external_ids_order_key"), "order_external_ids", ["order_key"], unique=False)
    op.create_table(
        "order_ids",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("submission", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("first_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_ids")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_lines",
        sa.Column("order_key", Key, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("fulfilment", sa.Boolean(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", Document, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("attributes", Document, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sources", Document, nullable=False),
        sa.Column("per", sa.Text(), nullable=True),
        sa.Column("requested_completion", UtcTime(), nullable=True),
        sa.Column("named_values", Document, nullable=False),
        sa.Column("external_ids", Document, nullable=False),
        sa.PrimaryKeyConstraint("order_key", "number", name=op.f("pk_order_lines")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_products",
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("order_key", Key, autoincrement=False, nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("requested_completion", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("product", "order_key", name=op.f("pk_order_products")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_order_products_order_key"), "order_products", ["order_key"], unique=False)
    op.create_table(
        "order_systems",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("order_key", Key, autoincrement=False, nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("system", "order_key", name=op.f("pk_order_systems")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_order_systems_order_key"), "order_systems", ["order_key"], unique=False)
    op.create_table(
        "order_words",
        sa.Column("word", ExactText, nullable=False),
        sa.Column("order_key", Key, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("word", "order_key", name=op.f("pk_order_words")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_order_words_order_key"), "order_words", ["order_key"], unique=False)
    op.create_table(
        "orders",
        sa.Column("key", Key, autoincrement=True, nullable=False),
        sa.Column("order_id", ExactText, nullable=False),
        sa.Column("submission", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("run_started_at", sa.Double(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("position_at", sa.Double(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("jeopardy", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("customer_id", ExactText, nullable=True),
        sa.Column("customer_name", sa.Text(), nullable=True),
        sa.Column("catalogue_version_key", SmallKey, nullable=True),
        sa.Column("requested_start", UtcTime(), nullable=True),
        sa.Column("requested_completion", UtcTime(), nullable=True),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("forecast", UtcTime(), nullable=True),
        sa.Column("fallout", sa.Integer(), nullable=False),
        sa.Column("open_tasks", sa.Integer(), nullable=False),
        sa.Column("step_count", sa.Integer(), nullable=False),
        sa.Column("settled_steps", sa.Integer(), nullable=False),
        sa.Column("interrupted_kind", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_orders")),
        sa.UniqueConstraint("order_id", "submission", name=op.f("uq_orders_order_id_submission")),
    )
    op.create_index(
        "uq_orders_current_order_id",
        "orders",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("is_current"),
        postgresql_where=sa.text("is_current"),
    )
    op.create_table(
        "state_counts",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("state", "slot", name=op.f("pk_state_counts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "steps",
        sa.Column("order_key", Key, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("workstream", sa.Text(), nullable=False),
        sa.Column("workstream_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("lines", Document, nullable=False),
        sa.Column("after", Document, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("jeopardy", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=True),
        sa.Column("due", UtcTime(), nullable=True),
        sa.Column("next_attempt_at", UtcTime(), nullable=True),
        sa.Column("started_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("late_at", UtcTime(), nullable=True),
        sa.Column("escalated_to", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_at", UtcTime(), nullable=True),
        sa.Column("output", Document, nullable=True),
        sa.Column("corrections", Document, nullable=True),
        sa.Column("undo", Document, nullable=True),
        sa.Column("other_orders", Document, nullable=True),
        sa.Column("instructions", sa.Text(), nullable=True),
        sa.Column("form", Document, nullable=True),
        sa.PrimaryKeyConstraint("order_key", "number", name=op.f("pk_steps")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watermarks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=True),
        sa.Column("value", Document, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_watermarks")),
    )
    op.create_table(
        "work_items",
        sa.Column("order_key", Key, autoincrement=False, nullable=False),
        sa.Column("step_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("second_queue", sa.Text(), nullable=True),
        sa.Column("third_queue", sa.Text(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("since", UtcTime(), nullable=True),
        sa.Column("due", UtcTime(), nullable=True),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("jeopardy", sa.Text(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("order_key", "step_number", "kind", name=op.f("pk_work_items")),
        sqlite_with_rowid=False,
    )
    for name, (columns, rows) in LIST_INDEXES.items():
        table = next(table for table in reversed(TABLES) if name.startswith(f"ix_{table}_"))
        op.create_index(op.f(name), table, columns, sqlite_where=rows, postgresql_where=rows)
    if op.get_context().dialect.name == "postgresql":
        op.create_index(
            "ix_orders_of_keys", "orders", ["key"], postgresql_include=SORTED_COLUMNS, postgresql_where=CURRENT
        )
        for table in REWRITTEN_OFTEN:  # room in each page for new versions of its rows
            op.execute(f"ALTER TABLE {table} SET (fillfactor = 80)")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)

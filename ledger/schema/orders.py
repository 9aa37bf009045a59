"""Orders, and what they are found by."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, Integer, SmallInteger, Table, Text, UniqueConstraint

from ledger.schema.column_types import PERSONAL, PERSONAL_LIST, Document, ExactText, Key, SmallKey, UtcTime
from ledger.schema.metadata import clustered_table, metadata, order_key

orders = Table(
    "orders",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("order_id", ExactText, nullable=False),
    Column("submission", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("run_started_at", Double, nullable=False),
    Column("event_id", Integer, nullable=False),
    Column("position_at", Double, nullable=False),
    Column("is_current", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("jeopardy", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("customer_id", ExactText, info=PERSONAL),
    Column("customer_name", Text, info=PERSONAL),
    Column("catalogue_version_key", SmallKey),
    Column("requested_start", UtcTime),
    Column("requested_completion", UtcTime),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("changed_at", UtcTime, nullable=False),
    Column("forecast", UtcTime),
    Column("fallout", Integer, nullable=False),
    Column("open_tasks", Integer, nullable=False),
    Column("step_count", Integer, nullable=False),
    Column("settled_steps", Integer, nullable=False),
    Column("interrupted_kind", Text),
    UniqueConstraint("order_id", "submission"),
)
"""One row for each submission of an order: `submission` is the id of the workflow's first run. `is_current` marks the
latest one of an order id. (`run_started_at`, `event_id`, `position_at`) is the ChangePosition of the last change
applied. `changed_at` is that change's time as a moment. `interrupted_kind`: its run was ended from outside
(InterruptionKind). The row is short because every change rewrites it: what lists neither show nor filter is in
`order_documents`. `changed_at`, the position and `settled_steps` have no index, since every change would rewrite it."""

Index(
    "uq_orders_current_order_id",
    orders.c.order_id,
    unique=True,
    sqlite_where=orders.c.is_current,
    postgresql_where=orders.c.is_current,
)

order_documents = clustered_table(
    "order_documents",
    order_key(),
    Column("customer", Document, nullable=False, info=PERSONAL),
    Column("characteristics", Document, nullable=False, info=PERSONAL),
    Column("products", Document, nullable=False),
    Column("findings", Document, nullable=False, info=PERSONAL_LIST),
    Column("held", Document, nullable=False, info=PERSONAL_LIST),
    Column("kept_events", Document, nullable=False, info=PERSONAL_LIST),
    Column("submitted", Document, info=PERSONAL),
    Column("interrupted_at", UtcTime),
    Column("interrupted_by", Text, info=PERSONAL),
    Column("interrupted_reason", Text, info=PERSONAL),
)
"""The rest of an order. `submitted`: the order as last submitted or amended."""

catalogue_versions = Table(
    "catalogue_versions",
    metadata,
    Column("key", SmallKey, primary_key=True, autoincrement=True),
    Column("version", Text, nullable=False, unique=True),
)
"""Versions (`sha256:…`) that orders were compiled with."""

order_products = clustered_table(
    "order_products",
    Column("product", Text, primary_key=True),
    order_key(),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("requested_completion", UtcTime),
    Index(None, "order_key"),
)
"""The ordered commercial products of current orders. The times are those of the order, for one index to filter and
sort."""

order_systems = clustered_table(
    "order_systems",
    Column("system", Text, primary_key=True),
    order_key(),
    Column("started_at", UtcTime, nullable=False),
    Index(None, "order_key"),
)
"""The systems that steps of current orders call. `started_at` is that of the order."""

order_external_ids = clustered_table(
    "order_external_ids",
    Column("value", Text, primary_key=True, info=PERSONAL),
    order_key(),
    Index(None, "order_key"),
)
"""The ids in other systems of current orders, from their lines."""

order_words = clustered_table(
    "order_words",
    Column("word", ExactText, primary_key=True, info=PERSONAL),
    order_key(),
    Index(None, "order_key"),
)
"""Words of ids and names by which free text finds current orders (ledger/writing/search_words.py)."""

order_ids = clustered_table(
    "order_ids",
    Column("order_id", Text, primary_key=True),
    Column("digest", Text),
    Column("submission", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("first_at", UtcTime, nullable=False),
)
"""Every id ever used, also after its order was archived or erased. `digest` is that of the order (MEMO_DIGEST) as last
submitted or amended, NULL if the ledger never learned it; `submission` and `revision` are the latest accepted ones.
`first_at`: when an order with this id first began. `accepted` is false while all of them were rejected: the id is free
then."""

state_counts = clustered_table(
    "state_counts",
    Column("state", Text, primary_key=True),
    Column("slot", SmallInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)
"""How many current orders are in each state: the sum over `slot`. Writers use different slots, so that they do not wait
for each other; a single slot may be negative."""

"""What an order consists of: its lines, its steps, and the attempts at them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, SmallInteger, Text

from ledger.schema.column_types import PERSONAL, Document, UtcTime
from ledger.schema.metadata import clustered_table, order_key

order_lines = clustered_table(
    "order_lines",
    order_key(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("line_id", Text, nullable=False),
    Column("fulfilment", Boolean, nullable=False),
    Column("product", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", Document, nullable=False),
    Column("action", Text, nullable=False),
    Column("attributes", Document, nullable=False, info=PERSONAL),
    Column("state", Text, nullable=False),
    Column("sources", Document, nullable=False),
    Column("per", Text, info=PERSONAL),
    Column("requested_completion", UtcTime),
    Column("named_values", Document, nullable=False, info=PERSONAL),
    Column("external_ids", Document, nullable=False, info=PERSONAL),
)
"""Order lines (`fulfilment` false), then fulfilment lines, as LineView has them. `number` is their place from 1.
`quantity` is a JSON number: whole or not."""

line_reasons = clustered_table(
    "line_reasons",
    order_key(),
    Column("line_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("why", Text, nullable=False, info=PERSONAL),
    Column("place", Text, nullable=False),
    Column("values", Document, nullable=False, info=PERSONAL),
    Column("quantity", Text),
    Column("quantity_value", Document),
)
"""Why a line exists, as LineReason has it: the rules and components that made it, numbered from 1. The catalogue may
have changed since, so it is kept."""

steps = clustered_table(
    "steps",
    order_key(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("step_id", Text, nullable=False),
    Column("workstream", Text, nullable=False),
    Column("workstream_name", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("summary", Text, nullable=False, info=PERSONAL),
    Column("lines", Document, nullable=False),
    Column("after", Document, nullable=False),
    Column("state", Text, nullable=False),
    Column("jeopardy", Text, nullable=False),
    Column("system", Text),
    Column("queue", Text),
    Column("holder", Text, info=PERSONAL),
    Column("attempts", Integer, nullable=False),
    Column("waits_for", Text, info=PERSONAL),
    Column("due", UtcTime),
    Column("next_attempt_at", UtcTime),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("late_at", UtcTime),
    Column("escalated_to", Text),
    Column("error_code", Text),
    Column("error_message", Text, info=PERSONAL),
    Column("error_at", UtcTime),
    Column("output", Document, info=PERSONAL),
    Column("corrections", Document, info=PERSONAL),
    Column("undo", Document, info=PERSONAL),
    Column("other_orders", Document),
    Column("instructions", Text, info=PERSONAL),
    Column("form", Document, info=PERSONAL),
)
"""Steps as StepRecord has them. `corrections` and `other_orders` are NULL if there are none."""

work_items = clustered_table(
    "work_items",
    order_key(),
    Column("step_number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("step_id", Text, nullable=False),
    Column("customer_id", Text, info=PERSONAL),
    Column("priority", SmallInteger, nullable=False),
    Column("queue", Text),
    Column("second_queue", Text),
    Column("third_queue", Text),
    Column("holder", Text, info=PERSONAL),
    Column("since", UtcTime),
    Column("due", UtcTime),
    Column("system", Text),
    Column("error_code", Text),
    Column("jeopardy", Text, nullable=False),
    Column("escalated", Boolean, nullable=False),
)
"""Open work of people in current orders. `kind` is `task` or `fallout`. `queue` works on it; the people of
`second_queue` and `third_queue` see it, too: a queue that it was escalated to, or the step's own during an undo.
`since`: when it began to wait, as far as the step shows it. `jeopardy` is the step's."""

attempts = clustered_table(
    "attempts",
    Column("order_id", Text, primary_key=True),
    Column("step_id", Text, primary_key=True),
    Column("started_at", UtcTime, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("effect", Text, nullable=False),
    Column("effect_number", Integer, nullable=False),
    Column("token", Text, nullable=False),
    Column("ended_at", UtcTime, nullable=False),
    Column("system", Text),
    Column("outcome", Text, nullable=False),
    Column("code", Text),
    Column("status", Integer),
    Column("message", Text, info=PERSONAL),
    Column("next_attempt_at", UtcTime),
    Column("worker", Text, nullable=False),
)
"""Attempts at calls and activities, reported by the worker that made them. They belong to the submission of `order_id`
that ran at `started_at`. The idempotency key consists of the ids, `effect` (do, undo or change), `effect_number` and
`token` (activity_contract/idempotency_key.py). `outcome` is `succeeded` or `failed`; `status` is that of HTTP."""

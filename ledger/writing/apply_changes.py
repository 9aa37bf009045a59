"""Writes a batch of changes in the transaction of the caller."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from ledger.retention.moved_away import without_moved
from ledger.schema.tables import (
    amendments,
    catalogue_versions,
    gaps,
    history_entries,
    line_reasons,
    order_documents,
    order_external_ids,
    order_lines,
    order_products,
    order_systems,
    order_words,
    orders,
    steps,
    work_items,
)
from ledger.schema.value_lists import IsOneOf
from ledger.writing.batch import RowBatch
from ledger.writing.clashes import accepted_uses, record_clashes
from ledger.writing.line_states import put_line_states
from ledger.writing.memory import NO_ITEMS, OrderMemory, WriterMemory, documents_digest
from ledger.writing.order_ids import record_order_ids
from ledger.writing.order_rows import (
    amendment_row,
    document_row,
    external_id_rows,
    history_row,
    line_rows,
    order_row,
    product_rows,
    reason_rows,
    system_rows,
    word_rows,
)
from ledger.writing.order_updates import BatchPlan, OrderUpdate, plan_batch
from ledger.writing.state_counts import add_to_state_counts
from ledger.writing.statements import add, delete_rows_of_orders, insert_rows, update_rows
from ledger.writing.step_rows import changed_step_row, step_row
from ledger.writing.stored_orders import changed_columns, load_order_keys, lock_orders
from ledger.writing.submitted_orders import restored_submitted
from ledger.writing.work_items import load_work_items, put_work_items
from workflows.contract.order_changes import OrderChange

ROWS_OF_CURRENT_ORDERS = (order_products, order_systems, order_external_ids, order_words, work_items)
MISSED = "missed"
_SELECT_VERSIONS = select(catalogue_versions.c.version, catalogue_versions.c.key).where(
    IsOneOf(catalogue_versions.c.version, "versions")
)
_DELETE_GAPS = delete(gaps).where(IsOneOf(gaps.c.order_id, "order_ids"), IsOneOf(gaps.c.submission, "submissions"))


def apply_changes(
    connection: Connection, changes: Iterable[OrderChange], memory: WriterMemory | None = None, *, repair: bool = False
) -> list[OrderChange]:
    """Returns the changes that do not apply, because an earlier one is missing: their orders must send a complete one.

    `changes`: at most one of each submission of an order. Changes that are late have no effect, so a change may be
    written twice. Changes of orders that were archived or erased have none either. With `repair`, characters that the
    database refuses are replaced.
    """
    memory = memory or WriterMemory()
    by_submission = {(change.order_id, change.submission): change for change in changes}
    stored = lock_orders(connection, {order_id for order_id, _ in by_submission})
    writable = without_moved(connection, by_submission)
    plan = plan_batch(writable.changes, stored, writable.archived)
    if plan.updates:
        uses = accepted_uses(connection, plan.updates, stored)
        _write(connection, plan, memory, repair=repair)
        record_clashes(connection, uses)
    _record_gaps(connection, plan)
    return plan.missed


def _write(connection: Connection, plan: BatchPlan, memory: WriterMemory, *, repair: bool) -> None:
    superseded = [order.key for order in plan.superseded]
    if superseded:
        update_rows(connection, orders, [{"key": key, "is_current": False} for key in superseded], "key")
        delete_rows_of_orders(connection, ROWS_OF_CURRENT_ORDERS, superseded)
    _write_orders(connection, plan.updates, repair=repair)
    known = {update.key: memory.recall(update.key, update.stored.position) for update in plan.updates if update.stored}
    unknown_items = load_work_items(connection, [key for key, order in known.items() if order is None])
    restored = restored_submitted(connection, plan.updates)
    batch = RowBatch()
    for update in plan.updates:
        recalled = known.get(update.key)
        documents = _put_documents(batch, update, recalled.documents if recalled else None, restored)
        _put_plan(batch, update)
        _put_story(batch, update)
        items = recalled.work_items if recalled else unknown_items.get(update.key, NO_ITEMS)
        if update.is_current:
            _put_searched(batch, update)
            items = put_work_items(batch, update, items)
        memory.remember(update.key, OrderMemory(update.change.position, documents, items))
    put_line_states(connection, batch, plan.updates)
    if repair:
        batch = batch.repaired()
    batch.write(connection)
    systems = [row for update in plan.updates if update.is_current and update.has_new_plan
               for row in system_rows(update.key, update.change)]  # fmt: skip
    add(connection, order_systems, systems)
    record_order_ids(connection, plan.updates)
    add_to_state_counts(connection, plan.state_counts, memory.slot)


def _catalogue_version_keys(connection: Connection, updates: Sequence[OrderUpdate]) -> dict[str, int]:
    """Catalogue version → key, of each version that these orders have. A new one gets a key. They are read each time:
    a database that was restored may lack a version, or have given its key to another one."""
    wanted = {version for update in updates if (version := update.change.order.catalogue_version) is not None}
    keys = _find_version_keys(connection, wanted)
    if new := wanted - keys.keys():
        # Only new ones are inserted: PostgreSQL uses up a key for each row that is there already, and has 32,767.
        add(connection, catalogue_versions, [{"version": version} for version in sorted(new)])
        keys |= _find_version_keys(connection, new)
    return keys


def _find_version_keys(connection: Connection, versions: Collection[str]) -> dict[str, int]:
    """Of those that have one."""
    if not versions:
        return {}
    found = connection.execute(_SELECT_VERSIONS, {"versions": versions})
    return {row.version: row.key for row in found}


def _write_orders(connection: Connection, updates: Sequence[OrderUpdate], *, repair: bool) -> None:
    version_keys = _catalogue_version_keys(connection, updates)
    inserted, changed = RowBatch(), RowBatch()
    for update in updates:
        version = update.change.order.catalogue_version
        row = order_row(update.change, update.order, version_keys[version] if version is not None else None)
        if update.stored is None:
            inserted.put(orders, [{**row, "is_current": update.is_current}])
        else:
            kept = update.stored.interrupted_kind if update.keeps_interruption else None
            update.key = update.stored.key
            new = changed_columns({**row, "interrupted_kind": kept}, update.stored)
            changed.update(orders, ("key",), {**new, "key": update.key})
    new_rows = [row for rows in (inserted.repaired() if repair else inserted).rows.values() for row in rows]
    insert_rows(connection, orders, new_rows)
    keys = load_order_keys(connection, {row["order_id"] for row in new_rows})
    for update, inserted_row in zip((update for update in updates if update.is_new), new_rows, strict=True):
        update.key = keys[inserted_row["order_id"], inserted_row["submission"]]
    (changed.repaired() if repair else changed).write(connection)


def _put_documents(
    batch: RowBatch, update: OrderUpdate, known: bytes | None, restored: Mapping[int, dict[str, Any] | None]
) -> bytes:
    """`known`: the digest of those that the table has. Returns that of the order's. `restored`: of some order keys, the
    order as submitted."""
    row = document_row(update.key, update.change.order)
    digest = documents_digest(row)
    if update.ends_interruption:
        row |= {"interrupted_at": None, "interrupted_by": None, "interrupted_reason": None}
    if update.change.submitted is not None:
        batch.put(order_documents, [{**row, "submitted": update.change.submitted}])
    elif update.key in restored:
        batch.put(order_documents, [{**row, "submitted": restored[update.key]}])
    elif update.is_replacing or digest != known:
        batch.put(order_documents, [row])
    return digest


def _put_plan(batch: RowBatch, update: OrderUpdate) -> None:
    key, change = update.key, update.change
    if change.lines is not None:
        rows = line_rows(key, change.lines, change.order_line_count, change.line_states)
        if update.is_new:
            batch.put(order_lines, rows)
        else:
            batch.replace(order_lines, key, rows)
    if change.line_reasons is not None:
        if not update.is_new:
            for line_id in dict.fromkeys(reason.line_id for reason in change.line_reasons):
                batch.delete(line_reasons, {"order_key": key, "line_id": line_id})
        batch.put(line_reasons, reason_rows(key, change.line_reasons))
    if not update.has_new_plan:
        for step in change.steps:
            batch.update(steps, ("order_key", "number"), changed_step_row(key, step))
    elif update.is_replacing and not update.is_new:
        batch.replace(steps, key, [step_row(key, step) for step in change.steps])
    else:
        batch.put(steps, [step_row(key, step) for step in change.steps])


def _put_story(batch: RowBatch, update: OrderUpdate) -> None:
    """A run knows only the latest entries, so the table keeps the earlier ones. Later ones than those of a complete
    change are of a workflow task that the server refused: they did not happen."""
    if update.is_replacing and not update.is_new:
        last = max((entry.number for entry in update.change.history), default=0)
        batch.delete_above(history_entries, update.key, "number", last)
        batch.delete_above(amendments, update.key, "revision", update.order.revision)
    batch.put(history_entries, [history_row(update.key, entry) for entry in update.change.history])
    batch.put(amendments, [amendment_row(update.key, each) for each in update.change.amendments])


def _put_searched(batch: RowBatch, update: OrderUpdate) -> None:
    """What finds a current order."""
    key, change, stored = update.key, update.change, update.stored
    if update.has_new_plan:
        lines = change.lines or []
        rows = {
            order_products: product_rows(key, update.order),
            order_external_ids: external_id_rows(key, lines),
            order_words: word_rows(key, change, lines),
        }
        for table, found in rows.items():
            if stored is None:
                batch.put(table, found)
            else:
                batch.replace(table, key, found)
        if stored is not None and update.is_replacing:
            batch.replace(order_systems, key, [])
    elif stored is not None and stored.ended_at != update.order.ended_at:
        batch.update(order_products, ("order_key",), {"order_key": key, "ended_at": update.order.ended_at})


def _record_gaps(connection: Connection, plan: BatchPlan) -> None:
    complete = [update.change for update in plan.updates if update.is_replacing]
    if complete:
        submissions = {"", *(change.submission for change in complete)}
        order_ids = {change.order_id for change in complete}
        connection.execute(_DELETE_GAPS, {"order_ids": order_ids, "submissions": submissions})
    now = datetime.now(UTC)
    rows = [
        {"order_id": change.order_id, "submission": change.submission, "reason": MISSED, "since": now, "tries": 0}
        for change in plan.missed
    ]
    add(connection, gaps, rows)

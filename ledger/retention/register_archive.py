"""Makes the orders of an archive known to a ledger that has lost them, or never knew them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select

from ledger.database import ledger_errors, write_transaction
from ledger.retention.archive_folder import ArchiveFolder
from ledger.retention.archive_rows import archived_rows
from ledger.retention.moved_away import Submission, find_moved
from ledger.retention.order_rows import OrderRows
from ledger.retention.stale_documents import StaleDocument, note_stale
from ledger.schema.tables import archived_orders, order_ids, orders
from ledger.writing.statements import add
from workflows.contract.states import OrderState


def register_archive(engine: Engine, folder: Path, now: datetime) -> int:
    """Notes every order of the folder's files that the ledger does not have, and that its id is used. Returns how many
    orders it noted. An order may be in several files, if it was recovered and archived again: the newest counts.

    Raises LedgerUnusable, also if a file cannot be read."""
    archive, registered = ArchiveFolder(folder), 0
    archive.require()
    for file in reversed(archive.files()):
        documents = list(archive.read(file))
        with ledger_errors(engine), write_transaction(engine) as connection:
            registered += _register(connection, str(archive.path / file), documents, now)
    return registered


def _register(connection: Connection, path: str, documents: list[OrderRows], now: datetime) -> int:
    ids = [document.order_id for document in documents]
    known = set(find_moved(connection, ids))
    query = select(orders.c.order_id, orders.c.submission).where(orders.c.order_id.in_(ids))
    stored = {(row.order_id, row.submission) for row in connection.execute(query)}
    found = {(str(row["order_id"]), str(row["submission"])): row for row in archived_rows(documents, path, now)}
    _note_stale(connection, path, found.keys(), stored)
    rows = [row for key, row in found.items() if key not in known | stored]
    if not rows:
        return 0
    connection.execute(insert(archived_orders), rows)
    noted = {str(row["order_id"]) for row in rows}
    add(connection, order_ids, [_used_id(document) for document in documents if document.order_id in noted])
    return len(noted)


def _note_stale(
    connection: Connection, path: str, found: Collection[Submission], stored: Collection[Submission]
) -> None:
    """Of the submissions in this file, those that are in the ledger, or archived in another file."""
    columns = archived_orders.c
    query = select(columns.order_id, columns.submission, columns.file)
    query = query.where(columns.order_id.in_({order_id for order_id, _ in found}))
    files = {(row.order_id, row.submission): row.file for row in connection.execute(query)}
    name = Path(path).name
    known_as = next((file for file in files.values() if Path(file).name == name), path)
    stale = [key for key in found if key in stored or Path(files.get(key, path)).name != name]
    note_stale(connection, [StaleDocument(*key, known_as) for key in stale])


def _used_id(document: OrderRows) -> dict[str, object]:
    latest = document.current
    return {
        "order_id": document.order_id,
        "digest": None,
        "submission": latest["submission"],
        "revision": latest["revision"],
        "accepted": any(row["state"] != OrderState.REJECTED.value for row in document.orders),
        "first_at": min(row["started_at"] for row in document.orders),
    }

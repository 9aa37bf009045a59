"""Makes the orders of an archive known to a ledger that has lost them, or never knew them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select

from ledger.database import ledger_errors, write_transaction
from ledger.retention.archive_folder import ArchiveFolder
from ledger.retention.archive_rows import archived_rows
from ledger.retention.moved_away import find_moved
from ledger.retention.order_rows import OrderRows
from ledger.schema.tables import archived_orders, order_ids, orders
from ledger.writing.statements import add
from workflows.contract.states import OrderState


def register_archive(engine: Engine, folder: Path, now: datetime) -> int:
    """Notes every order of the folder's files that the ledger does not have, and that its id is used. Returns how many
    orders it noted. Raises LedgerUnusable, also if a file cannot be read."""
    archive, registered = ArchiveFolder(folder), 0
    archive.require()
    for file in archive.files():
        documents = list(archive.read(file))
        with ledger_errors(engine), write_transaction(engine) as connection:
            registered += _register(connection, str(archive.path / file), documents, now)
    return registered


def _register(connection: Connection, path: str, documents: list[OrderRows], now: datetime) -> int:
    ids = [document.order_id for document in documents]
    known = set(find_moved(connection, ids))
    query = select(orders.c.order_id, orders.c.submission).where(orders.c.order_id.in_(ids))
    known |= {(row.order_id, row.submission) for row in connection.execute(query)}
    rows = [row for row in archived_rows(documents, path, now) if (row["order_id"], row["submission"]) not in known]
    if not rows:
        return 0
    connection.execute(insert(archived_orders), rows)
    noted = {str(row["order_id"]) for row in rows}
    add(connection, order_ids, [_used_id(document) for document in documents if document.order_id in noted])
    return len(noted)


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

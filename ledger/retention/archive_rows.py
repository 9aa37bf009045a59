"""The rows by which archived orders are found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ledger.retention.order_rows import OrderRows


def archived_rows(documents: Sequence[OrderRows], path: str, now: datetime) -> list[dict[str, object]]:
    """`documents`: all of the file at `path`, in their order there."""
    return [
        {
            "order_id": document.order_id,
            "submission": row["submission"],
            "state": row["state"],
            "customer_id": row["customer_id"],
            "started_at": row["started_at"],
            "ended_at": row["ended_at"],
            "archived_at": now,
            "file": path,
            "record": number,
        }
        for number, document in enumerate(documents)
        for row in document.orders
    ]

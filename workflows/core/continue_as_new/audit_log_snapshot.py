"""The order's log as JSON, for continue-as-new.

The rows have only what an earlier release can read. Numbers and data stand beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows.core.state.audit_log import AuditEntry, AuditLog


def snapshot_audit_log(log: AuditLog) -> dict[str, Any]:
    data: dict[str, Any] = {
        "journal": [[entry.at, entry.message, entry.step, entry.by, entry.reason] for entry in log.entries],
        "journal_numbers": [entry.number for entry in log.entries],
        "journal_last": log.last_number,
    }
    if entered := {str(entry.number): entry.data for entry in log.entries if entry.data is not None}:
        data["journal_data"] = entered
    return data


def restore_audit_log(log: AuditLog, data: Mapping[str, Any]) -> None:
    """`data` comes from snapshot_audit_log. Entries of an earlier release get their numbers now, from 1."""
    rows = data["journal"]
    numbers = data.get("journal_numbers", range(1, len(rows) + 1))
    entered = data.get("journal_data", {})
    entries = [
        AuditEntry(at, message, step, by, reason, number, entered.get(str(number)))
        for (at, message, step, by, reason), number in zip(rows, numbers, strict=True)
    ]
    log.restore(entries, data.get("journal_last", len(rows)))

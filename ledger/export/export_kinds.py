"""What can be exported, and how. Nothing here needs a database library."""

from __future__ import annotations

from enum import StrEnum


class ExportTable(StrEnum):
    ORDERS = "orders"
    LINES = "lines"
    STEPS = "steps"
    WORK = "work"
    ATTEMPTS = "attempts"
    HISTORY = "history"


class ExportFormat(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"

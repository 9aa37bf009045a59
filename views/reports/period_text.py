"""How a report begins."""

from __future__ import annotations

from rich.text import Text

from ledger.reports.model.report import Report
from views.shared.time_format import format_elapsed, format_time

NONE = "–"


def period_line(title: str, report: Report, product: str | None = None) -> Text:
    """`Shift · 2026-11-01 06:00:00 UTC to 2026-11-01 14:00:00 UTC (8 h)`"""
    length = format_elapsed(report.until - report.since)
    period = f" · {format_time(report.since)} to {format_time(report.until)} ({length})"
    return Text.assemble((title, "bold"), period, f" · {product}" if product else "")


def share_text(part: int, whole: int) -> str:
    """`38 %`; empty if there is nothing."""
    return f"{part / whole:.0%}".replace("%", " %") if whole else ""

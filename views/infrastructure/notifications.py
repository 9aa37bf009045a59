"""Events that receivers have not got, one a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from views.shared.table import Cell, PlainTable
from views.shared.time_format import format_short_time

if TYPE_CHECKING:
    from workflows.contract.outbox_messages import OutboxView, UndeliveredEvent


def notifications_table(outboxes: Sequence[OutboxView], now: datetime | None = None) -> PlainTable:
    now = now or datetime.now(UTC)
    rows: list[Sequence[Cell]] = [
        [
            Text(each.event_id, style="bold"),
            each.receiver,
            each.type,
            format_short_time(each.at, now),
            str(each.attempts or ""),
            _next_attempt(each, now),
            Text(f"{each.error.code}: {each.error.message}" if each.error else "", style="red"),
        ]
        for outbox in outboxes
        for each in outbox.undelivered
    ]
    return PlainTable(["Event", "Receiver", "Type", "Happened", "Attempts", "Next", "Error"], rows, right_aligned=(4,))


def _next_attempt(each: UndeliveredEvent, now: datetime) -> Text:
    if each.given_up:
        return Text("given up", style="bold red")
    return Text(format_short_time(each.next_attempt_at, now) if each.next_attempt_at else "waits", style="yellow")

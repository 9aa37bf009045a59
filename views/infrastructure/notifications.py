"""Events that receivers have not got, one a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from views.shared.table import Cell, PlainTable
from views.shared.time_format import format_short_time
from views.shared.value_format import error_text

if TYPE_CHECKING:
    from workflows.contract.outbox_messages import OutboxView, UndeliveredEvent


def notifications_table(outboxes: Sequence[OutboxView]) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            Text(event.event_id, style="bold"),
            event.receiver,
            event.type,
            format_short_time(event.at),
            str(event.attempts or ""),
            _next_attempt(event),
            Text(error_text(event.error), style="red"),
        ]
        for outbox in outboxes
        for event in outbox.undelivered
    ]
    return PlainTable(["Event", "Receiver", "Type", "Happened", "Attempts", "Next", "Error"], rows, right_aligned=(4,))


def _next_attempt(event: UndeliveredEvent) -> Text:
    if event.given_up:
        return Text("given up", style="bold red")
    return Text(format_short_time(event.next_attempt_at) or "waits", style="yellow")

"""Legal holds and erasures, for terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from views.shared.time_format import format_time
from views.shared.value_format import pluralize

if TYPE_CHECKING:
    from ledger.retention.erasure import ErasurePlan
    from ledger.retention.erasure_records import Erasure, RemainingData
    from ledger.retention.holds import LegalHold

MAX_LISTED = 20
OBSTACLES = {
    "running": "still runs",
    "held": "is under legal hold",
    "outbox": "has ended, and its outbox still delivers its events",
    "mailbox": "has ended, and a mailbox still keeps its events",
    "history": "is still in Temporal, which deletes in the background",
    "archive": "is still in the archive",
    "interrupted": "was not reached, because the erasure was interrupted",
}

WITHOUT_ORDER = {
    "remnants": "The database was not cleaned of deleted values",
    "archive": "A replaced file was not removed from the archive",
}


def holds_table(holds: Sequence[LegalHold]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("Held", "Reason", "By", "Since", "Released"):
        table.add_column(name)
    for each in holds:
        released = f"{format_time(each.released_at)} by {each.released_by}" if each.released_at else ""
        subject = f"{each.scope.value} {each.subject}"
        table.add_row(subject, each.reason, each.placed_by, format_time(each.placed_at), released)
    return table


def erasures_table(records: Sequence[Erasure]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("Erasure", "When", "By", "Reason", "Orders", "State"):
        table.add_column(name)
    for each in records:
        waits = f"{len(each.remaining):,} not erased yet" if each.remaining else "complete"
        orders = str(each.counts["orders"] + each.counts["archived"])
        table.add_row(str(each.key), format_time(each.at), each.by, each.reason, orders, waits)
    return table


def plan_sentences(plan: ErasurePlan, customer: str) -> Iterator[str]:
    if not plan.orders and not plan.remaining:
        yield f"No order of customer {customer} has personal data any more."
        return
    yield f"The personal data of {pluralize(len(plan.orders), 'order')} would be erased."
    yield from _listed([f"  {order.order_id} ({order.state or 'only in Temporal'})" for order in plan.orders])
    yield from _remaining(plan.remaining)


def erasure_sentences(record: Erasure) -> Iterator[str]:
    counts = record.counts
    yield (
        f"Erasure {record.key}: {pluralize(counts['orders'], 'order')} in the ledger, "
        f"{pluralize(counts['archived'], 'order')} in the archive, "
        f"{pluralize(counts['runs'], 'run')} of workflows in Temporal."
    )
    if not record.remaining:
        yield "Nothing remains."
    yield from _remaining(record.remaining)


def _remaining(remaining: Sequence[RemainingData]) -> Iterator[str]:
    if remaining:
        yield "Not erased yet:"
        yield from _listed([_remaining_line(each) for each in remaining])


def _remaining_line(each: RemainingData) -> str:
    if each.order_id is None:
        return f"  {WITHOUT_ORDER[each.obstacle.value]}: {each.detail}"
    state = f" ({each.state})" if each.state else ""
    until = f", probably until {format_time(each.until)}" if each.until else ""
    detail = f": {each.detail}" if each.detail else ""
    return f"  Order {each.order_id}{state} {OBSTACLES[each.obstacle.value]}{until}{detail}"


def _listed(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:MAX_LISTED]
    if len(lines) > MAX_LISTED:
        yield f"  … and {len(lines) - MAX_LISTED} more"

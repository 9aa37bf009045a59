"""The ledger's state, and where it differs from the orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from views.shared.table import Cell, KeyValueList, PlainTable, titled_section
from views.shared.time_format import format_elapsed, format_time
from views.shared.value_format import in_words, pluralize

if TYPE_CHECKING:
    from ledger.reconciliation.ledger_check import CheckResult
    from ledger.reconciliation.ledger_status import LedgerStatus
    from ledger.reconciliation.row_comparison import Difference
    from ledger.reconciliation.summary import ReconciliationSummary
    from ledger.retention.moved_away import MovedAway


def status_page(status: LedgerStatus) -> Iterator[RenderableType]:
    yield KeyValueList(
        [
            ("Ledger", status.ledger),
            ("Schema", _schema(status)),
            ("Behind", _lag(status)),
            ("Orders", ", ".join(f"{in_words(state)} {count:,}" for state, count in sorted(status.orders.items()))),
            ("Gaps", _count(status.gap_count, "order is incomplete", "orders are incomplete")),
            ("Clashes", _count(status.clash_count, "id was accepted twice", "ids were accepted twice")),
            ("Reconciled", _reconciled(status)),
            ("Compared", _compared(status)),
            ("Rebuild", _rebuild(status)),
        ]
    )
    if status.feeders:
        yield from titled_section("Workers that write", _feeders_table(status))
    if status.gaps:
        yield from titled_section("Gaps", _gaps_table(status))
    if status.clashes:
        yield from titled_section("Clashes", _clashes_table(status))
    if status.reconciliation is not None and status.reconciliation.problems:
        yield from titled_section("What the last reconciliation could not do", Text(_problems(status.reconciliation)))


def _schema(status: LedgerStatus) -> Text:
    if status.schema_version == status.needed_schema_version:
        return Text(status.schema_version)
    return Text(f"{status.schema_version}; this release needs {status.needed_schema_version}", style="bold red")


def _lag(status: LedgerStatus) -> Text:
    if not status.is_fed:
        return Text("no worker writes it", style="bold red")
    return Text(format_elapsed(status.lag_seconds), style="yellow" if status.lag_seconds > 60 else "")


def _count(number: int, one: str, many: str) -> Text:
    return Text(f"{number:,} {one if number == 1 else many}", style="bold yellow") if number else Text("none")


def _reconciled(status: LedgerStatus) -> Text:
    done = status.reconciliation
    if done is None:
        return Text("not yet", style="yellow")
    parts = [f"{done.checked:,} compared", f"{done.repaired:,} repaired"]
    parts += [f"{done.failed:,} failed"] if done.failed else []
    parts += [f"{done.deleted:,} deleted in Temporal"] if done.deleted else []
    parts += [f"to be continued: {', '.join(done.unfinished)}"] if done.unfinished else []
    return Text(f"{format_time(status.reconciled_at)}: {', '.join(parts)}, in {done.duration_seconds:.1f} s")


def _compared(status: LedgerStatus) -> str:
    if status.compared_until is None:
        return ""
    earlier = "" if status.is_backfilled else "; what ended before the first reconciliation is still to be compared"
    return f"orders that ended until {format_time(status.compared_until)}{earlier}"


def _rebuild(status: LedgerStatus) -> str:
    if status.rebuild_began_at is None:
        return ""
    return f"one that began {format_time(status.rebuild_began_at)} was interrupted: `ledger rebuild` continues it"


def _feeders_table(status: LedgerStatus) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            Text(each.worker, style="bold"),
            format_time(each.reported_at),
            format_time(each.oldest_unwritten_at),
            f"{each.unwritten_orders:,}",
            f"{each.written_changes:,}",
            f"{each.dropped_orders:,}",
        ]
        for each in status.feeders
    ]
    columns = ["Worker", "Reported", "Oldest unwritten", "Orders waiting", "Changes written", "Orders dropped"]
    return PlainTable(columns, rows, right_aligned=(3, 4, 5), droppable=(4, 2, 1))


def _gaps_table(status: LedgerStatus) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            Text(each.order_id, style="bold"),
            each.reason,
            format_time(each.since),
            str(each.tries),
            format_time(each.next_try_at),
            Text(each.error or "", style="red"),
        ]
        for each in status.gaps
    ]
    return PlainTable(["Order", "Reason", "Since", "Tries", "Next", "Error"], rows, right_aligned=(3,))


def _clashes_table(status: LedgerStatus) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            Text(each.order_id, style="bold"),
            format_time(each.found_at),
            each.earlier_submission,
            each.later_submission,
        ]
        for each in status.clashes
    ]
    return PlainTable(["Order", "Found", "First run", "Later run"], rows)


def _problems(done: ReconciliationSummary) -> str:
    more = done.failed - len(done.problems)
    return "\n".join([*done.problems, *([f"and {pluralize(more, 'other')}"] if more > 0 else [])])


def differences_table(differences: Sequence[Difference], *, with_values: bool) -> PlainTable:
    columns = ["Order", "Difference", *(["In the ledger", "In the order"] if with_values else [])]
    rows: list[Sequence[Cell]] = [
        [
            Text(each.order_id, style="bold"),
            each.sentence,
            *([str(each.in_ledger), str(each.in_order)] if with_values else []),
        ]
        for each in differences
    ]
    return PlainTable(columns, rows)


def why_left_out(away: MovedAway) -> str:
    return "it is archived" if away.name == "ARCHIVED" else "its data was erased"


def left_out_sentence(left_out: Counter[MovedAway]) -> str:
    """` Left out: 2 archived, 1 erased.`, with a blank before it; empty if nothing is left out."""
    counts = left_out_counts(left_out)
    return f" Left out: {', '.join(f'{count:,} {kind}' for kind, count in counts.items())}." if counts else ""


def left_out_counts(left_out: Counter[MovedAway]) -> dict[str, int]:
    """For programs."""
    return {away.name.lower(): count for away, count in sorted(left_out.items(), key=lambda each: each[0].name)}


def check_sentences(result: CheckResult, *, with_values: bool) -> dict[str, Any]:
    """As JSON."""
    return {
        "checked": result.checked,
        "differences": [
            {
                "order_id": each.order_id,
                "difference": each.sentence,
                **({"in_ledger": str(each.in_ledger), "in_order": str(each.in_order)} if with_values else {}),
            }
            for each in result.differences
        ],
        "unanswered": result.unanswered,
        "left_out": left_out_counts(Counter(result.left_out.values())),
    }

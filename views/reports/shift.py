"""The hand-over of a shift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from ledger.reports.model.shift_report import ShiftReport
from ledger.reports.model.stuck_orders import StuckOrders
from views.reports.period_text import NONE, period_line, share_text
from views.shared.table import Cell, KeyValueList, PlainTable, titled_section
from views.shared.time_format import format_short_time
from views.shared.value_format import in_words, pluralize


def shift_page(report: ShiftReport) -> Iterator[RenderableType]:
    yield period_line("Shift", report)
    yield Text("")
    yield KeyValueList(
        [
            ("Came", _arrived(report)),
            ("Products", _counts(report.arrived.by_product)),
            ("Ended", _ended(report)),
            ("New catalogue", _versions(report)),
        ]
    )
    if report.failing_systems:
        yield from titled_section("Systems that failed", _systems_table(report))
    yield from _stuck(report.stuck)
    if report.people:
        rows: list[Sequence[Cell]] = [
            [person.by, f"{person.total:,}", _counts(person.actions)] for person in report.people
        ]
        yield from titled_section("Who did what", PlainTable(["Who", "Actions", "Which"], rows, right_aligned=(1,)))


def _arrived(report: ShiftReport) -> str:
    came = report.arrived
    parts = [f"{pluralize(came.submitted, 'order')}"]
    parts += [f"{came.accepted:,} accepted"] if came.submitted else []
    parts += [f"{came.rejected:,} rejected"] if came.rejected else []
    parts += [f"{came.undecided:,} not decided yet"] if came.undecided else []
    return ", ".join(parts)


def _ended(report: ShiftReport) -> Text:
    ended = report.ended
    if not ended.by_state:
        return Text("none")
    text = Text(", ".join(f"{count:,} {in_words(state)}" for state, count in ended.by_state.items()))
    return text.append(f"; {ended.late:,} of them late", style="bold red") if ended.late else text


def _versions(report: ShiftReport) -> str:
    return "\n".join(
        f"{version.version[:19]}…, since {format_short_time(version.first_at)}, {pluralize(version.orders, 'order')}"
        for version in report.new_versions
    )


def _systems_table(report: ShiftReport) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            row.system,
            Text(row.code or NONE, style="red"),
            f"{row.failed:,}",
            share_text(row.failed, row.attempts),
            f"{row.orders:,}",
            format_short_time(row.first_at),
            format_short_time(row.last_at),
            format_short_time(row.last_success_at) or "never",
        ]
        for row in report.failing_systems
    ]
    headings = ["System", "Error", "Failed", "Of all", "Orders", "First", "Last", "Last success"]
    return PlainTable(headings, rows, right_aligned=(2, 3, 4), droppable=(5, 4))


def _stuck(stuck: StuckOrders) -> Iterator[RenderableType]:
    """What is empty is left out."""
    if not any((stuck.fallout, stuck.tasks, stuck.held, stuck.interrupted, stuck.late)):
        yield from titled_section("Stuck now", Text("nothing"))
        return
    if stuck.fallout:
        rows: list[Sequence[Cell]] = [
            [
                each.system or NONE,
                Text(each.code or NONE, style="red"),
                each.queue or NONE,
                f"{each.steps:,}",
                f"{each.orders:,}",
                format_short_time(each.since),
            ]
            for each in stuck.fallout
        ]
        headings = ["System", "Error", "Queue", "Steps", "Orders", "Since"]
        yield from titled_section("In fallout now", PlainTable(headings, rows, right_aligned=(3, 4)))
    if stuck.tasks:
        rows = [
            [
                each.queue or NONE,
                f"{each.tasks:,}",
                Text(f"{each.overdue:,}" if each.overdue else "", style="bold red"),
                f"{each.unclaimed:,}" if each.unclaimed else "",
                format_short_time(each.since),
                format_short_time(each.earliest_due),
            ]
            for each in stuck.tasks
        ]
        headings = ["Queue", "Tasks", "Overdue", "Unclaimed", "Since", "Earliest due"]
        yield from titled_section("Tasks now", PlainTable(headings, rows, right_aligned=(1, 2, 3)))
    if other := _other_causes(stuck):
        headings = ["Cause", "Orders", "Since", "Details"]
        yield from titled_section("Other orders that need attention", PlainTable(headings, other, right_aligned=(1,)))


def _other_causes(stuck: StuckOrders) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [
        ["held", f"{each.orders:,}", format_short_time(each.since), f"by {each.by or NONE}: {each.reason or NONE}"]
        for each in stuck.held
    ]
    rows += [
        [Text("interrupted", style="bold red"), f"{each.orders:,}", format_short_time(each.since), in_words(each.kind)]
        for each in stuck.interrupted
    ]
    rows += [
        [
            in_words(each.jeopardy),
            f"{each.orders:,}",
            "",
            f"the earliest was requested for {format_short_time(each.earliest_requested)}"
            if each.earliest_requested
            else "",
        ]
        for each in stuck.late
    ]
    return rows


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())

"""Pages of the ledger on a terminal of 80 columns: a row of a table stays on one line."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, datetime

from rich.console import Console, RenderableType

from ledger.reconciliation.ledger_status import FeederStatus, LedgerStatus
from ledger.reports.model.duration_report import DurationReport, StepDurations
from ledger.reports.model.report import Spread
from ledger.reports.model.sla_report import SlaReport, SlaRow
from views.infrastructure.ledger import status_page
from views.reports.durations import durations_page
from views.reports.sla import sla_page

WIDTH = 80
BEGIN, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
STEP = "monitoring_subscription.activated"
SPREAD = Spread(count=1_204, p50=3599.0, p90=86_399.0, longest=200_000.0)


def lines(page: Iterable[RenderableType], below: str) -> list[str]:
    """Those of the table below this title."""
    console = Console(file=io.StringIO(), width=WIDTH)
    for part in page:
        console.print(part)
    stream = console.file
    assert isinstance(stream, io.StringIO)
    shown = [line.rstrip() for line in stream.getvalue().splitlines()]
    return shown[shown.index(below) + 1 :]


def test_durations_leave_out_what_is_needed_least() -> None:
    step = StepDurations(
        workstream="monitoring_subscription", step=STEP, name="Activated", kind="call", took=SPREAD,
        expected=86_400.0, over_expected=87,
    )  # fmt: skip
    report = DurationReport(since=BEGIN, until=END, product=None, steps=[step], workstreams=[])
    heading, row, note = lines(durations_page(report), "Steps")
    assert heading.split() == ["Step", "Done", "p50", "Expected", "Longer"]
    assert row.split() == [STEP, "1,204", "59", "min", "59", "s", "1", "d", "7", "%"]
    assert note == "Left out on this narrow screen: p90"


def test_promises_leave_out_what_is_needed_least() -> None:
    row = SlaRow(
        promise="step", by="step", group=f"{STEP}_again", kept=1_100, missed=104, still_open=12, late_by=SPREAD
    )
    everything = row.model_copy(update={"by": "all", "group": None})
    report = SlaReport(since=BEGIN, until=END, product=None, rows=[everything, row])
    heading, shown, note = lines(sla_page(report), "Slas of steps")
    assert heading.split() == ["Step", "Kept", "Missed", "Open", "Kept", "%", "Latest"]
    assert shown.startswith(f"{STEP}_again")
    assert shown.endswith("2 d 7 h")
    assert note == "Left out on this narrow screen: Late p50"


def test_workers_that_write_leave_out_what_is_needed_least() -> None:
    feeder = FeederStatus(
        worker="48213@trial-host", reported_at=END, oldest_unwritten_at=None, unwritten_orders=3,
        written_changes=10_204, dropped_orders=7,
    )  # fmt: skip
    status = LedgerStatus(ledger="here", schema_version="0002", needed_schema_version="0002", feeders=[feeder])
    heading, row, note = lines(status_page(status), "Workers that write")
    assert heading == "Worker            Reported                 Orders waiting  Orders dropped"
    assert row == f"48213@trial-host  2026-12-01 00:00:00 UTC{'3':>16}{'7':>16}"
    assert note == "Left out on this narrow screen: Changes written"

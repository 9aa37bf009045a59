"""`report shift`: the hand-over of a shift."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.reports.report_output import PANEL, ReportFormat, UntilOption, print_report, read_criteria
from cli.framework.command import register_command
from cli.framework.options import value_option
from cli.framework.server_call import call_ledger
from cli.framework.session import Session


def register(app: typer.Typer) -> None:
    register_command(app, "shift", PANEL, ReportFormat)(shift)


def shift(
    session: Session,
    since: Annotated[
        str | None, value_option("WHEN", "When the shift began: 2026-12-01T06:00, 8h. Default: 8 hours ago.")
    ] = None,
    until: UntilOption = None,
) -> None:
    """Hand over a shift: what came, what ended, what is stuck and why, who did what.

    What is stuck is shown as it is now, whatever the period is.
    """
    from operations.report_responses import shift_report_response
    from views.reports.csv_rows import shift_rows
    from views.reports.shift import shift_page

    criteria = read_criteria(since, until)
    report, provenance = call_ledger(session, lambda server: server.reports.shift(criteria))
    document = shift_report_response(report, provenance)
    print_report(session, provenance, document, shift_page(report), shift_rows(report))

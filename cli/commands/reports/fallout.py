"""`report fallout`: how often steps failed, and how that was resolved."""

from __future__ import annotations

import typer

from cli.commands.reports.report_output import (
    PANEL,
    ProductOption,
    ReportFormat,
    SinceOption,
    UntilOption,
    print_report,
    read_criteria,
)
from cli.framework.command import register_command
from cli.framework.server_call import call_ledger
from cli.framework.session import Session


def register(app: typer.Typer) -> None:
    register_command(app, "fallout", PANEL, ReportFormat)(fallout)


def fallout(
    session: Session, product: ProductOption = None, since: SinceOption = None, until: UntilOption = None
) -> None:
    """Show by system and error code how often steps were in fallout, how it ended, and how long it took."""
    from operations.report_responses import fallout_report_response
    from views.reports.csv_rows import fallout_rows
    from views.reports.fallout import fallout_page

    criteria = read_criteria(since, until, product)
    report, provenance = call_ledger(session, lambda server: server.reports.fallout(criteria))
    document = fallout_report_response(report, provenance)
    print_report(session, provenance, document, fallout_page(report), fallout_rows(report))

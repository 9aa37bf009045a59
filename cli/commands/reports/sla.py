"""`report sla`: promises kept and missed."""

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
    register_command(app, "sla", PANEL, ReportFormat)(sla)


def sla(session: Session, product: ProductOption = None, since: SinceOption = None, until: UntilOption = None) -> None:
    """Show which promises were kept and missed, and by how much.

    Promises are the requested completion of orders and the slas of steps: by product, by the customer's tier, by step.
    """
    from operations.report_responses import sla_report_response
    from views.reports.csv_rows import sla_rows
    from views.reports.sla import sla_page

    criteria = read_criteria(since, until, product)
    report, provenance = call_ledger(session, lambda server: server.reports.sla(criteria))
    print_report(session, provenance, sla_report_response(report, provenance), sla_page(report), sla_rows(report))

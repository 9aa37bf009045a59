"""`report durations`: how long steps took, compared with what their definitions expect."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.reports.report_output import (
    PANEL,
    SinceOption,
    UntilOption,
    print_report,
    read_criteria,
    write_csv,
)
from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.server_call import call_ledger
from cli.framework.session import Session

if TYPE_CHECKING:
    from compiler.catalogue.catalogue import Catalogue
    from ledger.reports.expected_suggestions import Suggestion

MIN_SAMPLES = 20


class DurationFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    DIFF = "diff"


def register(app: typer.Typer) -> None:
    register_command(app, "durations", PANEL, DurationFormat)(durations)


def durations(
    session: Session,
    product: Annotated[
        str | None,
        typer.Option(
            "--product",
            "--offer",
            metavar="ID",
            help="Only orders with this commercial product (offer).",
            show_default=False,
        ),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Print the lines of the definitions to change. Changes nothing.")
    ] = False,
    min_samples: Annotated[
        int, typer.Option(metavar="N", min=5, help="With --suggest: only steps that were done so often.")
    ] = MIN_SAMPLES,
) -> None:
    """Show how long steps and workstreams took, and how that compares with `expected` in the definitions folder.

    With --suggest, prints each line of YAML that should change: half of the steps took longer, half shorter than the
    suggested value. `-o diff` prints a unified diff, which `git apply` takes.
    """
    from ledger.reports.expected_durations import expected_durations
    from operations.report_responses import duration_report_response
    from views.reports.csv_rows import duration_rows
    from views.reports.durations import durations_page

    if session.output.value == DurationFormat.DIFF.value and not suggest:
        raise UsageError("`-o diff` goes with --suggest")
    criteria = read_criteria(since, until, product)
    has_definitions = suggest or session.definitions is not None or session.definitions_dir.is_dir()
    catalogue = session.read_catalogue() if has_definitions else None
    expected = expected_durations(catalogue) if catalogue is not None else {}
    report, provenance = call_ledger(session, lambda server: server.reports.durations(criteria, expected))
    if suggest and catalogue is not None:
        from ledger.reports.expected_suggestions import suggest as find_suggestions

        _print_suggestions(session, find_suggestions(report, catalogue, min_samples), catalogue, min_samples)
        return
    if catalogue is None:
        session.print_note(f"There is no folder {session.definitions_dir}, so nothing is compared with `expected`.")
    document = duration_report_response(report, provenance)
    print_report(session, provenance, document, durations_page(report), duration_rows(report))


def _print_suggestions(
    session: Session, suggestions: Sequence[Suggestion], catalogue: Catalogue, min_samples: int
) -> None:
    from ledger.reports.expected_suggestions import unified_diff
    from views.reports.durations import suggestion_columns, suggestion_lines, suggestion_rows, suggestions_note

    rows = suggestion_rows(suggestions)
    match session.output.value:
        case DurationFormat.DIFF.value:
            sys.stdout.writelines(unified_diff(suggestions, catalogue))
            sys.stdout.flush()
        case DurationFormat.CSV.value:
            write_csv(suggestion_columns(), rows)
        case DurationFormat.JSON.value:
            session.print_json({"suggestions": rows})
        case _:
            session.print(*suggestion_lines(suggestions))
    as_diff = session.output.value == DurationFormat.DIFF.value
    session.print_note(suggestions_note(suggestions, min_samples, as_diff=as_diff))

"""`export`: orders for other programs, or one order as a file to amend."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.server_call import call_ledger, call_server
from cli.framework.session import Session
from cli.user_input.order_files import STDIN
from cli.user_input.order_filter_options import resolve_version, takes_order_filter
from ledger.export.export_kinds import ExportFormat, ExportTable
from ledger.reading.filters.order_filter import OrderFilter

if TYPE_CHECKING:
    from operations.client import OrderClient

PANEL = "Orders"


def register(app: typer.Typer) -> None:
    register_command(app, "export", PANEL)(takes_order_filter(export))


def export(
    session: Session,
    criteria: OrderFilter,
    order_id: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Only this order, as a YAML file to amend.", show_default=False),
    ] = None,
    output_format: Annotated[
        ExportFormat | None,
        typer.Option("--format", help="jsonl: whole orders. csv, parquet: one table.", show_default="jsonl"),
    ] = None,
    table: Annotated[
        ExportTable | None, typer.Option("--table", help="Of csv and parquet.", show_default="orders")
    ] = None,
    to: Annotated[str, typer.Option("--to", metavar="FILE", help="The file; - is standard output.")] = STDIN,
) -> None:
    """Export orders as JSON lines, CSV or Parquet, or one order as a file to amend.

    The orders are those of the ledger that fit, at one moment. A file appears once it is complete, and only you may
    read it. With an id, prints the order as it was submitted, or amended last.
    """
    if order_id is not None:
        if output_format is not None or table is not None or criteria != OrderFilter():
            raise UsageError("One order is exported as YAML: without a filter, --format and --table")
        _export_order(session, order_id, to)
        return
    wanted = output_format or ExportFormat.JSONL
    if table is not None and wanted is ExportFormat.JSONL:
        raise UsageError("A line of JSON holds a whole order: --table goes with `--format csv` and `--format parquet`")
    if wanted is ExportFormat.PARQUET and to == STDIN:
        raise UsageError("Parquet goes to a file: give --to FILE")
    target = sys.stdout.buffer if to == STDIN else _writable(to)
    count = call_ledger(session, lambda server: _export(server, criteria, table or ExportTable.ORDERS, wanted, target))
    sys.stdout.flush()
    _report(session, to, count, "row" if wanted is not ExportFormat.JSONL else "order")


async def _export(
    server: OrderClient, criteria: OrderFilter, table: ExportTable, wanted: ExportFormat, target: Path | IO[bytes]
) -> int:
    return await server.exports.export(await resolve_version(server, criteria), table, wanted, target)


def _export_order(session: Session, order_id: str, to: str) -> None:
    from ledger.export.complete_file import complete_file
    from views.order.order_file import order_yaml

    order = call_server(session, lambda server: server.exports.submitted_order(order_id))
    if session.is_json:
        session.print_json(order)
        return
    text = order_yaml(order)
    if to == STDIN:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        with complete_file(_writable(to)) as file:
            file.write(text.encode())
        session.print_note(f"Order {order_id} is in {to}. Change it, then `amend {to}`.")


def _report(session: Session, to: str, count: int, noun: str) -> None:
    from views.shared.value_format import pluralize

    if session.is_json and to != STDIN:
        session.print_json({"file": to, f"{noun}s": count})
    else:
        session.print_note(f"{pluralize(count, noun)} exported{'' if to == STDIN else f' to {to}'}.")


def _writable(name: str) -> Path:
    path = Path(name)
    if path.is_dir():
        raise UsageError(f"{name} is a folder; --to names a file")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}")
    return path

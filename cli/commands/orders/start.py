"""`start`: one order or many, submitted once each, and followed where that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.order_files import LoadedOrder, load_orders
from cli.user_input.value_parsing import parse_seconds
from compiler.source.findings import Finding, OrderRejected

PANEL = "Orders"


def register(app: typer.Typer) -> None:
    register_command(app, "start", PANEL)(start)


def start(
    session: Session,
    files: Annotated[
        list[str],
        typer.Argument(metavar="ORDER", help="Files with orders (YAML, JSON, JSON lines), or - for standard input."),
    ],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until they have ended.")] = False,
    timeout: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Wait no longer than this (90, 15m, 2h); the orders go on.", show_default=False
        ),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show the progress until it has ended.")] = False,
    revision: Annotated[bool, typer.Option("--revision", help="Run an order anew that has ended.")] = False,
) -> int:
    """Submit orders. Sending one twice never fulfils it twice.

    With --definitions each is compiled here first, and sent only where it fits; the worker's own catalogue decides.
    """
    patience = parse_seconds(timeout, "--timeout")
    if timeout is not None and not (wait or watch):
        raise UsageError("--timeout goes with --wait or --watch")
    if watch and session.is_json:
        raise UsageError("--watch is for people; with -o json use --wait")
    given = load_orders(files)
    if watch and len(given) > 1:
        raise UsageError(f"--watch follows one order, and these are {len(given)}; use --wait")
    if session.definitions_option is not None:
        _check_orders(session, given)
    from cli.commands.orders.submission import WaitOptions, submit_orders

    waiting = WaitOptions(wait or watch, watch, patience)
    return call_server(session, lambda server: submit_orders(session, server, given, revision, waiting))


def _check_orders(session: Session, orders: Sequence[LoadedOrder]) -> None:
    """Raises CatalogueInvalid, or OrderRejected with all that a worker would refuse these orders for."""
    from compiler.compile_order import compile_order

    catalogue = session.read_catalogue()
    findings: list[Finding] = []
    for each in orders:
        try:
            compile_order(each.order, catalogue, each.file)
        except OrderRejected as rejected:
            findings += rejected.findings
    if findings:
        raise OrderRejected(findings)

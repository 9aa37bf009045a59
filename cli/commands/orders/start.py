"""`start`: submits orders, and waits for their end on request."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.validation.collect_findings import compile_findings
from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.options import value_option
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.order_files import load_orders
from cli.user_input.value_parsing import parse_seconds
from compiler.source.findings import OrderRejected

PANEL = "Orders"


def register(app: typer.Typer) -> None:
    register_command(app, "start", PANEL)(start)


def start(
    session: Session,
    files: Annotated[
        list[str],
        typer.Argument(metavar="ORDER", help="Files with orders (YAML, JSON, JSON lines); - is standard input."),
    ],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the orders have ended.")] = False,
    timeout: Annotated[str | None, value_option("TIME", "Stop waiting after this time: 90, 15m, 2h.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show the order's progress until it has ended.")] = False,
    revision: Annotated[bool, typer.Option("--revision", help="Run an order again that has ended.")] = False,
) -> int:
    """Submit orders.

    If you send an order twice, it is fulfilled once. With --definitions, this command first checks the orders against
    those definitions. The workers' catalogue still decides.
    """
    timeout_seconds = parse_seconds(timeout, "--timeout")
    if timeout is not None and not (wait or watch):
        raise UsageError("--timeout needs --wait or --watch")
    if watch and session.is_json:
        raise UsageError("--watch is for people; use --wait with -o json")
    orders = load_orders(files)
    if watch and len(orders) > 1:
        raise UsageError(f"--watch follows one order, but there are {len(orders)}; use --wait")
    if session.definitions is not None:
        findings = compile_findings(orders, session.read_catalogue())
        if any(finding.severity == "error" for finding in findings):
            raise OrderRejected(findings)
    from cli.commands.orders.submission import WaitOptions, submit_orders

    wait_options = WaitOptions(wait or watch, watch, timeout_seconds)
    return call_server(session, lambda server: submit_orders(session, server, orders, revision, wait_options))

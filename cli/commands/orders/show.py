"""`show`, `watch` and `why`: one order, live, and what it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.framework.command import register_command
from cli.framework.freshness import note_order_source
from cli.framework.options import LedgerOption, LiveOption, OrderIdArgument, SubmissionOption, source_preference
from cli.framework.server_call import call_server
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.client import OrderClient
    from operations.reading.order_details import OrderDetails

PANEL = "Orders"
REMARK_TIMEOUT = 1.0
"""Seconds. Nobody waits longer for what is only a remark."""


def register(app: typer.Typer) -> None:
    register_command(app, "show", PANEL)(show)
    register_command(app, "watch", PANEL)(watch)
    register_command(app, "why", PANEL)(why)


def show(
    session: Session,
    order_id: OrderIdArgument,
    submission: SubmissionOption = None,
    live: LiveOption = False,
    ledger: LedgerOption = False,
) -> None:
    """Show an order with its lines, steps and history.

    A running order answers itself. The ledger answers for one that has ended, if no worker does, and for an earlier
    submission.
    """
    from operations.responses import order_with_steps_response
    from views.order.order_page import render_order

    source = source_preference(live=live, ledger=ledger, submission=submission)

    async def read(server: OrderClient) -> tuple[OrderDetails, Sequence[int]]:
        details = await server.read(order_id, source=source, submission=submission)
        version = details.order.catalogue_version
        return details, await _publication_numbers(server, version) if version and not session.is_json else ()

    details, numbers = call_server(session, read)
    if session.is_json:
        session.print_json(order_with_steps_response(details))
    else:
        session.print(*render_order(details, published=numbers))
        note_order_source(session, details)


async def _publication_numbers(server: OrderClient, version: str) -> Sequence[int]:
    """Empty if Temporal is away: the ledger has answered, and this is only a remark."""
    from operations.errors import ServerUnreachable

    try:
        async with asyncio.timeout(REMARK_TIMEOUT if server.ledger is not None else None):
            return await server.read_publication_numbers(version)
    except (ServerUnreachable, TimeoutError):
        return ()


def watch(session: Session, order_id: OrderIdArgument) -> None:
    """Follow an order until it ends.

    With -o json, prints the document of `show` once the order has ended.
    """
    from operations.responses import order_with_steps_response
    from views.order.progress_picture import progress_heading
    from views.order.watch import follow

    async def follow_until_ended(server: OrderClient) -> None:
        if session.is_json:
            await server.wait_until_ended(order_id)
            session.print_json(order_with_steps_response(await server.read(order_id)))
            return
        ended = await follow(server, order_id, session.console)
        if not session.is_terminal and not ended.steps:
            session.print(progress_heading(ended.order, ended.steps, datetime.now(UTC)))

    call_server(session, follow_until_ended)


def why(
    session: Session,
    order_id: OrderIdArgument,
    step: Annotated[
        str | None,
        typer.Argument(
            metavar="STEP", help="A step's id, or its number in `show`. Default: the whole order.", show_default=False
        ),
    ] = None,
    live: LiveOption = False,
    ledger: LedgerOption = False,
) -> None:
    """Show what an order or a step waits for.

    Also since when, whose move it is, and what unblocks it.
    """
    from operations.responses import blockers_response
    from views.order.blockers import render_blockers

    source = source_preference(live=live, ledger=ledger)
    details, blockers = call_server(session, lambda server: server.find_blockers(order_id, step, source))
    blocked_step = details.step(step) if step else None
    if session.is_json:
        session.print_json(blockers_response(details, blockers, blocked_step))
    else:
        session.print(*render_blockers(details, blockers, blocked_step))
        note_order_source(session, details)

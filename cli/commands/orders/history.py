"""`history`: who did what to an order, when and why."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.orders.show import PANEL
from cli.framework.command import register_command
from cli.framework.options import OrderIdArgument, value_option
from cli.framework.server_call import call_server
from cli.framework.session import Session


def register(app: typer.Typer) -> None:
    register_command(app, "history", PANEL)(history)


def history(
    session: Session,
    order_id: OrderIdArgument,
    actions_only: Annotated[bool, typer.Option("--acts", help="Only actions of people.")] = False,
    step: Annotated[str | None, value_option("STEP", "Only entries about this step.")] = None,
) -> None:
    """Show what happened to an order: who did what, when and why."""
    from operations.responses import HistoryResponse
    from views.order.order_page import history_table

    order = call_server(session, lambda server: server.read_history(order_id)).order
    entries = [entry for entry in order.history if (entry.by or not actions_only) and step in (None, entry.step)]
    if session.is_json:
        session.print_json(HistoryResponse(order_id=order.order_id, state=order.state, history=entries))
    elif entries:
        session.print(history_table(entries))
    else:
        session.print("No entry fits.")

"""`history`: who did what to an order, when and why."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.orders.show import PANEL
from cli.framework.command import command
from cli.framework.options import OrderId
from cli.framework.server_call import ask
from cli.framework.session import Session


def register(app: typer.Typer) -> None:
    command(app, "history", PANEL)(history)


def history(
    session: Session,
    order_id: OrderId,
    acts: Annotated[bool, typer.Option("--acts", help="Only what people did.")] = False,
    step: Annotated[str | None, typer.Option(metavar="STEP", help="Only this step's.", show_default=False)] = None,
) -> None:
    """Say who did what to an order, when and why; and what happened to it by itself."""
    from operations.json_views import history_json
    from views.order.details import history_table

    order = ask(session, lambda server: server.history(order_id)).order
    entries = [entry for entry in order.history if (entry.by or not acts) and step in (None, entry.step)]
    if session.json:
        session.document(history_json(order, entries))
    elif entries:
        session.show(history_table(entries))
    else:
        session.show("Nothing of that kind has happened.")

"""`amend`: an order is changed on its way, to the whole new order that a file holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cli.framework.actor import actor_of
from cli.framework.command import command
from cli.framework.confirm import agreed, can_ask
from cli.framework.errors import REFUSED, WrongUsage
from cli.framework.options import By, Override, Reason, Yes
from cli.framework.server_call import ask
from cli.framework.session import Session
from cli.user_input.order_files import read_given

if TYPE_CHECKING:
    from workflows.contract.order_messages import AmendAnswer

PANEL = "Orders"


def register(app: typer.Typer) -> None:
    command(app, "amend", PANEL)(amend)


def amend(
    session: Session,
    order: Annotated[
        str, typer.Argument(metavar="FILE", help="The whole new order (YAML or JSON), or - for standard input.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    override: Override = None,
    yes: Yes = False,
    reason: Reason = "",
    by: By = None,
) -> int:
    """Change an order on its way: what it touches is redone, undone or added; the rest stays.

    Refused past a point of no return. In a terminal it says what it would do, and asks first.
    """
    from operations.actions.amend_order import Amendment

    given = read_given([order])
    if len(given) > 1:
        raise WrongUsage(f"An amendment is one order, and these are {len(given)}")
    wanted = Amendment(given[0].order, actor_of(by, reason), dry_run, override)
    if not (dry_run or yes) and can_ask(session):
        would = ask(session, lambda server: server.amend(replace(wanted, dry_run=True)))
        if would.already or not would.accepted:
            return _told(session, would)
        _told(session, would)
        if not agreed(session, f"Amend order {would.order_id}?"):
            session.show("Nothing was done.")
            return 0
        wanted = replace(wanted, expected_revision=would.revision)
        answer = ask(session, lambda server: server.amend(wanted))
        session.show(answer.message)
        return 0
    return _told(session, ask(session, lambda server: server.amend(wanted)))


def _told(session: Session, answer: AmendAnswer) -> int:
    if session.json:
        from operations.json_views import amendment_json

        session.document(amendment_json(answer))
    else:
        from views.order.amendment import amendment_view

        session.show(*amendment_view(answer))
    return 0 if answer.accepted else REFUSED

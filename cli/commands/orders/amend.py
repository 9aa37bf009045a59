"""`amend`: an order is changed on its way, to the whole new order that a file holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cli.framework.actor import make_actor
from cli.framework.command import register_command
from cli.framework.confirm import can_prompt, confirm
from cli.framework.errors import EXIT_REFUSED, UsageError
from cli.framework.options import ByOption, OverrideOption, ReasonOption, YesOption
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.order_files import load_orders

if TYPE_CHECKING:
    from workflows.contract.order_messages import AmendResult

PANEL = "Orders"


def register(app: typer.Typer) -> None:
    register_command(app, "amend", PANEL)(amend)


def amend(
    session: Session,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The whole new order (YAML or JSON), or - for standard input.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    override: OverrideOption = None,
    yes: YesOption = False,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> int:
    """Change an order on its way: what it touches is redone, undone or added; the rest stays.

    Refused past a point of no return. In a terminal it says what it would do, and asks first.
    """
    from operations.actions.amend_order import AmendCommand

    given = load_orders([file])
    if len(given) > 1:
        raise UsageError(f"An amendment is one order, and these are {len(given)}")
    wanted = AmendCommand(given[0].order, make_actor(by, reason), dry_run, override)
    if not (dry_run or yes) and can_prompt(session):
        would = call_server(session, lambda server: server.amend(replace(wanted, dry_run=True)))
        if would.already or not would.accepted:
            return _print_result(session, would)
        _print_result(session, would)
        if not confirm(session, f"Amend order {would.order_id}?"):
            session.print("Nothing was done.")
            return 0
        wanted = replace(wanted, expected_revision=would.revision)
        answer = call_server(session, lambda server: server.amend(wanted))
        session.print(answer.message)
        return 0
    return _print_result(session, call_server(session, lambda server: server.amend(wanted)))


def _print_result(session: Session, answer: AmendResult) -> int:
    if session.is_json:
        session.print_json(answer)
    else:
        from views.order.amendment import render_amendment

        session.print(*render_amendment(answer))
    return 0 if answer.accepted else EXIT_REFUSED

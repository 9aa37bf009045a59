"""`amend`: changes a running order to the whole new order in a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.bulk_command import register_action
from cli.commands.publishing.catalogue_in_force import note_refused_edits
from cli.framework.actor import make_actor
from cli.framework.confirm import can_prompt, confirm
from cli.framework.errors import EXIT_REFUSED, UsageError, parse_finding
from cli.framework.options import ByOption, OverrideOption, ReasonOption, YesOption, value_option
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.order_files import id_refusal, load_orders
from workflows.contract import actions

if TYPE_CHECKING:
    from operations.actions.amend_order import AmendCommand
    from operations.client import OrderClient
    from workflows.contract.order_messages import AmendResult

PANEL = "Orders"


def register(app: typer.Typer) -> None:
    register_action(app, actions.AMEND, PANEL)(amend)


def amend(
    session: Session,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The whole new order (YAML or JSON); - is standard input.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")] = False,
    override: OverrideOption = None,
    drop_unit: Annotated[
        list[str] | None,
        value_option("UNIT", "A unit that goes where a quantity goes down, such as router@1#2. May be given again."),
    ] = None,
    catalogue_version: Annotated[
        str | None,
        value_option("VERSION", "Compile with this version: `same` (the order's), or as in `versions`."),
    ] = None,
    yes: YesOption = False,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> int:
    """Refused past a point of no return. In a terminal, the command shows what it would do and asks first."""
    from operations.actions.amend_order import AmendCommand

    orders = load_orders([file])
    if len(orders) > 1:
        raise UsageError(f"An amendment is one order, but {file} has {len(orders)}")
    if refusal := id_refusal(orders[0]):
        raise refusal
    command = AmendCommand(
        orders[0].order,
        make_actor(by, reason),
        dry_run,
        override,
        drop_units=drop_unit or (),
        catalogue_version=catalogue_version,
    )
    if dry_run or yes or not can_prompt(session):
        return _print_result(session, command, _send(session, command, orders[0].file))
    preview = _send(session, replace(command, dry_run=True), orders[0].file)
    status = _print_result(session, command, preview)
    if preview.already or not preview.accepted:
        return status
    if not confirm(session, f"Amend order {preview.order_id}?"):
        session.print("Nothing was done.")
        return 0
    confirmed = replace(command, expected_revision=preview.revision)
    session.print(call_server(session, lambda server: server.amend(confirmed)).message)
    return 0


def _send(session: Session, command: AmendCommand, file: str) -> AmendResult:
    """Also notes, whatever the answer is, which edits of the definitions the workers refused. Findings name `file`."""
    from operations.errors import OperationRefused

    async def amend_and_note(server: OrderClient) -> AmendResult:
        try:
            return await server.amend(command)
        except OperationRefused as refused:
            refused.findings = [parse_finding(finding, file).model_dump() for finding in refused.findings]
            raise
        finally:
            await note_refused_edits(session, server)

    return call_server(session, amend_and_note)


def _print_result(session: Session, command: AmendCommand, answer: AmendResult) -> int:
    if session.is_json:
        session.print_json(answer)
    else:
        from views.infrastructure.deployed_catalogue import short_version
        from views.order.amendment import render_amendment

        session.print(*render_amendment(answer))
        if command.catalogue_version is not None and answer.catalogue_version is not None:
            session.print_note(f"Compiled with catalogue version {short_version(answer.catalogue_version)}.")
    return 0 if answer.accepted else EXIT_REFUSED

"""`systems` and `system`: the state of the systems that orders call, and switching one off or on."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.publishing.catalogue_in_force import note_refused_edits
from cli.framework.actor import make_actor
from cli.framework.command import register_command
from cli.framework.options import ByOption, ReasonOption
from cli.framework.server_call import call_server
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.client import OrderClient
    from operations.systems import SystemStatus

PANEL = "Systems"


class SwitchPosition(StrEnum):
    ON = "on"
    OFF = "off"


def register(app: typer.Typer) -> None:
    register_command(app, "systems", PANEL)(systems)
    register_command(app, "system", PANEL)(switch_system)


def systems(session: Session) -> None:
    """List the systems that orders call, and their switches."""
    from operations.responses import system_list_response
    from views.infrastructure.systems import systems_table

    async def read(server: OrderClient) -> Sequence[SystemStatus]:
        statuses = await server.list_systems()
        await note_refused_edits(session, server)
        return statuses

    statuses = call_server(session, read)
    if session.is_json:
        session.print_json(system_list_response(statuses))
    elif statuses:
        session.print(systems_table(statuses))
        session.print_note("`system off NAME` makes a system's calls wait; `system on NAME` lets them go on.")
    else:
        session.print("No worker has announced a system yet.")


def switch_system(
    session: Session,
    position: Annotated[SwitchPosition, typer.Argument(metavar="off|on", help="The new position.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The system's id.")],
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Switch a system off, or on again.

    While it is off, its calls wait and use no attempt; calls under way end normally. When it is on again, calls go on
    at a rising pace.
    """
    from operations.responses import system_switch_response

    actor = make_actor(by, reason)
    answer = call_server(session, lambda server: server.switch_system(name, position.value, actor))
    session.print_result(system_switch_response(answer), answer.message)

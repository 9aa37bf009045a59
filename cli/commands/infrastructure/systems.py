"""`systems` and `system`: how the systems fare that orders call, and switching one off or on."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.framework.actor import make_actor
from cli.framework.command import register_command
from cli.framework.options import ByOption, ReasonOption
from cli.framework.server_call import call_server
from cli.framework.session import Session

PANEL = "Systems"


class SwitchPosition(StrEnum):
    ON = "on"
    OFF = "off"


def register(app: typer.Typer) -> None:
    register_command(app, "systems", PANEL)(systems)
    register_command(app, "system", PANEL)(switch_system)


def systems(session: Session) -> None:
    """List the systems that orders call: their switches, and what waits for them."""
    from operations.responses import system_list_response
    from views.infrastructure.systems import systems_table

    found = call_server(session, lambda server: server.list_systems())
    if session.is_json:
        session.print_json(system_list_response(found))
    elif found:
        session.print(systems_table(found))
        session.print_note("`system off NAME` has a system's calls wait; `system on NAME` lets them go on.")
    else:
        session.print("No worker has announced a system yet.")


def switch_system(
    session: Session,
    position: Annotated[SwitchPosition, typer.Argument(metavar="off|on", help="Where to switch it.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The system's id.")],
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Switch a system off, or on again.

    While it is off, its calls wait and burn no attempt. Those under way end; on again, they go on at a pace that rises.
    """
    from operations.responses import system_switch_response

    actor = make_actor(by, reason)
    answer = call_server(session, lambda server: server.switch_system(name, position.value, actor))
    if session.is_json:
        session.print_json(system_switch_response(answer))
    else:
        session.print(answer.message)

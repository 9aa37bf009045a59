"""`systems` and `system`: how the systems fare that orders call, and switching one off or on."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.framework.actor import actor_of
from cli.framework.command import command
from cli.framework.options import By, Reason
from cli.framework.server_call import ask
from cli.framework.session import Session

PANEL = "Systems"


class Switched(StrEnum):
    ON = "on"
    OFF = "off"


def register(app: typer.Typer) -> None:
    command(app, "systems", PANEL)(systems)
    command(app, "system", PANEL)(system)


def systems(session: Session) -> None:
    """List the systems that orders call: their switches, and what waits for them."""
    from operations.json_views import systems_json
    from views.infrastructure.systems import systems_table

    found = ask(session, lambda server: server.systems())
    if session.json:
        session.document(systems_json(found))
    elif found:
        session.show(systems_table(found))
        session.remark("`system off NAME` has a system's calls wait; `system on NAME` lets them go on.")
    else:
        session.show("No worker has announced a system yet.")


def system(
    session: Session,
    to: Annotated[Switched, typer.Argument(metavar="off|on", help="Where to switch it.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The system's id.")],
    reason: Reason = "",
    by: By = None,
) -> None:
    """Switch a system off, or on again.

    While it is off, its calls wait and burn no attempt. Those under way end; on again, they go on at a pace that rises.
    """
    from operations.json_views import switch_json

    actor = actor_of(by, reason)
    answer = ask(session, lambda server: server.switch_system(name, to.value, actor))
    if session.json:
        session.document(switch_json(answer))
    else:
        session.show(answer.message)

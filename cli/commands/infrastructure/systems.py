"""`systems` and `system`: the state of the systems that orders call, and switching one off or on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.publishing.catalogue_in_force import note_refused_edits
from cli.framework.actor import make_actor
from cli.framework.command import register_command
from cli.framework.freshness import note_source
from cli.framework.options import ByOption, ReasonOption, value_option
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_since

if TYPE_CHECKING:
    from operations.client import OrderClient
    from operations.reading.system_health import SystemHealth

PANEL = "Systems"
USUAL_PERIOD = timedelta(hours=1)
"""Of which calls are counted."""


class SwitchPosition(StrEnum):
    ON = "on"
    OFF = "off"


def register(app: typer.Typer) -> None:
    register_command(app, "systems", PANEL)(systems)
    register_command(app, "system", PANEL)(switch_system)


def systems(
    session: Session,
    since: Annotated[
        str | None, value_option("WHEN", "Count calls from then on: 24h, 7d, 2026-12-01. Default: 1h. Needs a ledger.")
    ] = None,
) -> None:
    """List the systems that orders call: their switches, and with a ledger how they answered lately."""
    from operations.reading.reports import ReportCriteria
    from operations.report_responses import system_report_response
    from operations.responses import system_list_response
    from views.infrastructure.systems import systems_table

    now = datetime.now(UTC)
    criteria = ReportCriteria(parse_since(since, now) or now - USUAL_PERIOD)

    async def read(server: OrderClient) -> SystemHealth:
        health = await server.read_system_health(criteria, needs_report=since is not None)
        await note_refused_edits(session, server)
        return health

    health = call_server(session, read)
    if session.is_json:
        session.print_json(
            system_list_response(health.statuses) if health.report is None else system_report_response(health)
        )
    elif health.statuses:
        session.print(systems_table(health))
        _note_calls(session, health)
        session.print_note("`system off NAME` makes a system's calls wait; `system on NAME` lets them go on.")
    else:
        session.print("No worker has announced a system yet.")


def _note_calls(session: Session, health: SystemHealth) -> None:
    from views.shared.time_format import format_short_time

    if health.problem:
        session.print_note(f"How the systems answered is not known: {health.problem}")
    elif health.report is not None and health.provenance is not None:
        session.print_note(f"Calls since {format_short_time(health.report.since)}.")
        note_source(session, health.provenance)


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

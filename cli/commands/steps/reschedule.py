"""`reschedule` and `extend`: a person moves a step's time, or gives it more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.steps.step_actions import PANEL
from cli.framework.actor import find_step, make_actor
from cli.framework.command import register_command
from cli.framework.options import ByOption, OrderIdArgument, ReasonOption, StepArgument
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_time, parse_time_or_duration

if TYPE_CHECKING:
    from operations.actions.step_and_order_actions import StepActionName
    from workflows.contract.order_messages import Actor
    from workflows.contract.order_views import StepView


DataBuilder = Callable[["StepView | None"], dict[str, Any]]


def register(app: typer.Typer) -> None:
    register_command(app, "reschedule", PANEL)(reschedule)
    register_command(app, "extend", PANEL)(extend)


def reschedule(
    session: Session,
    order_id: OrderIdArgument,
    step: StepArgument,
    when: Annotated[
        str, typer.Argument(metavar="WHEN", help="A time (2026-12-01T08:00:00Z), or how long from now (2h, 3d).")
    ],
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Move a step's start, a wait's end, or the next attempt.

    A time that has passed means now.
    """
    to = parse_time(when, datetime.now(UTC))

    def build_data(seen: StepView | None) -> dict[str, Any]:
        moment = (seen.next_attempt_at or seen.due) if seen else None
        return {"to": to.isoformat(), **_expected_time(moment)}

    _send_time_change(session, "reschedule", order_id, step, make_actor(by, reason), build_data)


def extend(
    session: Session,
    order_id: OrderIdArgument,
    step: StepArgument,
    extension: Annotated[
        str, typer.Argument(metavar="TIME", help="How much longer (2h, 3d), or until when (2026-12-01T08:00:00Z).")
    ],
    within: Annotated[bool, typer.Option("--within", help="What it waits for (an event, a callback …).")] = False,
    sla: Annotated[bool, typer.Option("--sla", help="Its sla.")] = False,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Give a step more time: for what it waits for, or by its sla.

    --within and --sla say which, where a step has both.
    """
    from cli.framework.errors import UsageError

    if within and sla:
        raise UsageError("--within and --sla: one at a time")
    until, longer = parse_time_or_duration(extension)
    given = {"to": until.isoformat()} if until is not None else {"by": longer}
    limit = "within" if within else "sla" if sla else None

    def build_data(seen: StepView | None) -> dict[str, Any]:
        known = {} if seen is None else {"within": seen.due, "sla": seen.late_at}
        moment = known.get(limit) if limit else None
        return {**given, **({"limit": limit} if limit else {}), **_expected_time(moment)}

    _send_time_change(session, "extend", order_id, step, make_actor(by, reason), build_data)


def _expected_time(at: datetime | None) -> dict[str, str]:
    return {"seen": at.isoformat()} if at is not None else {}


def _send_time_change(
    session: Session, action: StepActionName, order_id: str, step: str, actor: Actor, build_data: DataBuilder
) -> None:
    from operations.actions.step_and_order_actions import StepCommand
    from operations.responses import action_response

    seen = call_server(session, lambda server: find_step(server, order_id, step))
    wanted = StepCommand(
        action,
        order_id,
        seen.id if seen else step,
        actor,
        data=build_data(seen),
        expected_state=seen.state if seen else None,
    )
    answer = call_server(session, lambda server: server.act_on_step(wanted))
    if session.is_json:
        session.print_json(action_response(order_id, answer))
    else:
        session.print(answer.message)

"""`reschedule` and `extend`: a person moves a step's time, or gives it more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.bulk_command import register_action
from cli.commands.steps.step_actions import PANEL, send_step_action
from cli.framework.actor import make_actor
from cli.framework.errors import UsageError
from cli.framework.options import ByOption, OrderIdArgument, ReasonOption, StepArgument, TakeOverOption
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_time, parse_time_or_duration
from workflows.contract import actions

if TYPE_CHECKING:
    from workflows.contract.order_views import StepView


def register(app: typer.Typer) -> None:
    register_action(app, actions.RESCHEDULE, PANEL)(reschedule)
    register_action(app, actions.EXTEND, PANEL)(extend)


def reschedule(
    session: Session,
    order_id: OrderIdArgument,
    step: StepArgument,
    when: Annotated[
        str, typer.Argument(metavar="WHEN", help="A time (2026-12-01T08:00:00Z), or how long from now (2h, 3d).")
    ],
    take_over: TakeOverOption = False,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """A time in the past means now."""
    to = parse_time(when, datetime.now(UTC))

    def build_data(seen: StepView | None) -> dict[str, Any]:
        moment = (seen.next_attempt_at or seen.due) if seen else None
        return {"to": to.isoformat(), **_seen_time(moment)}

    send_step_action(
        session, actions.RESCHEDULE, order_id, step, build_data, make_actor(by, reason), take_over=take_over
    )


def extend(
    session: Session,
    order_id: OrderIdArgument,
    step: StepArgument,
    extension: Annotated[
        str, typer.Argument(metavar="TIME", help="How much longer (2h, 3d), or until when (2026-12-01T08:00:00Z).")
    ],
    within: Annotated[bool, typer.Option("--within", help="For what it waits for (an event, a callback …).")] = False,
    sla: Annotated[bool, typer.Option("--sla", help="For its sla.")] = False,
    take_over: TakeOverOption = False,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """If a step has both limits, --within or --sla names the one to extend."""
    if within and sla:
        raise UsageError("--within and --sla: one at a time")
    until, longer = parse_time_or_duration(extension)
    change: dict[str, Any] = {"to": until.isoformat()} if until is not None else {"by": longer}
    if within or sla:
        change["limit"] = "within" if within else "sla"

    def build_data(seen: StepView | None) -> dict[str, Any]:
        moment = None if seen is None else seen.due if within else seen.late_at if sla else None
        return {**change, **_seen_time(moment)}

    send_step_action(session, actions.EXTEND, order_id, step, build_data, make_actor(by, reason), take_over=take_over)


def _seen_time(at: datetime | None) -> dict[str, str]:
    return {"seen": at.isoformat()} if at is not None else {}

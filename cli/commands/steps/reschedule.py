"""`reschedule` and `extend`: a person moves a step's time, or gives it more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.steps.step_actions import PANEL
from cli.framework.actor import actor_of, seen_step
from cli.framework.command import command
from cli.framework.options import By, OrderId, Reason, StepName
from cli.framework.server_call import ask
from cli.framework.session import Session
from cli.user_input.value_parsing import moment_of, moment_or_span

if TYPE_CHECKING:
    from operations.actions.step_and_order_actions import ActName
    from workflows.contract.order_messages import Actor
    from workflows.contract.order_views import StepView


Data = Callable[["StepView | None"], dict[str, Any]]


def register(app: typer.Typer) -> None:
    command(app, "reschedule", PANEL)(reschedule)
    command(app, "extend", PANEL)(extend)


def reschedule(
    session: Session,
    order_id: OrderId,
    step: StepName,
    when: Annotated[
        str, typer.Argument(metavar="WHEN", help="A time (2026-12-01T08:00:00Z), or how long from now (2h, 3d).")
    ],
    reason: Reason = "",
    by: By = None,
) -> None:
    """Move a step's start, a wait's end, or the next attempt.

    A time that has passed means now.
    """
    to = moment_of(when, datetime.now(UTC))

    def data(seen: StepView | None) -> dict[str, Any]:
        moment = (seen.next_attempt_at or seen.due) if seen else None
        return {"to": to.isoformat(), **_as_seen(moment)}

    _act(session, "reschedule", order_id, step, actor_of(by, reason), data)


def extend(
    session: Session,
    order_id: OrderId,
    step: StepName,
    time: Annotated[
        str, typer.Argument(metavar="TIME", help="How much longer (2h, 3d), or until when (2026-12-01T08:00:00Z).")
    ],
    within: Annotated[bool, typer.Option("--within", help="What it waits for (an event, a callback …).")] = False,
    sla: Annotated[bool, typer.Option("--sla", help="Its sla.")] = False,
    reason: Reason = "",
    by: By = None,
) -> None:
    """Give a step more time: for what it waits for, or by its sla.

    --within and --sla say which, where a step has both.
    """
    from cli.framework.errors import WrongUsage

    if within and sla:
        raise WrongUsage("--within and --sla: one at a time")
    until, longer = moment_or_span(time)
    given = {"to": until.isoformat()} if until is not None else {"by": longer}
    limit = "within" if within else "sla" if sla else None

    def data(seen: StepView | None) -> dict[str, Any]:
        known = {} if seen is None else {"within": seen.due, "sla": seen.late_at}
        moment = known.get(limit) if limit else None
        return {**given, **({"limit": limit} if limit else {}), **_as_seen(moment)}

    _act(session, "extend", order_id, step, actor_of(by, reason), data)


def _as_seen(moment: datetime | None) -> dict[str, str]:
    return {"seen": moment.isoformat()} if moment is not None else {}


def _act(session: Session, act: ActName, order_id: str, step: str, actor: Actor, data: Data) -> None:
    from operations.actions.step_and_order_actions import StepCommand
    from operations.json_views import act_json

    seen = ask(session, lambda server: seen_step(server, order_id, step))
    wanted = StepCommand(
        act, order_id, seen.id if seen else step, actor, data=data(seen), expected=seen.state if seen else None
    )
    answer = ask(session, lambda server: server.act(wanted))
    if session.json:
        session.document(act_json(order_id, answer))
    else:
        session.show(answer.message)

"""`redo`, `rollback`, `cancel`, `hold` and `resume`: what a person does to an order, or to a part of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.bulk_command import bulk_command
from cli.framework.actor import actor_of, seen_step
from cli.framework.answers import tell
from cli.framework.confirm import agreed, can_ask
from cli.framework.options import By, Line, OrderId, Override, Reason, StepName, Yes
from cli.framework.server_call import ask
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.actions.step_and_order_actions import OrderCommand
    from operations.client import Orders
    from workflows.contract.order_messages import ActAnswer, AssessmentView

PANEL = "Orders"

OneStep = Annotated[str | None, typer.Option("--step", metavar="STEP", help="Only this step.", show_default=False)]
Assess = Annotated[bool, typer.Option("--assess", help="Only say what it would do.")]


def register(app: typer.Typer) -> None:
    bulk_command(app, "redo", "What waits for a person")(redo)
    bulk_command(app, "cancel", PANEL)(cancel)
    bulk_command(app, "rollback", PANEL)(rollback)
    bulk_command(app, "hold", PANEL)(hold)
    bulk_command(app, "resume", PANEL)(resume)


def redo(
    session: Session,
    order_id: OrderId,
    step: StepName,
    override: Override = None,
    assess: Assess = False,
    reason: Reason = "",
    by: By = None,
) -> None:
    """Undo the steps from this one on, and do them again."""
    from operations.actions.step_and_order_actions import OrderCommand

    seen = ask(session, lambda server: seen_step(server, order_id, step))
    command = OrderCommand(
        "redo",
        order_id,
        actor_of(by, reason),
        step=seen.id if seen else step,
        expected=seen.state.value if seen else None,
        override=override,
        assess=assess,
    )
    _told(session, command, ask(session, lambda server: server.act_on_order(command)))


def cancel(
    session: Session,
    order_id: OrderId,
    override: Override = None,
    assess: Assess = False,
    yes: Yes = False,
    reason: Reason = "",
    by: By = None,
) -> None:
    """Cancel an order: what was done is undone, and nothing more is.

    Refused past a point of no return. In a terminal it says what it would do, and asks first.
    """
    from operations.actions.step_and_order_actions import OrderCommand

    command = OrderCommand("cancel", order_id, actor_of(by, reason), override=override, assess=assess)
    _after_asking(session, command, yes=yes)


def rollback(
    session: Session,
    order_id: OrderId,
    line: Line = None,
    override: Override = None,
    assess: Assess = False,
    yes: Yes = False,
    reason: Reason = "",
    by: By = None,
) -> None:
    """Undo what was done for an order or a line, and give it up.

    What is past a point of no return stays. In a terminal it says what it would do, and asks first.
    """
    from operations.actions.step_and_order_actions import OrderCommand

    command = OrderCommand("rollback", order_id, actor_of(by, reason), line=line, override=override, assess=assess)
    _after_asking(session, command, yes=yes)


def hold(
    session: Session, order_id: OrderId, line: Line = None, step: OneStep = None, reason: Reason = "", by: By = None
) -> None:
    """Hold an order, a line or a step: nothing new starts; timers go on counting."""
    from operations.actions.step_and_order_actions import OrderCommand

    command = OrderCommand("hold", order_id, actor_of(by, reason), line=line, step=step)
    _told(session, command, ask(session, lambda server: server.act_on_order(command)))


def resume(
    session: Session, order_id: OrderId, line: Line = None, step: OneStep = None, reason: Reason = "", by: By = None
) -> None:
    """Let go on what was held."""
    from operations.actions.step_and_order_actions import OrderCommand

    command = OrderCommand("resume", order_id, actor_of(by, reason), line=line, step=step)
    _told(session, command, ask(session, lambda server: server.act_on_order(command)))


def _after_asking(session: Session, command: OrderCommand, *, yes: bool) -> None:
    """On a terminal, a person sees what it would do; what they then agree to holds for the order as they saw it."""
    if not (command.assess or yes) and can_ask(session):
        state, would = ask(session, lambda server: _assessed(server, command))
        _told(session, command, would)
        if not agreed(session, f"{command.act.capitalize()} order {command.order_id}?"):
            session.show("Nothing was done.")
            return
        command = replace(command, expected=state)
    _told(session, command, ask(session, lambda server: server.act_on_order(command)))


async def _assessed(server: Orders, command: OrderCommand) -> tuple[str, ActAnswer]:
    state = (await server.read(command.order_id, steps=False)).order.state.value
    return state, await server.act_on_order(replace(command, assess=True))


def _told(session: Session, command: OrderCommand, answer: ActAnswer) -> None:
    tell(session, command.order_id, answer)
    if not session.json and answer.assessment is not None:
        for said in _lists(answer.assessment):
            session.show(said)


def _lists(found: AssessmentView) -> list[str]:
    named = (
        ("taken back", found.undone),
        ("not done any more", found.discarded),
        ("kept", found.kept),
        ("past the point of no return", found.past_no_return),
    )
    return [f"  {what}: {', '.join(steps)}" for what, steps in named if steps]

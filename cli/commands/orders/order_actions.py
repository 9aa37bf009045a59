"""`redo`, `rollback`, `cancel`, `hold` and `resume`: what a person does to an order, or to a part of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.bulk_command import register_bulk_command
from cli.framework.actor import find_step, make_actor
from cli.framework.confirm import can_prompt, confirm
from cli.framework.options import (
    ByOption,
    LineOption,
    OrderIdArgument,
    OverrideOption,
    ReasonOption,
    StepArgument,
    YesOption,
)
from cli.framework.print_result import print_answer
from cli.framework.server_call import call_server
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.actions.step_and_order_actions import OrderCommand
    from operations.client import OrderClient
    from workflows.contract.order_messages import ActionResult, RollbackImpactView

PANEL = "Orders"

StepOption = Annotated[str | None, typer.Option("--step", metavar="STEP", help="Only this step.", show_default=False)]
AssessOption = Annotated[bool, typer.Option("--assess", help="Only say what it would do.")]


def register(app: typer.Typer) -> None:
    register_bulk_command(app, "redo", "What waits for a person")(redo)
    register_bulk_command(app, "cancel", PANEL)(cancel)
    register_bulk_command(app, "rollback", PANEL)(rollback)
    register_bulk_command(app, "hold", PANEL)(hold)
    register_bulk_command(app, "resume", PANEL)(resume)


def redo(
    session: Session,
    order_id: OrderIdArgument,
    step: StepArgument,
    override: OverrideOption = None,
    assess: AssessOption = False,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Undo the steps from this one on, and do them again."""
    from operations.actions.step_and_order_actions import OrderCommand

    seen = call_server(session, lambda server: find_step(server, order_id, step))
    command = OrderCommand(
        "redo",
        order_id,
        make_actor(by, reason),
        step=seen.id if seen else step,
        expected_state=seen.state.value if seen else None,
        override=override,
        assess=assess,
    )
    _print_result(session, command, call_server(session, lambda server: server.act_on_order(command)))


def cancel(
    session: Session,
    order_id: OrderIdArgument,
    override: OverrideOption = None,
    assess: AssessOption = False,
    yes: YesOption = False,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Cancel an order: what was done is undone, and nothing more is.

    Refused past a point of no return. In a terminal it says what it would do, and asks first.
    """
    from operations.actions.step_and_order_actions import OrderCommand

    command = OrderCommand("cancel", order_id, make_actor(by, reason), override=override, assess=assess)
    _confirm_and_run(session, command, yes=yes)


def rollback(
    session: Session,
    order_id: OrderIdArgument,
    line: LineOption = None,
    override: OverrideOption = None,
    assess: AssessOption = False,
    yes: YesOption = False,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Undo what was done for an order or a line, and give it up.

    What is past a point of no return stays. In a terminal it says what it would do, and asks first.
    """
    from operations.actions.step_and_order_actions import OrderCommand

    command = OrderCommand("rollback", order_id, make_actor(by, reason), line=line, override=override, assess=assess)
    _confirm_and_run(session, command, yes=yes)


def hold(
    session: Session,
    order_id: OrderIdArgument,
    line: LineOption = None,
    step: StepOption = None,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Hold an order, a line or a step: nothing new starts; timers go on counting."""
    from operations.actions.step_and_order_actions import OrderCommand

    command = OrderCommand("hold", order_id, make_actor(by, reason), line=line, step=step)
    _print_result(session, command, call_server(session, lambda server: server.act_on_order(command)))


def resume(
    session: Session,
    order_id: OrderIdArgument,
    line: LineOption = None,
    step: StepOption = None,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Let go on what was held."""
    from operations.actions.step_and_order_actions import OrderCommand

    command = OrderCommand("resume", order_id, make_actor(by, reason), line=line, step=step)
    _print_result(session, command, call_server(session, lambda server: server.act_on_order(command)))


def _confirm_and_run(session: Session, command: OrderCommand, *, yes: bool) -> None:
    """On a terminal, a person sees what it would do; what they then agree to holds for the order as they saw it."""
    if not (command.assess or yes) and can_prompt(session):
        state, would = call_server(session, lambda server: _assess(server, command))
        _print_result(session, command, would)
        if not confirm(session, f"{command.action.capitalize()} order {command.order_id}?"):
            session.print("Nothing was done.")
            return
        command = replace(command, expected_state=state)
    _print_result(session, command, call_server(session, lambda server: server.act_on_order(command)))


async def _assess(server: OrderClient, command: OrderCommand) -> tuple[str, ActionResult]:
    state = (await server.read(command.order_id, steps=False)).order.state.value
    return state, await server.act_on_order(replace(command, assess=True))


def _print_result(session: Session, command: OrderCommand, answer: ActionResult) -> None:
    print_answer(session, command.order_id, answer)
    if not session.is_json and answer.assessment is not None:
        for said in _impact_lines(answer.assessment):
            session.print(said)


def _impact_lines(assessment: RollbackImpactView) -> list[str]:
    named = (
        ("taken back", assessment.undone),
        ("not done any more", assessment.discarded),
        ("kept", assessment.kept),
        ("past the point of no return", assessment.past_no_return),
    )
    return [f"  {what}: {', '.join(steps)}" for what, steps in named if steps]

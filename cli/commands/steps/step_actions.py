"""`retry`, `skip`, `complete`, `proceed`: a person resolves a step, or with --all many of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.bulk_command import register_bulk_command
from cli.framework.actor import find_step, make_actor
from cli.framework.confirm import can_prompt
from cli.framework.options import DATA_HELP, ByOption, OrderIdArgument, ReasonOption, StepArgument
from cli.framework.print_result import print_answer
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.form_prompt import prompt_form
from cli.user_input.value_parsing import parse_data

if TYPE_CHECKING:
    from operations.actions.step_and_order_actions import StepActionName
    from workflows.contract.order_messages import Actor
    from workflows.contract.order_views import StepView

PANEL = "What waits for a person"


def register(app: typer.Typer) -> None:
    register_bulk_command(app, "retry", PANEL)(retry)
    register_bulk_command(app, "skip", PANEL)(skip)
    register_bulk_command(app, "complete", PANEL)(complete)
    register_bulk_command(app, "proceed", PANEL)(proceed)


def retry(
    session: Session,
    order_id: OrderIdArgument,
    step: StepArgument,
    data: Annotated[
        list[str] | None, typer.Option(metavar="DATA", help=f"Changed input: {DATA_HELP}.", show_default=False)
    ] = None,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Try a step in fallout again, once its cause is fixed."""
    run_step_action(session, "retry", order_id, step, data, make_actor(by, reason))


def skip(
    session: Session,
    order_id: OrderIdArgument,
    step: StepArgument,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="DATA", help=f"The output that later steps need: {DATA_HELP}.", show_default=False),
    ] = None,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Leave a step out; what waits for it goes on."""
    run_step_action(session, "skip", order_id, step, data, make_actor(by, reason))


def complete(
    session: Session,
    order_id: OrderIdArgument,
    step: StepArgument,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="DATA", help=f"What its form asks for, or its output: {DATA_HELP}.", show_default=False),
    ] = None,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """End a person's task, or a step in fallout, with data.

    In a terminal, a task's form is asked for where no data is given.
    """
    run_step_action(session, "complete", order_id, step, data, make_actor(by, reason))


def proceed(
    session: Session, order_id: OrderIdArgument, step: StepArgument, reason: ReasonOption = "", by: ByOption = None
) -> None:
    """Let a step go on without waiting for a step of another order."""
    run_step_action(session, "proceed", order_id, step, None, make_actor(by, reason))


def run_step_action(
    session: Session, action: StepActionName, order_id: str, step: str, data_options: list[str] | None, actor: Actor
) -> None:
    """Does it to the step as it is found now, and says what came of it; `given`: what --data says."""
    parse_data(data_options or [])  # a mistake in it is told before a server is asked
    seen = call_server(session, lambda server: find_step(server, order_id, step))
    form = step_form(seen)
    data = parse_data(data_options or [], form)
    if action == "complete" and data is None and form and can_prompt(session):
        data = prompt_form(session, form)
    send_step_action(session, action, order_id, step, seen, data, actor)


def step_form(step: StepView | None) -> dict[str, Any] | None:
    """Of the task, or of what a person does to undo it."""
    if step is None:
        return None
    return (step.undo.form if step.undo else None) or step.form


def send_step_action(
    session: Session,
    action: StepActionName,
    order_id: str,
    step: str,
    step_view: StepView | None,
    data: dict[str, Any] | None,
    actor: Actor,
) -> None:
    """Refused where the step has changed since it was seen, or somebody else has taken it."""
    from operations.actions.step_and_order_actions import StepCommand

    command = StepCommand(
        action,
        order_id,
        step_view.id if step_view else step,
        actor,
        data=data,
        expected_state=step_view.state if step_view else None,
        expected_holder=(step_view.holder or "") if step_view else None,
    )
    print_answer(session, order_id, call_server(session, lambda server: server.act_on_step(command)))

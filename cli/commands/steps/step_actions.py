"""`retry`, `skip`, `complete`, `proceed` and `claim`: actions on one step, or with --all on many."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.bulk_command import register_bulk_command
from cli.framework.actor import find_step, make_actor
from cli.framework.confirm import can_prompt
from cli.framework.options import DATA_HELP, ByOption, OrderIdArgument, ReasonOption, StepArgument, TakeOverOption
from cli.framework.print_result import print_answer
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.form_prompt import prompt_form
from cli.user_input.value_parsing import parse_data
from workflows.contract import actions
from workflows.contract.actions import ActionSpec

if TYPE_CHECKING:
    from workflows.contract.order_messages import Actor
    from workflows.contract.order_views import StepView

PANEL = "What waits for a person"


def register(app: typer.Typer) -> None:
    for spec in (actions.RETRY, actions.SKIP, actions.COMPLETE):
        register_bulk_command(app, spec, PANEL)(_command_with_data(spec))
    for spec in (actions.PROCEED, actions.CLAIM):
        register_bulk_command(app, spec, PANEL)(_command(spec))


def _command_with_data(spec: ActionSpec) -> Callable[..., None]:
    def run(
        session: Session,
        order_id: OrderIdArgument,
        step: StepArgument,
        data: list[str] | None = None,
        take_over: TakeOverOption = False,
        reason: ReasonOption = "",
        by: ByOption = None,
    ) -> None:
        _run_with_data(session, spec, order_id, step, data or [], make_actor(by, reason), take_over=take_over)

    option = typer.Option(metavar="DATA", help=f"{spec.parameters['data']}: {DATA_HELP}.", show_default=False)
    run.__annotations__["data"] = Annotated[list[str] | None, option]
    if spec is actions.COMPLETE:
        run.__doc__ = "In a terminal, the command asks for the fields of a task's form if no data is given."
    return run


def _command(spec: ActionSpec) -> Callable[..., None]:
    def run(
        session: Session,
        order_id: OrderIdArgument,
        step: StepArgument,
        take_over: TakeOverOption = False,
        reason: ReasonOption = "",
        by: ByOption = None,
    ) -> None:
        actor = make_actor(by, reason)
        send_step_action(session, spec, order_id, step, lambda _step: None, actor, take_over=take_over)

    return run


def _run_with_data(
    session: Session,
    spec: ActionSpec,
    order_id: str,
    step: str,
    data_options: list[str],
    actor: Actor,
    *,
    take_over: bool,
) -> None:
    parse_data(data_options)  # reports errors before it connects to a server

    def build_data(step_view: StepView | None) -> dict[str, Any] | None:
        form = _step_form(step_view)
        data = parse_data(data_options, form)
        if spec is actions.COMPLETE and data is None and form and can_prompt(session):
            return prompt_form(session, form)
        return data

    send_step_action(session, spec, order_id, step, build_data, actor, take_over=take_over)


def _step_form(step: StepView | None) -> dict[str, Any] | None:
    """The form of the task, or of the task that undoes the step."""
    if step is None:
        return None
    return (step.undo.form if step.undo else None) or step.form


def send_step_action(
    session: Session,
    spec: ActionSpec,
    order_id: str,
    step: str,
    build_data: Callable[[StepView | None], dict[str, Any] | None],
    actor: Actor,
    *,
    take_over: bool = False,
) -> None:
    """Reads the step, builds the action's data from what it saw, and sends both. The order refuses the action if the
    step, or who holds it, has changed in between."""
    from workflows.contract.order_messages import StepAction

    seen = call_server(session, lambda server: find_step(server, order_id, step))
    request = StepAction(
        step=seen.id if seen else step,
        actor=actor,
        data=build_data(seen),
        expected=seen.state if seen else None,
        expected_holder=(seen.holder or "") if seen else None,
        take_over=take_over,
    )
    print_answer(session, order_id, call_server(session, lambda server: server.perform_action(order_id, spec, request)))

"""`retry`, `skip`, `complete`, `proceed`: a person resolves a step, or with --all many of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.bulk_command import bulk_command
from cli.framework.actor import actor_of, seen_step
from cli.framework.answers import tell
from cli.framework.confirm import can_ask
from cli.framework.options import DATA_HELP, By, OrderId, Reason, StepName
from cli.framework.server_call import ask
from cli.framework.session import Session
from cli.user_input.form_prompt import filled_in
from cli.user_input.value_parsing import data_of

if TYPE_CHECKING:
    from operations.actions.step_and_order_actions import ActName
    from workflows.contract.order_messages import Actor
    from workflows.contract.order_views import StepView

PANEL = "What waits for a person"


def register(app: typer.Typer) -> None:
    bulk_command(app, "retry", PANEL)(retry)
    bulk_command(app, "skip", PANEL)(skip)
    bulk_command(app, "complete", PANEL)(complete)
    bulk_command(app, "proceed", PANEL)(proceed)


def retry(
    session: Session,
    order_id: OrderId,
    step: StepName,
    data: Annotated[
        list[str] | None, typer.Option(metavar="DATA", help=f"Changed input: {DATA_HELP}.", show_default=False)
    ] = None,
    reason: Reason = "",
    by: By = None,
) -> None:
    """Try a step in fallout again, once its cause is mended."""
    act(session, "retry", order_id, step, data, actor_of(by, reason))


def skip(
    session: Session,
    order_id: OrderId,
    step: StepName,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="DATA", help=f"The output that later steps need: {DATA_HELP}.", show_default=False),
    ] = None,
    reason: Reason = "",
    by: By = None,
) -> None:
    """Leave a step out; what waits for it goes on."""
    act(session, "skip", order_id, step, data, actor_of(by, reason))


def complete(
    session: Session,
    order_id: OrderId,
    step: StepName,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="DATA", help=f"What its form asks for, or its output: {DATA_HELP}.", show_default=False),
    ] = None,
    reason: Reason = "",
    by: By = None,
) -> None:
    """End a person's task, or a step in fallout, with data.

    In a terminal, a task's form is asked for where no data is given.
    """
    act(session, "complete", order_id, step, data, actor_of(by, reason))


def proceed(session: Session, order_id: OrderId, step: StepName, reason: Reason = "", by: By = None) -> None:
    """Let a step go on without waiting for a step of another order."""
    act(session, "proceed", order_id, step, None, actor_of(by, reason))


def act(session: Session, name: ActName, order_id: str, step: str, given: list[str] | None, actor: Actor) -> None:
    """Does it to the step as it is found now, and says what came of it; `given`: what --data says."""
    data_of(given or [])  # a mistake in it is told before a server is asked
    seen = ask(session, lambda server: seen_step(server, order_id, step))
    form = form_of(seen)
    data = data_of(given or [], form)
    if name == "complete" and data is None and form and can_ask(session):
        data = filled_in(session, form)
    act_as_seen(session, name, order_id, step, seen, data, actor)


def form_of(seen: StepView | None) -> dict[str, Any] | None:
    """Of the task, or of what a person does to undo it."""
    if seen is None:
        return None
    return (seen.undo.form if seen.undo else None) or seen.form


def act_as_seen(
    session: Session,
    name: ActName,
    order_id: str,
    step: str,
    seen: StepView | None,
    data: dict[str, Any] | None,
    actor: Actor,
) -> None:
    """Refused where the step has changed since it was seen, or somebody else has taken it."""
    from operations.actions.step_and_order_actions import StepCommand

    command = StepCommand(
        name,
        order_id,
        seen.id if seen else step,
        actor,
        data=data,
        expected=seen.state if seen else None,
        expected_holder=(seen.holder or "") if seen else None,
    )
    tell(session, order_id, ask(session, lambda server: server.act(command)))

"""`redo`, `cancel`, `rollback`, `hold` and `resume`: actions on an order or on a part of it."""

from __future__ import annotations

from collections.abc import Callable
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
    TakeOverOption,
    YesOption,
)
from cli.framework.print_result import print_answer
from cli.framework.server_call import call_server
from cli.framework.session import Session
from views.shared.commands import alternatives_text
from views.shared.value_format import correction_text
from workflows.contract import actions
from workflows.contract.actions import ActionSpec

if TYPE_CHECKING:
    from operations.client import OrderClient
    from workflows.contract.order_messages import ActionResult, OrderAction, RecoverOrder, RollbackImpactView

PANEL = "Orders"

StepOption = Annotated[str | None, typer.Option("--step", metavar="STEP", help="Only this step.", show_default=False)]
AssessOption = Annotated[bool, typer.Option("--assess", help="Only report what it would do.")]


def register(app: typer.Typer) -> None:
    register_bulk_command(app, actions.REDO, "What waits for a person")(redo)
    register_bulk_command(app, actions.CANCEL, PANEL)(cancel)
    register_bulk_command(app, actions.ROLLBACK, PANEL)(rollback)
    for spec in (actions.HOLD, actions.RESUME):
        register_bulk_command(app, spec, PANEL)(_hold_command(spec))
    register_bulk_command(app, actions.RECOVER, PANEL)(recover)


def redo(
    session: Session,
    order_id: OrderIdArgument,
    step: StepArgument,
    override: OverrideOption = None,
    assess: AssessOption = False,
    take_over: TakeOverOption = False,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    from workflows.contract.order_messages import OrderAction

    seen = call_server(session, lambda server: find_step(server, order_id, step))
    request = OrderAction(
        actor=make_actor(by, reason),
        step=seen.id if seen else step,
        expected=seen.state.value if seen else None,
        override=override,
        assess=assess,
        take_over=take_over,
    )
    _perform(session, order_id, actions.REDO, request)


def cancel(
    session: Session,
    order_id: OrderIdArgument,
    override: OverrideOption = None,
    assess: AssessOption = False,
    yes: YesOption = False,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Refused past a point of no return. In a terminal, the command shows what it would do and asks first."""
    from workflows.contract.order_messages import OrderAction

    request = OrderAction(actor=make_actor(by, reason), override=override, assess=assess)
    _confirm_and_perform(session, order_id, actions.CANCEL, request, yes=yes)


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
    """What is past a point of no return stays. In a terminal, the command shows what it would do and asks first."""
    from workflows.contract.order_messages import OrderAction

    request = OrderAction(actor=make_actor(by, reason), line=line, override=override, assess=assess)
    _confirm_and_perform(session, order_id, actions.ROLLBACK, request, yes=yes)


def recover(session: Session, order_id: OrderIdArgument, reason: ReasonOption = "", by: ByOption = None) -> None:
    """Only its latest run is recovered: what has begun is not done twice, and what waited waits again."""
    from workflows.contract.order_messages import RecoverOrder

    _perform(session, order_id, actions.RECOVER, RecoverOrder(actor=make_actor(by, reason)))


def _hold_command(spec: ActionSpec) -> Callable[..., None]:
    def run(
        session: Session,
        order_id: OrderIdArgument,
        line: LineOption = None,
        step: StepOption = None,
        reason: ReasonOption = "",
        by: ByOption = None,
    ) -> None:
        from workflows.contract.order_messages import OrderAction

        request = OrderAction(actor=make_actor(by, reason), line=line, step=step)
        _perform(session, order_id, spec, request)

    return run


def _confirm_and_perform(session: Session, order_id: str, spec: ActionSpec, request: OrderAction, *, yes: bool) -> None:
    """In a terminal, shows the assessment and asks. The confirmed action only applies to the order's state as shown."""
    if not (request.assess or yes) and can_prompt(session):
        state, assessed = call_server(session, lambda server: _assess(server, order_id, spec, request))
        _print_result(session, order_id, assessed)
        if not confirm(session, f"{spec.name.capitalize()} order {order_id}?"):
            session.print("Nothing was done.")
            return
        request = request.model_copy(update={"expected": state})
    _perform(session, order_id, spec, request)


async def _assess(
    server: OrderClient, order_id: str, spec: ActionSpec, request: OrderAction
) -> tuple[str, ActionResult]:
    state = (await server.read(order_id, steps=False)).order.state.value
    return state, await server.perform_action(order_id, spec, request.model_copy(update={"assess": True}))


def _perform(session: Session, order_id: str, spec: ActionSpec, request: OrderAction | RecoverOrder) -> None:
    result = call_server(session, lambda server: server.perform_action(order_id, spec, request))
    _print_result(session, order_id, result)


def _print_result(session: Session, order_id: str, result: ActionResult) -> None:
    print_answer(session, order_id, result)
    if session.is_json:
        return
    for line in _impact_lines(result.assessment) if result.assessment else []:
        session.print(line)
    if result.alternatives:
        session.print(alternatives_text(result.alternatives))


def _impact_lines(impact: RollbackImpactView) -> list[str]:
    labelled = (
        ("undone", impact.undone),
        ("no longer done", impact.discarded),
        ("kept", impact.kept),
        ("past the point of no return", impact.past_no_return),
        ("lines that rely on it, rolled back with it", impact.lines_going_back),
        ("lines that rely on it, parked in fallout", impact.lines_parked),
    )
    lines = [f"  {label}: {', '.join(ids)}" for label, ids in labelled if ids]
    return lines + [
        f"  {step} keeps its corrected input: {correction_text(corrections)}"
        for step, corrections in impact.corrections.items()
    ]

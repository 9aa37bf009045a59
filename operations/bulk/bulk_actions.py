"""What may be done in bulk, whom it is for, and how one of them is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from temporalio.client import Client

from operations.actions.step_and_order_actions import (
    ORDER_ACTIONS,
    STEP_ACTIONS,
    OrderActionName,
    OrderCommand,
    StepActionName,
    StepCommand,
    act_on_order,
    act_on_step,
)
from operations.bulk.bulk_runner import BulkFilter, BulkPacing, BulkRunner, BulkTarget, StepProbe, TargetAction
from operations.bulk.bulk_selection import BulkSelection, WorklistKind, select_orders, select_steps
from operations.reading.order_details import read_steps_page
from workflows.contract.order_messages import ActionResult, Actor
from workflows.contract.order_views import StepsPageRequest, StepView
from workflows.contract.states import OrderState

BulkActionName = Literal[
    "retry", "skip", "complete", "redo", "proceed", "claim", "assign", "cancel", "rollback", "hold", "resume"
]
BULK_ACTIONS: tuple[BulkActionName, ...] = get_args(BulkActionName)

ORDER_LEVEL_ACTIONS = frozenset({"cancel", "rollback", "hold", "resume"})
"""The others are for steps that wait for a person."""
RETRYING_ACTIONS = frozenset({"retry", "redo", "proceed"})
"""What was done may fail again."""


@dataclass(frozen=True)
class BulkCommand:
    """The same act for many. `work`: on steps in fallout, or on tasks, for acts on steps."""

    action: BulkActionName
    actor: Actor
    criteria: BulkFilter
    worklist: WorklistKind = "fallout"
    data: dict[str, Any] | None = None
    override: str | None = None


async def select_targets(client: Client, command: BulkCommand) -> BulkSelection:
    """Whom it is for. An act on what is held is for orders that are."""
    if command.action in ORDER_LEVEL_ACTIONS:
        return await select_orders(client, command.criteria, OrderState.HELD if command.action == "resume" else None)
    return await select_steps(client, command.criteria, command.worklist)


def create_runner(client: Client, command: BulkCommand, pacing: BulkPacing) -> BulkRunner:
    """Of the act on whatever `select` has found, or a part of it."""

    async def perform(target: BulkTarget) -> ActionResult:
        return await _act_on_target(client, command, target)

    async def probe(target: BulkTarget) -> StepView | None:
        return await _read_step(client, target)

    looking: StepProbe | None = probe if command.action in RETRYING_ACTIONS else None
    doing: TargetAction = perform
    return BulkRunner(doing, looking, pacing, command.actor.by)


async def _act_on_target(client: Client, command: BulkCommand, target: BulkTarget) -> ActionResult:
    act, step = command.action, target.step
    if step is not None and (name := STEP_ACTION_BY_NAME.get(act)) is not None:
        return await act_on_step(
            client,
            StepCommand(
                name,
                target.order_id,
                step.id,
                command.actor,
                command.data,
                expected_state=None if step.undo else step.state,
                expected_holder=step.holder or "",
            ),
        )
    order = OrderCommand(
        ORDER_ACTION_BY_NAME[act],
        target.order_id,
        command.actor,
        step=step.id if step else None,
        override=command.override,
    )
    return await act_on_order(client, order)


STEP_ACTION_BY_NAME: Mapping[str, StepActionName] = {name: name for name in STEP_ACTIONS}
ORDER_ACTION_BY_NAME: Mapping[str, OrderActionName] = {name: name for name in ORDER_ACTIONS}


async def _read_step(client: Client, target: BulkTarget) -> StepView | None:
    if target.step is None:
        return None
    request = StepsPageRequest(offset=target.step.number - 1, limit=1)
    page = await read_steps_page(client, target.order_id, request)
    return next((step for step in page.steps if step.id == target.step.id), None)

"""What may be done in bulk, whom it is for, and how one of them is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from temporalio.client import Client

from operations.actions.step_and_order_actions import (
    ORDER_ACTS,
    STEP_ACTS,
    ActName,
    OrderActName,
    OrderCommand,
    StepCommand,
    act_on_order,
    act_on_step,
)
from operations.bulk.bulk_runner import BulkFilter, Doing, Looking, Pace, Runner, Target
from operations.bulk.bulk_selection import Selection, Work, select_orders, select_steps
from operations.reading.read_order import steps_with_attempts
from workflows.contract.order_messages import ActAnswer, Actor
from workflows.contract.order_views import StepsPageRequest, StepView
from workflows.contract.states import OrderState

BulkActName = Literal[
    "retry", "skip", "complete", "redo", "proceed", "claim", "assign", "cancel", "rollback", "hold", "resume"
]
BULK_ACTS: tuple[BulkActName, ...] = get_args(BulkActName)

OF_ORDERS = frozenset({"cancel", "rollback", "hold", "resume"})
"""The others are for steps that wait for a person."""
TRIES_AGAIN = frozenset({"retry", "redo", "proceed"})
"""What was done may fail again."""


@dataclass(frozen=True)
class BulkCommand:
    """The same act for many. `work`: on steps in fallout, or on tasks, for acts on steps."""

    act: BulkActName
    actor: Actor
    wanted: BulkFilter
    work: Work = "fallout"
    data: dict[str, Any] | None = None
    override: str | None = None


async def select(client: Client, command: BulkCommand) -> Selection:
    """Whom it is for. An act on what is held is for orders that are."""
    if command.act in OF_ORDERS:
        return await select_orders(client, command.wanted, OrderState.HELD if command.act == "resume" else None)
    return await select_steps(client, command.wanted, command.work)


def runner(client: Client, command: BulkCommand, pace: Pace) -> Runner:
    """Of the act on whatever `select` has found, or a part of it."""

    async def do(target: Target) -> ActAnswer:
        return await _one(client, command, target)

    async def look(target: Target) -> StepView | None:
        return await _seen(client, target)

    looking: Looking | None = look if command.act in TRIES_AGAIN else None
    doing: Doing = do
    return Runner(doing, looking, pace, command.actor.by)


async def _one(client: Client, command: BulkCommand, target: Target) -> ActAnswer:
    act, step = command.act, target.step
    if step is not None and (name := STEP_ACT.get(act)) is not None:
        return await act_on_step(
            client,
            StepCommand(
                name,
                target.order_id,
                step.id,
                command.actor,
                command.data,
                expected=None if step.undo else step.state,
                expected_holder=step.holder or "",
            ),
        )
    order = OrderCommand(
        ORDER_ACT[act], target.order_id, command.actor, step=step.id if step else None, override=command.override
    )
    return await act_on_order(client, order)


STEP_ACT: Mapping[str, ActName] = {name: name for name in STEP_ACTS}
ORDER_ACT: Mapping[str, OrderActName] = {name: name for name in ORDER_ACTS}


async def _seen(client: Client, target: Target) -> StepView | None:
    if target.step is None:
        return None
    request = StepsPageRequest(offset=target.step.number - 1, limit=1)
    page = await steps_with_attempts(client, target.order_id, request)
    return next((step for step in page.steps if step.id == target.step.id), None)

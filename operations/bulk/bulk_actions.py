"""One action on many steps or orders: which actions are possible, and how one of them is performed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from operations.actions.perform_action import perform_action
from operations.bulk.bulk_runner import BulkFilter, BulkPacing, BulkRunner, BulkTarget
from operations.bulk.bulk_selection import BulkSelection, WorklistKind, select_interrupted, select_orders, select_steps
from operations.reading.order_details import read_steps_page
from workflows.contract import actions
from workflows.contract.actions import ActionSpec, ActionTarget
from workflows.contract.bulk_messages import BulkJobTarget, BulkOrder, bulk_request
from workflows.contract.order_messages import ActionResult, Actor, OrderAction, RecoverOrder, StepAction
from workflows.contract.order_views import StepsPageRequest, StepView
from workflows.contract.states import OrderState


@dataclass(frozen=True)
class BulkCommand:
    """The same action for many. `worklist` says which steps an action on steps is for."""

    action: ActionSpec
    actor: Actor
    criteria: BulkFilter
    worklist: WorklistKind = "fallout"
    data: dict[str, Any] | None = None
    override: str | None = None
    take_over: bool = False
    """Whether to act on steps that somebody else holds, too."""


async def select_targets(client: Client, command: BulkCommand) -> BulkSelection:
    if command.action is actions.RECOVER:
        return await select_interrupted(client, command.criteria)
    if ActionTarget.ORDER not in command.action.targets:
        return await select_steps(client, command.criteria, command.worklist)
    return await select_orders(client, command.criteria, OrderState.HELD if command.action is actions.RESUME else None)


def create_runner(client: Client, command: BulkCommand, pacing: BulkPacing) -> BulkRunner:
    """Performs the action on the targets that `select_targets` has found, or on some of them."""

    async def perform(target: BulkTarget) -> ActionResult:
        return await perform_action(client, target.order_id, command.action, _request(command, target))

    async def probe(target: BulkTarget) -> StepView | None:
        return await _read_step(client, target)

    return BulkRunner(
        perform,
        probe if command.action.may_fail_again else None,
        pacing,
        None if command.take_over else command.actor.holder,
    )


def _request(command: BulkCommand, target: BulkTarget) -> StepAction | OrderAction | RecoverOrder:
    if command.action is actions.RECOVER:
        return RecoverOrder(actor=command.actor)
    return bulk_request(command.action, bulk_order(command), job_target(target))


def bulk_order(command: BulkCommand) -> BulkOrder:
    return BulkOrder(
        action=command.action.name,
        actor=command.actor,
        data=command.data,
        override=command.override,
        take_over=command.take_over,
    )


def job_target(target: BulkTarget) -> BulkJobTarget:
    step = target.step
    if step is None:
        return BulkJobTarget(order_id=target.order_id)
    state = None if step.undo else step.state
    return BulkJobTarget(order_id=target.order_id, step=step.id, number=step.number, state=state, holder=step.holder)


async def _read_step(client: Client, target: BulkTarget) -> StepView | None:
    if target.step is None:
        return None
    page = await read_steps_page(client, target.order_id, StepsPageRequest(offset=target.step.number - 1, limit=1))
    return next((step for step in page.steps if step.id == target.step.id), None)

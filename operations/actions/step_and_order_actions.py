"""What a person does to a running order, or to a step of it; and waiting for its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeVar, get_args

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError

from operations.errors import ORDER_ENDED, NotFound, OperationRefused, TimedOut, worker_call
from operations.reading.order_summary import OrderSummary, order_summary
from operations.reading.temporal_record import describe_order
from operations.temporal.connection import server_address
from workflows.contract.order_messages import (
    UPDATE_NOTE,
    UPDATE_SET,
    ActionResult,
    Actor,
    Message,
    NoteAction,
    OrderAction,
    SetCharacteristics,
    StepAction,
    order_workflow_id,
)
from workflows.contract.states import StepState

UPDATE_TIMEOUT = 15.0
"""Seconds for the order's answer."""

StepActionName = Literal["retry", "skip", "complete", "reschedule", "extend", "claim", "assign", "proceed"]
OrderActionName = Literal["cancel", "rollback", "redo", "hold", "resume"]
"""Acts are called like the updates that carry them (workflows/contract/order_messages.py)."""
STEP_ACTIONS: tuple[StepActionName, ...] = get_args(StepActionName)
ORDER_ACTIONS: tuple[OrderActionName, ...] = get_args(OrderActionName)


@dataclass(frozen=True)
class StepCommand:
    """One act on one step of one order. `step`: id or number. `expected`, `expected_holder`: the state, and who had it,
    as the person saw it; None: not said."""

    action: StepActionName
    order_id: str
    step: str
    actor: Actor
    data: dict[str, Any] | None = None
    expected_state: StepState | None = None
    expected_holder: str | None = None


@dataclass(frozen=True)
class OrderCommand:
    """One act on an order, a line or a step of it: cancels, rolls back, redoes from a step, holds, resumes.

    `expected`: the state of the step, or else of the order, as the person saw it. `override`: why a point of no return
    is not to count. `assess`: only say what it would do.
    """

    action: OrderActionName
    order_id: str
    actor: Actor
    line: str | None = None
    step: str | None = None
    expected_state: str | None = None
    override: str | None = None
    assess: bool = False


async def act_on_step(client: Client, command: StepCommand) -> ActionResult:
    """Raises NotFound (order), Refused (why, and what would be possible instead; also an unknown step), NoWorker."""
    message = StepAction(
        step=command.step,
        actor=command.actor,
        data=command.data,
        expected=_as_workflow_state(command.expected_state),
        expected_holder=command.expected_holder,
    )
    return await _send_action(client, command.order_id, command.action, message)


async def act_on_order(client: Client, command: OrderCommand) -> ActionResult:
    """Raises as act_on_step does."""
    seen = command.expected_state
    known = seen if command.step is None or seen is None else _as_workflow_state(StepState(seen))
    message = OrderAction(
        actor=command.actor,
        line=command.line,
        step=command.step,
        expected=known,
        override=command.override,
        assess=command.assess,
    )
    return await _send_action(client, command.order_id, command.action, message)


async def add_note(client: Client, order_id: str, text: str, actor: Actor, step: str | None = None) -> ActionResult:
    """Into the history of the order; `step`: what it is about. Raises as act_on_step does."""
    return await _send_action(client, order_id, UPDATE_NOTE, NoteAction(text=text, actor=actor, step=step))


def _as_workflow_state(seen_state: StepState | None) -> StepState | None:
    """`seen` as the order itself would say it: that an attempt failed and another follows, and that its system holds it
    back, may be Temporal's knowledge alone (`with_attempts`), and nobody who saw that saw something
    else than a running step."""
    return None if seen_state in (StepState.FAILED, StepState.ON_HOLD) else seen_state


async def set_characteristics(client: Client, order_id: str, values: dict[str, Any], actor: Actor) -> ActionResult:
    return await _send_action(client, order_id, UPDATE_SET, SetCharacteristics(characteristics=values, actor=actor))


async def _send_action(client: Client, order_id: str, update: str, message: Message) -> ActionResult:
    return await execute_order_update(client, order_id, update, message, ActionResult)


ResponseT = TypeVar("ResponseT", bound=Message)


async def execute_order_update(
    client: Client,
    order_id: str,
    update: str,
    message: Message,
    result_type: type[ResponseT],
    timeout_seconds: float = UPDATE_TIMEOUT,
) -> ResponseT:
    """What the order answers to an update. Raises NotFound, Refused (also where it has ended), NoWorker."""
    handle = client.get_workflow_handle(order_workflow_id(order_id))
    try:
        async with worker_call(f"Order {order_id}", server_address(client), timeout_seconds):
            answer: ResponseT = await handle.execute_update(
                update, message, result_type=result_type, rpc_timeout=timedelta(seconds=timeout_seconds)
            )
    except NotFound as error:
        await raise_if_ended(client, order_id, "nothing can be done to it any more", error)
        raise
    return answer


async def raise_if_ended(client: Client, order_id: str, consequence: str, cause: Exception) -> None:
    """Why an order takes no updates: raises NotFound where it never was, Refused where it has ended."""
    record = await describe_order(client, order_id)
    if record.status is not WorkflowExecutionStatus.RUNNING:
        raise OperationRefused(
            ORDER_ENDED, f"Order {order_id} has ended ({order_summary(record).state}); {consequence}"
        ) from cause


async def wait_until_ended(
    client: Client,
    order_id: str,
    timeout: float | None = None,  # noqa: ASYNC109 - the caller's patience; nothing is cancelled
) -> OrderSummary:
    """The order as it ended, whatever its state. Raises NotFound, TimedOut after `timeout` seconds."""
    await describe_order(client, order_id)
    handle = client.get_workflow_handle(order_workflow_id(order_id))
    async with worker_call(f"Order {order_id}", server_address(client), timeout_seconds=None):
        try:
            await asyncio.wait_for(handle.result(), timeout)
        except WorkflowFailureError:
            pass  # rejected, or ended with Temporal's own tools: the record says which
        except TimeoutError as error:
            raise TimedOut(f"Order {order_id} has not ended within {timeout:g} s; it goes on") from error
    return order_summary(await describe_order(client, order_id))

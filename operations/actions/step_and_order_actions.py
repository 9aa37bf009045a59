"""What a person does to a running order, or to a step of it; and waiting for its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeVar, get_args

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError

from operations.errors import ENDED, NotFound, Refused, TimedOut, asking_worker
from operations.reading.list_orders import OrderSummary, summary_of
from operations.reading.order_record import describe
from operations.temporal.connection import address_of
from workflows.contract.order_messages import (
    UPDATE_NOTE,
    UPDATE_SET,
    ActAnswer,
    Actor,
    Message,
    NoteAct,
    OrderAct,
    SetCharacteristics,
    StepAct,
    workflow_id,
)
from workflows.contract.states import StepState

PATIENCE = 15.0
"""Seconds for the order's answer."""

ActName = Literal["retry", "skip", "complete", "reschedule", "extend", "claim", "assign", "proceed"]
OrderActName = Literal["cancel", "rollback", "redo", "hold", "resume"]
"""Acts are called like the updates that carry them (workflows/contract/order_messages.py)."""
STEP_ACTS: tuple[ActName, ...] = get_args(ActName)
ORDER_ACTS: tuple[OrderActName, ...] = get_args(OrderActName)


@dataclass(frozen=True)
class StepCommand:
    """One act on one step of one order. `step`: id or number. `expected`, `expected_holder`: the state, and who had it,
    as the person saw it; None: not said."""

    act: ActName
    order_id: str
    step: str
    actor: Actor
    data: dict[str, Any] | None = None
    expected: StepState | None = None
    expected_holder: str | None = None


@dataclass(frozen=True)
class OrderCommand:
    """One act on an order, a line or a step of it: cancels, rolls back, redoes from a step, holds, resumes.

    `expected`: the state of the step, or else of the order, as the person saw it. `override`: why a point of no return
    is not to count. `assess`: only say what it would do.
    """

    act: OrderActName
    order_id: str
    actor: Actor
    line: str | None = None
    step: str | None = None
    expected: str | None = None
    override: str | None = None
    assess: bool = False


async def act_on_step(client: Client, command: StepCommand) -> ActAnswer:
    """Raises NotFound (order), Refused (why, and what would be possible instead; also an unknown step), NoWorker."""
    message = StepAct(
        step=command.step,
        actor=command.actor,
        data=command.data,
        expected=_as_known(command.expected),
        expected_holder=command.expected_holder,
    )
    return await _told(client, command.order_id, command.act, message)


async def act_on_order(client: Client, command: OrderCommand) -> ActAnswer:
    """Raises as act_on_step does."""
    seen = command.expected
    known = seen if command.step is None or seen is None else _as_known(StepState(seen))
    message = OrderAct(
        actor=command.actor,
        line=command.line,
        step=command.step,
        expected=known,
        override=command.override,
        assess=command.assess,
    )
    return await _told(client, command.order_id, command.act, message)


async def write_note(client: Client, order_id: str, text: str, actor: Actor, step: str | None = None) -> ActAnswer:
    """Into the history of the order; `step`: what it is about. Raises as act_on_step does."""
    return await _told(client, order_id, UPDATE_NOTE, NoteAct(text=text, actor=actor, step=step))


def _as_known(seen: StepState | None) -> StepState | None:
    """`seen` as the order itself would say it: that an attempt failed and another follows, and that its system holds it
    back, may be Temporal's knowledge alone (`with_attempts`), and nobody who saw that saw something
    else than a running step."""
    return None if seen in (StepState.FAILED, StepState.ON_HOLD) else seen


async def set_characteristics(client: Client, order_id: str, values: dict[str, Any], actor: Actor) -> ActAnswer:
    return await _told(client, order_id, UPDATE_SET, SetCharacteristics(characteristics=values, actor=actor))


async def _told(client: Client, order_id: str, update: str, message: Message) -> ActAnswer:
    return await answered(client, order_id, update, message, ActAnswer)


Answer = TypeVar("Answer", bound=Message)


async def answered(
    client: Client, order_id: str, update: str, message: Message, answer_type: type[Answer], patience: float = PATIENCE
) -> Answer:
    """What the order answers to an update. Raises NotFound, Refused (also where it has ended), NoWorker."""
    handle = client.get_workflow_handle(workflow_id(order_id))
    try:
        async with asking_worker(f"Order {order_id}", address_of(client), patience):
            answer: Answer = await handle.execute_update(
                update, message, result_type=answer_type, rpc_timeout=timedelta(seconds=patience)
            )
    except NotFound as error:
        await refuse_ended(client, order_id, "nothing can be done to it any more", error)
        raise
    return answer


async def refuse_ended(client: Client, order_id: str, consequence: str, cause: Exception) -> None:
    """Why an order takes no updates: raises NotFound where it never was, Refused where it has ended."""
    record = await describe(client, order_id)
    if record.status is not WorkflowExecutionStatus.RUNNING:
        raise Refused(ENDED, f"Order {order_id} has ended ({summary_of(record).state}); {consequence}") from cause


async def wait_until_ended(
    client: Client,
    order_id: str,
    timeout: float | None = None,  # noqa: ASYNC109 - the caller's patience; nothing is cancelled
) -> OrderSummary:
    """The order as it ended, whatever its state. Raises NotFound, TimedOut after `timeout` seconds."""
    await describe(client, order_id)
    handle = client.get_workflow_handle(workflow_id(order_id))
    async with asking_worker(f"Order {order_id}", address_of(client), patience=None):
        try:
            await asyncio.wait_for(handle.result(), timeout)
        except WorkflowFailureError:
            pass  # rejected, or ended with Temporal's own tools: the record says which
        except TimeoutError as error:
            raise TimedOut(f"Order {order_id} has not ended within {timeout:g} s; it goes on") from error
    return summary_of(await describe(client, order_id))

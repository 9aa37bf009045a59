"""What a person does to a running order: resolves a step, sets characteristics, waits for the end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError

from operations.connection import address_of
from operations.errors import ENDED, NotFound, Refused, TimedOut, asking_worker
from operations.listing import OrderSummary, summary_of
from operations.record import describe
from workflows.messages import (
    UPDATE_COMPLETE,
    UPDATE_EXTEND,
    UPDATE_RESCHEDULE,
    UPDATE_RETRY,
    UPDATE_SET,
    UPDATE_SKIP,
    ActAnswer,
    Actor,
    SetCharacteristics,
    StepAct,
    workflow_id,
)
from workflows.states import StepState

PATIENCE = 15.0
"""Seconds for the order's answer."""

ActName = Literal["retry", "skip", "complete", "reschedule", "extend"]
UPDATES: dict[ActName, str] = {
    "retry": UPDATE_RETRY,
    "skip": UPDATE_SKIP,
    "complete": UPDATE_COMPLETE,
    "reschedule": UPDATE_RESCHEDULE,
    "extend": UPDATE_EXTEND,
}


@dataclass(frozen=True)
class StepCommand:
    """One act on one step of one order. `step`: id or number. `expected`: the state the person saw, None: not said."""

    act: ActName
    order_id: str
    step: str
    actor: Actor
    data: dict[str, Any] | None = None
    expected: StepState | None = None


async def act_on_step(client: Client, command: StepCommand) -> ActAnswer:
    """Raises NotFound (order), Refused (why, and what would be possible instead; also an unknown step), NoWorker."""
    message = StepAct(step=command.step, actor=command.actor, data=command.data, expected=_as_known(command.expected))
    return await _told(client, command.order_id, UPDATES[command.act], message)


def _as_known(seen: StepState | None) -> StepState | None:
    """`seen` as the order itself would say it: that an attempt failed and another follows, and that its system holds it
    back, may be Temporal's knowledge alone (operations.reading.with_attempts), and nobody who saw that saw something
    else than a running step."""
    return None if seen in (StepState.FAILED, StepState.ON_HOLD) else seen


async def set_characteristics(client: Client, order_id: str, values: dict[str, Any], actor: Actor) -> ActAnswer:
    return await _told(client, order_id, UPDATE_SET, SetCharacteristics(characteristics=values, actor=actor))


async def _told(client: Client, order_id: str, update: str, message: StepAct | SetCharacteristics) -> ActAnswer:
    handle = client.get_workflow_handle(workflow_id(order_id))
    try:
        async with asking_worker(f"Order {order_id}", address_of(client), PATIENCE):
            answer: ActAnswer = await handle.execute_update(
                update, message, result_type=ActAnswer, rpc_timeout=timedelta(seconds=PATIENCE)
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

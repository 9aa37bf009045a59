"""What a person does to a running order: resolves a step, sets characteristics, waits for the end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from temporalio.client import Client, WorkflowFailureError

from operations.connection import address_of
from operations.errors import ENDED, NotFound, Refused, TimedOut, asking
from operations.listing import OrderSummary, summary_of
from operations.reading import describe, find_step, read_steps
from workflows.messages import (
    UPDATE_COMPLETE,
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

DEADLINE = timedelta(seconds=15)

ActName = Literal["retry", "skip", "complete"]
UPDATES: dict[ActName, str] = {"retry": UPDATE_RETRY, "skip": UPDATE_SKIP, "complete": UPDATE_COMPLETE}


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
    """Raises NotFound (order or step, with the nearest), Refused (why, and what would be possible), NoWorker."""
    steps = await _steps_of_running(client, command.order_id)
    step = find_step(steps, command.step, command.order_id)
    message = StepAct(step=step.id, actor=command.actor, data=command.data, expected=command.expected)
    return await _told(client, command.order_id, UPDATES[command.act], message)


async def set_characteristics(client: Client, order_id: str, values: dict[str, Any], actor: Actor) -> ActAnswer:
    return await _told(client, order_id, UPDATE_SET, SetCharacteristics(characteristics=values, actor=actor))


async def _steps_of_running(client: Client, order_id: str) -> list[Any]:
    try:
        return list(await read_steps(client, order_id))
    except NotFound as error:
        raise await _gone(client, order_id) from error


async def _told(client: Client, order_id: str, update: str, message: StepAct | SetCharacteristics) -> ActAnswer:
    handle = client.get_workflow_handle(workflow_id(order_id))
    try:
        async with asking(f"order {order_id}", address_of(client)):
            answer: ActAnswer = await handle.execute_update(
                update, message, result_type=ActAnswer, rpc_timeout=DEADLINE
            )
    except NotFound as error:
        raise await _gone(client, order_id) from error
    return answer


async def _gone(client: Client, order_id: str) -> Refused:
    """Why an order takes no updates: NotFound is raised where it never was."""
    summary = summary_of(await describe(client, order_id))
    return Refused(ENDED, f"Order {order_id} has ended ({summary.state}); nothing can be done to it any more")


async def wait_until_ended(client: Client, order_id: str, timeout: float | None = None) -> OrderSummary:
    """The order as it ended, whatever its state. Raises NotFound, TimedOut after `timeout` seconds."""
    await describe(client, order_id)
    handle = client.get_workflow_handle(workflow_id(order_id))
    async with asking(f"order {order_id}", address_of(client)):
        try:
            await asyncio.wait_for(handle.result(), timeout)
        except WorkflowFailureError:
            pass  # rejected, or ended with Temporal's own tools: the record says which
        except TimeoutError as error:
            raise TimedOut(f"Order {order_id} has not ended within {timeout:g} s; it goes on") from error
    return summary_of(await describe(client, order_id))

"""Recovers an order that was ended from outside. Resets its run to the last workflow task, where it continues."""

from __future__ import annotations

from contextlib import suppress

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus

from operations.errors import ORDER_ENDED, OperationError, OperationRefused, server_call
from operations.events.order_mailbox import flush_mailbox
from operations.reading.interruptions import read_interruption
from operations.reading.order_summary import order_summary
from operations.reading.temporal_record import describe_order
from operations.temporal.connection import server_address
from operations.temporal.reset_run import reset_to_last_workflow_task
from operations.temporal.workflow_calls import update_workflow
from workflows.contract import actions
from workflows.contract.order_messages import (
    ActionResult,
    Actor,
    Alternative,
    NoteAction,
    RefusalCode,
    order_workflow_id,
)
from workflows.contract.order_views import Interruption
from workflows.contract.states import OrderState

INTERRUPTED = "interrupted"
"""The reason of a refusal, if the order was ended from outside."""
MAX_NOTE_LENGTH = 500
NOTE_TIMEOUT = 5.0
"""Seconds for the note in the order's history. The recovery does not depend on it."""


async def recover_order(client: Client, order_id: str, actor: Actor) -> ActionResult:
    """Recovers the order's latest run, if that was ended from outside. A running order is left alone. Raises NotFound
    and OperationRefused."""
    record = await describe_order(client, order_id)
    interruption = await read_interruption(client, record)
    if interruption is None:
        raise _not_interrupted(order_id, record)
    because = f": {actor.reason}" if actor.reason else ""
    async with server_call(f"Order {order_id}", server_address(client)):
        await reset_to_last_workflow_task(client, record.id, record.run_id, f"recovered by {actor.signature}{because}")
    await _record_in_history(client, order_id, actor, interruption)
    await flush_mailbox(client, order_id)
    return ActionResult(
        message=f"Order {order_id} {interruption.description}. It is recovered, and continues where it stopped"
    )


def _not_interrupted(order_id: str, record: WorkflowExecution) -> OperationRefused:
    show = Alternative(action="show", parameters={"order_id": order_id}, effect="shows how it stands")
    if record.status is WorkflowExecutionStatus.RUNNING:
        return OperationRefused(
            RefusalCode.NOT_NOW,
            f"Order {order_id} is running; there is nothing to recover",
            reason="not_interrupted",
            alternatives=[show],
        )
    state = order_summary(record).state
    again = Alternative(
        action="submit",
        parameters={} if state is OrderState.REJECTED else {"revision": True},
        required=["order"],
        effect="runs it again from its beginning",
    )
    return OperationRefused(
        ORDER_ENDED,
        f"Order {order_id} has ended by itself ({state}); only an order that was ended from outside can be recovered",
        reason="not_interrupted",
        alternatives=[show, again],
    )


async def _record_in_history(client: Client, order_id: str, actor: Actor, interruption: Interruption) -> None:
    note = NoteAction(text=_history_text(actor, interruption), actor=actor)
    with suppress(OperationError):  # without a worker, Temporal's record of the reset says the same
        await update_workflow(
            client,
            order_workflow_id(order_id),
            f"Order {order_id}",
            actions.NOTE.name,
            note,
            ActionResult,
            NOTE_TIMEOUT,
        )


def _history_text(actor: Actor, interruption: Interruption) -> str:
    because = f"; recovered because: {actor.reason}" if actor.reason else ""
    return f"recovered: it {interruption.description}{because}"[:MAX_NOTE_LENGTH]


def interrupted_error(order_id: str, interruption: Interruption, consequence: str) -> OperationRefused:
    """`consequence` is a phrase like `it takes no actions`."""
    return OperationRefused(
        ORDER_ENDED,
        f"Order {order_id} {interruption.description}; {consequence} until it is recovered",
        reason=INTERRUPTED,
        data={"interrupted": interruption.kind.value},
        alternatives=[recover_alternative(order_id)],
    )


def recover_alternative(order_id: str) -> Alternative:
    return Alternative(
        action=actions.RECOVER.name, parameters={"order_id": order_id}, effect="lets it continue where it stopped"
    )

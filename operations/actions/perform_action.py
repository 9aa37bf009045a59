"""Performs operator actions on running orders, and waits until an order ends."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError

from operations.actions.forgotten_order import explain_forgotten
from operations.actions.recover_order import interrupted_error, recover_order
from operations.errors import (
    ORDER_ENDED,
    NotFound,
    NoWorker,
    OperationRefused,
    TimedOut,
    UnansweredUpdate,
    worker_call,
)
from operations.reading.interruptions import read_interruption
from operations.reading.ledger_access import LedgerAccess
from operations.reading.order_summary import order_summary
from operations.reading.temporal_record import describe_order
from operations.temporal.connection import server_address
from operations.temporal.workflow_calls import update_workflow
from workflows.contract.actions import ActionSpec
from workflows.contract.order_messages import (
    ActionResult,
    Alternative,
    Message,
    OrderAction,
    RecoverOrder,
    StepAction,
    order_workflow_id,
)
from workflows.contract.order_summary import OrderSummary
from workflows.contract.states import StepState

UPDATE_TIMEOUT = 15.0
"""Seconds to wait for the order's result."""
TAKES_NO_ACTIONS = "it takes no more actions"

ResultT = TypeVar("ResultT", bound=Message)


async def perform_action(
    client: Client, order_id: str, action: ActionSpec, request: Message, ledger: LedgerAccess | None = None
) -> ActionResult:
    """`request` is an `action.request`. Raises NotFound (order), OperationRefused (also for an unknown step) and
    NoWorker. `ledger` is asked about an order that Temporal does not know."""
    if isinstance(request, RecoverOrder):
        async with explain_forgotten(ledger, order_id, "it cannot be recovered"):
            return await recover_order(client, order_id, request.actor)
    message = _as_order_sees_it(request)
    async with explain_forgotten(ledger, order_id, TAKES_NO_ACTIONS):
        return await execute_order_update(client, order_id, action.name, message, ActionResult, UPDATE_TIMEOUT)


def _as_order_sees_it(request: Message) -> Message:
    """Drops an expected step state that only Temporal knows. The order itself sees a running step if an attempt has
    failed and another follows, or if the system's switch holds the call back."""
    is_about_step = isinstance(request, StepAction) or (isinstance(request, OrderAction) and request.step is not None)
    if is_about_step and getattr(request, "expected", None) in (StepState.FAILED, StepState.ON_HOLD):
        return request.model_copy(update={"expected": None})
    return request


async def execute_order_update(
    client: Client,
    order_id: str,
    update: str,
    message: Message,
    result_type: type[ResultT],
    timeout_seconds: float,
) -> ResultT:
    """Performs the action. Raises NotFound, OperationRefused (also if the order has ended) and NoWorker, which is an
    UnansweredUpdate unless `message` only asks what it would do."""
    subject, workflow_id = f"Order {order_id}", order_workflow_id(order_id)
    try:
        return await update_workflow(client, workflow_id, subject, update, message, result_type, timeout_seconds)
    except NotFound as error:
        await raise_if_ended(client, order_id, TAKES_NO_ACTIONS, error)
        raise
    except UnansweredUpdate as error:
        if getattr(message, "dry_run", False) or getattr(message, "assess", False):
            raise NoWorker(subject) from error
        effect = "shows whether it was carried out"
        history = Alternative(action="history", parameters={"order_id": order_id}, effect=effect)
        raise UnansweredUpdate(subject, history) from error


async def raise_if_ended(client: Client, order_id: str, consequence: str, cause: Exception) -> None:
    """Explains why an order takes no updates. Raises NotFound if it never existed. Raises OperationRefused if it has
    ended, by itself or from outside."""
    record = await describe_order(client, order_id)
    if interruption := await read_interruption(client, record):
        raise interrupted_error(order_id, interruption, consequence) from cause
    if record.status is not WorkflowExecutionStatus.RUNNING:
        raise OperationRefused(
            ORDER_ENDED,
            f"Order {order_id} has ended ({order_summary(record).state}); {consequence}",
            alternatives=[Alternative(action="show", parameters={"order_id": order_id}, effect="shows how it ended")],
        ) from cause


async def wait_until_ended(
    client: Client,
    order_id: str,
    timeout: float | None = None,  # noqa: ASYNC109 - how long the caller waits; nothing is cancelled
) -> OrderSummary:
    """Returns the order as it ended, whatever its state. Raises NotFound, and TimedOut after `timeout` seconds."""
    await describe_order(client, order_id)
    handle = client.get_workflow_handle(order_workflow_id(order_id))
    async with worker_call(f"Order {order_id}", server_address(client), timeout_seconds=None):
        try:
            await asyncio.wait_for(handle.result(), timeout)
        except WorkflowFailureError:
            pass  # the order was rejected, or ended with Temporal's own tools; the record says which
        except TimeoutError as error:
            raise TimedOut(f"Order {order_id} has not ended within {timeout:g} s; it continues") from error
    return order_summary(await describe_order(client, order_id))

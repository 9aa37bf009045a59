"""Whoever has acted on an order reads what they did: the answer waits until the ledger has it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client

from operations.errors import OperationError, server_call
from operations.reading.ledger_access import LedgerAccess
from operations.reading.temporal_record import describe_order
from operations.temporal.connection import server_address

if TYPE_CHECKING:
    from ledger.reading.ledger_reader import LedgerReader
    from ledger.reading.single_order.order_record import OrderPosition

MAX_WAIT = 2.0
"""Seconds. The action is done in any case."""
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.05
EVENTS_READ = 20
"""The last completed workflow task is among the last events, unless activities have just ended by the dozen."""


async def wait_until_written(client: Client, ledger: LedgerAccess | None, order_id: str) -> None:
    """Returns once the ledger has all that the order has done until now, or after MAX_WAIT. It does not wait for a
    ledger that is away, or that no worker feeds. Never raises."""
    if ledger is None:
        return
    with suppress(OperationError, TimeoutError):
        async with asyncio.timeout(MAX_WAIT):
            position = await _position(client, order_id)
            pause = FIRST_PAUSE
            while position is not None and not await ledger.ask(lambda reader: _has(reader, order_id, position)):
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)


def _has(reader: LedgerReader, order_id: str, position: OrderPosition) -> bool:
    """Whether there is nothing to wait for."""
    head = reader.read_head(order_id)
    if head is not None and head.position.run_id == position.run_id and head.position.event_id >= position.event_id:
        return True
    return not reader.read_freshness().is_fed


async def _position(client: Client, order_id: str) -> OrderPosition | None:
    """The last workflow task that the order's present run has completed. None: there is none among its last events."""
    from ledger.reading.single_order.order_record import OrderPosition

    record = await describe_order(client, order_id)
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=record.id, run_id=record.run_id),
        maximum_page_size=EVENTS_READ,
    )
    async with server_call(f"Order {order_id}", server_address(client)):
        page = await client.workflow_service.get_workflow_execution_history_reverse(request)
    for event in page.history.events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            return OrderPosition(record.run_id, event.workflow_task_completed_event_attributes.started_event_id)
    return None

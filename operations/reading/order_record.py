"""An order as Temporal's own record has it, whether or not a worker runs."""

from __future__ import annotations

from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError

from operations.errors import NotFound, is_workflow_not_found, server_call
from operations.reading.list_orders import order_summary
from operations.temporal.connection import server_address
from workflows.contract.order_messages import MEMO_REVISION, order_workflow_id
from workflows.contract.order_views import OrderView


async def describe_order(client: Client, order_id: str) -> WorkflowExecutionDescription:
    """The record of the order's latest run. Raises NotFound."""
    async with server_call(f"Order {order_id}", server_address(client)):
        try:
            return await client.get_workflow_handle(order_workflow_id(order_id)).describe()
        except RPCError as error:
            if is_workflow_not_found(error):
                raise NotFound(f"There is no order {order_id}; `list` shows the orders there are") from error
            raise


async def view_from_record(description: WorkflowExecutionDescription) -> OrderView:
    """What search attributes and memo tell of an order, for a time when no worker answers: neither lines nor steps."""
    known = order_summary(description)
    memo: dict[str, Any] = dict(await description.memo())
    return OrderView(
        order_id=known.order_id,
        state=known.state,
        jeopardy=known.jeopardy,
        forecast=None,
        revision=int(memo.get(MEMO_REVISION, 1)),
        customer={"id": known.customer_id} if known.customer_id else {},
        priority=int(memo.get("priority", 3)),
        requested_start=None,
        requested_completion=known.requested_completion,
        characteristics={},
        products=known.products,
        catalogue_version=known.catalogue_version,
        started_at=known.started_at,
        ended_at=known.ended_at,
        fallout=known.fallout,
        open_tasks=known.open_tasks,
        step_count=int(memo.get("steps", 0)),
    )

"""An order as Temporal's own record has it, whether or not a worker runs."""

from __future__ import annotations

from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError

from operations.errors import NotFound, asking, is_missing
from operations.reading.list_orders import summary_of
from operations.temporal.connection import address_of
from workflows.contract.order_messages import MEMO_REVISION, workflow_id
from workflows.contract.order_views import OrderView


async def describe(client: Client, order_id: str) -> WorkflowExecutionDescription:
    """The record of the order's latest run. Raises NotFound."""
    async with asking(f"Order {order_id}", address_of(client)):
        try:
            return await client.get_workflow_handle(workflow_id(order_id)).describe()
        except RPCError as error:
            if is_missing(error):
                raise NotFound(f"There is no order {order_id}; `list` shows the orders there are") from error
            raise


async def view_of(description: WorkflowExecutionDescription) -> OrderView:
    """What search attributes and memo tell of an order, for a time when no worker answers: neither lines nor steps."""
    known = summary_of(description)
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

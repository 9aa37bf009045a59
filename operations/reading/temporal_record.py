"""Temporal's record of an order's latest run, which needs no worker."""

from __future__ import annotations

from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError

from operations.errors import NoOrder, is_workflow_not_found, server_call
from operations.reading.order_summary import order_summary
from operations.temporal.connection import server_address
from workflows.contract.order_messages import MEMO_REVISION, order_workflow_id
from workflows.contract.order_views import OrderView


async def describe_order(client: Client, order_id: str) -> WorkflowExecutionDescription:
    """Raises NotFound."""
    async with server_call(f"Order {order_id}", server_address(client)):
        try:
            return await client.get_workflow_handle(order_workflow_id(order_id)).describe()
        except RPCError as error:
            if is_workflow_not_found(error):
                raise NoOrder(order_id) from error
            raise


async def view_from_record(description: WorkflowExecutionDescription) -> OrderView:
    """The parts of the order that search attributes and memo hold. It has no lines and no steps."""
    summary = order_summary(description)
    memo: dict[str, Any] = dict(await description.memo())
    return OrderView(
        order_id=summary.order_id,
        state=summary.state,
        jeopardy=summary.jeopardy,
        forecast=None,
        revision=int(memo.get(MEMO_REVISION, 1)),
        customer={"id": summary.customer_id} if summary.customer_id else {},
        priority=int(memo.get("priority", 3)),
        requested_start=None,
        requested_completion=summary.requested_completion,
        characteristics={},
        products=summary.products,
        catalogue_version=summary.catalogue_version,
        started_at=summary.started_at,
        ended_at=summary.ended_at,
        fallout=summary.fallout,
        open_tasks=summary.open_tasks,
        step_count=int(memo.get("steps", 0)),
    )

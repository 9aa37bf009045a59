"""What the definitions of an order's steps say, as they were when the order was compiled."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.client import Client

from compiler.plan.codec import decode_definitions
from compiler.plan.plan import PlannedDefinition
from operations.reading.order_details import QUERY_TIMEOUT
from operations.temporal.workflow_calls import query_workflow
from workflows.contract.order_messages import QUERY_PLAN, order_workflow_id


async def read_planned_definitions(client: Client, order_id: str) -> Sequence[PlannedDefinition]:
    """Empty if the order has no plan. Raises NotFound, also if Temporal has forgotten the order; NoWorker."""
    packed: bytes = await query_workflow(
        client, order_workflow_id(order_id), f"Order {order_id}", QUERY_PLAN, None, bytes, QUERY_TIMEOUT
    )
    return decode_definitions(packed) if packed else ()

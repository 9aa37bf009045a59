"""The mailbox of an order. It holds the events that came while the order did not run."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.service import RPCError

from activity_contract.mailboxes import MAILBOX_ORDER_STARTED
from operations.errors import is_workflow_not_found, server_call
from operations.temporal.connection import server_address
from workflows.contract.order_messages import mailbox_workflow_id


async def flush_mailbox(client: Client, order_id: str) -> None:
    """Delivers events that arrived before the order. If this signal is lost, the mailbox retries by itself."""
    async with server_call(f"Order {order_id}", server_address(client)):
        try:
            await client.get_workflow_handle(mailbox_workflow_id(order_id)).signal(MAILBOX_ORDER_STARTED)
        except RPCError as error:
            if not is_workflow_not_found(error):
                raise

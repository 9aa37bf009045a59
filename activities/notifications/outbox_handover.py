"""HAND_OVER_EVENTS: passes an order's events to its outbox (workflows/order_outbox.py), which delivers them."""

from __future__ import annotations

from collections.abc import Callable

from temporalio import activity
from temporalio.client import Client

from activities.temporal_signals import signal_with_start
from activity_contract.activity_names import HAND_OVER_EVENTS
from activity_contract.notifications import OUTBOX_ADD_EVENTS, NotificationBatch


class OutboxHandover:
    def __init__(self, client: Client, workflow_type: str, task_queue: str, outbox_id: Callable[[str], str]) -> None:
        """`outbox_id`: order id → workflow id of its outbox."""
        self._client = client
        self._workflow_type = workflow_type
        self._task_queue = task_queue
        self._outbox_id = outbox_id

    @activity.defn(name=HAND_OVER_EVENTS)
    async def hand_over(self, batch: NotificationBatch) -> None:
        await signal_with_start(
            self._client,
            self._workflow_type,
            workflow_id=self._outbox_id(batch.order.id),
            task_queue=self._task_queue,
            signal=OUTBOX_ADD_EVENTS,
            message=batch,
            summary=f"Notifications of order {batch.order.id}",
        )

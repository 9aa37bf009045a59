"""DELIVER_EVENTS: delivers an order's events to one receiver (docs/notifications.md)."""

from __future__ import annotations

import os
import time
from collections import Counter

import structlog
from temporalio import activity

from activities.attempts.failure import AttemptFailure
from activities.attempts.heartbeats import heartbeats
from activities.notifications.cloud_events import DEFAULT_SOURCE, encode_event, to_cloud_event
from activities.notifications.delivery_outcome import failed_outcome
from activities.notifications.receiver_matching import ReceiverLookup
from activities.notifications.resolved_receiver import ResolvedReceiver
from activities.notifications.webhook import WebhookSender
from activity_contract.activity_names import DELIVER_EVENTS
from activity_contract.calls import INTERNAL_ERROR
from activity_contract.notifications import DeliveryOutcome, NotificationEvent, NotificationOrder, ReceiverDelivery

logger = structlog.get_logger("activities")

EVENT_SOURCE = "ORDO_EVENT_SOURCE"
MAX_DELIVERY_SECONDS = 60.0
"""Seconds after which a delivery starts no further event."""
MAX_WAITING_PER_RECEIVER = 50
"""Concurrent deliveries of this worker to one receiver, so that a slow receiver leaves room for others."""
BUSY_RETRY_DELAY = 5.0
"""Seconds."""


class NotificationDelivery:
    """The activity of the notifications task queue."""

    def __init__(self, receivers: ReceiverLookup, webhooks: WebhookSender) -> None:
        self._receivers = receivers
        self._webhooks = webhooks
        self._waiting: Counter[str] = Counter()

    @activity.defn(name=DELIVER_EVENTS)
    async def deliver(self, delivery: ReceiverDelivery) -> DeliveryOutcome:
        """Delivers in order until an event fails or time is up. After a worker's death, continues where it was."""
        receiver = self._receivers.receivers.get(delivery.receiver)
        if receiver is None:
            message = f"the catalogue no longer has the receiver {delivery.receiver}"
            return DeliveryOutcome(delivered=0, code="no_receiver", message=message, gone=True)
        if self._waiting[receiver.id] >= MAX_WAITING_PER_RECEIVER:
            message = f"{MAX_WAITING_PER_RECEIVER} deliveries already wait for receiver {receiver.id}"
            return DeliveryOutcome(delivered=0, code="busy", message=message, pause=BUSY_RETRY_DELAY, counts=False)
        self._waiting[receiver.id] += 1
        try:
            return await self._deliver_events(receiver, delivery)
        finally:
            self._waiting[receiver.id] -= 1

    async def _deliver_events(self, receiver: ResolvedReceiver, delivery: ReceiverDelivery) -> DeliveryOutcome:
        details = activity.info().heartbeat_details
        delivered = int(details[0]) if details else 0
        deadline = time.monotonic() + MAX_DELIVERY_SECONDS
        for event in delivery.events[delivered:]:
            try:
                with heartbeats(delivered):
                    await self._send(receiver, delivery.order, event)
            except AttemptFailure as failure:
                attempt = delivery.attempts + 1 if delivered == 0 else 1
                outcome = failed_outcome(receiver.retry, failure, delivered, attempt)
                logger.warning(
                    "not delivered", receiver=receiver.id, order_id=delivery.order.id, event_id=event.id,
                    code=failure.code, error=failure.message, attempt=attempt, next_attempt_in=outcome.pause,
                )  # fmt: skip
                return outcome
            delivered += 1
            activity.heartbeat(delivered)
            if time.monotonic() >= deadline:
                break
        return DeliveryOutcome(delivered=delivered)

    async def _send(self, receiver: ResolvedReceiver, order: NotificationOrder, event: NotificationEvent) -> None:
        source = os.environ.get(EVENT_SOURCE) or DEFAULT_SOURCE
        include_customer = "customer" in receiver.receiver.include
        body = encode_event(to_cloud_event(order, event, source, include_customer=include_customer))
        try:
            await self._webhooks.send(receiver, event.id, body)
        except AttemptFailure:
            raise
        except Exception as error:
            logger.exception("error in the worker", receiver=receiver.id, event_id=event.id)
            message = f"an error in the worker stopped the delivery ({type(error).__name__}); its log says where"
            raise AttemptFailure(INTERNAL_ERROR, message) from None
        logger.debug("delivered", receiver=receiver.id, order_id=order.id, event_id=event.id)

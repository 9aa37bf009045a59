"""Notifications: hands events over to outboxes, matches them with receivers, delivers them (docs/notifications.md)."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from temporalio import activity
from temporalio.client import Client

from activities.attempts.failure import INTERNAL_ERROR, AttemptFailure
from activities.attempts.retry_delay import retry_delay, should_give_up
from activities.notifications.cloud_events import DEFAULT_SOURCE, encode_event, to_cloud_event
from activities.notifications.resolved_receiver import ResolvedReceiver
from activities.notifications.webhook import GONE, WebhookSender
from activities.temporal_signals import signal_with_start
from activity_contract.activity_names import DELIVER_EVENTS, HAND_OVER_EVENTS, MATCH_EVENTS
from activity_contract.notifications import (
    OUTBOX_ADD_EVENTS,
    DeliveryOutcome,
    MatchedEvents,
    NotificationBatch,
    NotificationEvent,
    NotificationOrder,
    ReceiverDelivery,
)
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.language.event_types import matches_any
from compiler.language.systems import Receiver
from compiler.typecheck.scopes import EVENT_TEXT_FIELDS
from compiler.values import as_text

logger = structlog.get_logger("activities")

EVENT_SOURCE = "ORDO_EVENT_SOURCE"
MAX_DELIVERY_SECONDS = 60.0
"""Seconds after which a delivery starts no further event."""
MAX_WAITING_PER_RECEIVER = 50
"""Concurrent deliveries of this worker to one receiver, so that a slow receiver leaves room for others."""
BUSY_RETRY_DELAY = 5.0
"""Seconds."""


class ReceiverLookup(Protocol):
    """Receivers are looked up for each event, so an edited definition takes effect at once."""

    @property
    def receivers(self) -> Mapping[str, ResolvedReceiver]: ...


@dataclass(frozen=True)
class OutboxConfig:
    """The workflow type, task queue and workflow ids of outboxes (workflows/contract/order_messages.py)."""

    workflow_type: str
    task_queue: str
    outbox_id: Callable[[str], str]


class OutboxHandover:
    def __init__(self, client: Client, outboxes: OutboxConfig) -> None:
        self._client = client
        self._outboxes = outboxes

    @activity.defn(name=HAND_OVER_EVENTS)
    async def hand_over(self, batch: NotificationBatch) -> None:
        await signal_with_start(
            self._client,
            self._outboxes.workflow_type,
            workflow_id=self._outboxes.outbox_id(batch.order.id),
            task_queue=self._outboxes.task_queue,
            signal=OUTBOX_ADD_EVENTS,
            message=batch,
            summary=f"Notifications of order {batch.order.id}",
        )


class ReceiverMatching:
    def __init__(self, receivers: ReceiverLookup) -> None:
        self._receivers = receivers

    @activity.defn(name=MATCH_EVENTS)
    async def match(self, batch: NotificationBatch) -> MatchedEvents:
        """Uses the current receivers."""
        receivers = [each.receiver for _, each in sorted(self._receivers.receivers.items())]
        matched = {
            event.id: [each.id for each in receivers if accepts_event(each, batch.order, event)]
            for event in batch.events
        }
        return MatchedEvents(receivers={event: names for event, names in matched.items() if names})


def accepts_event(receiver: Receiver, order: NotificationOrder, event: NotificationEvent) -> bool:
    """A condition without a value accepts the event: an unneeded notification is better than a missing one."""
    if event.type == "step.escalated" and event.data.get("receiver") == receiver.id:
        return True
    if not matches_any(receiver.events, event.type):
        return False
    if receiver.when is None:
        return True
    try:
        return evaluate(receiver.when, event_bindings(order, event)) is not False
    except EvaluationError as error:
        logger.warning("receiver condition has no value", receiver=receiver.id, event_id=event.id, error=str(error))
        return True


def event_bindings(order: NotificationOrder, event: NotificationEvent) -> dict[str, Any]:
    """The variables of a receiver's `when`; missing texts are empty."""
    fields = {"type": event.type, **event.data}
    customer = {name: as_text(order.customer.get(name) or "") for name in ("id", "name", "tier")}
    return {
        "event": {name: as_text(fields.get(name) or "") for name in EVENT_TEXT_FIELDS},
        "order": {"id": order.id, "customer": customer, "priority": order.priority, "products": order.products},
    }


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
                await self._with_heartbeats(delivered, self._send(receiver, delivery.order, event))
            except AttemptFailure as failure:
                attempt = delivery.attempts + 1 if delivered == 0 else 1
                return _failed_outcome(receiver, delivery.order, event, failure, delivered, attempt)
            delivered += 1
            activity.heartbeat(delivered)
            if time.monotonic() >= deadline:
                break
        return DeliveryOutcome(delivered=delivered)

    async def _with_heartbeats(self, delivered: int, sending: Any) -> None:
        """Awaits `sending` while it sends heartbeats."""
        timeout = activity.info().heartbeat_timeout
        task = asyncio.ensure_future(sending)
        pause = timeout.total_seconds() / 3 if timeout else None
        try:
            while not (await asyncio.wait({task}, timeout=pause))[0]:
                activity.heartbeat(delivered)
        except BaseException:
            task.cancel()
            raise
        await task

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
            message = (
                f"an error in the worker stopped the delivery ({type(error).__name__}); the worker's log says where"
            )
            raise AttemptFailure(INTERNAL_ERROR, message) from None
        logger.debug("delivered", receiver=receiver.id, order_id=order.id, event_id=event.id)


def _failed_outcome(
    receiver: ResolvedReceiver,
    order: NotificationOrder,
    event: NotificationEvent,
    failure: AttemptFailure,
    delivered: int,
    attempt: int,
) -> DeliveryOutcome:
    """Retries everything but 410 according to the policy, because the receiver's operators may fix it."""
    gone = failure.status == GONE
    exhausted = attempt >= receiver.retry.attempt_count
    final = gone or exhausted or should_give_up(receiver.retry, failure)
    pause = None if final else max(0.1, retry_delay(receiver.retry, attempt, failure.retry_after))
    logger.warning(
        "not delivered", receiver=receiver.id, order_id=order.id, event_id=event.id, code=failure.code,
        error=failure.message, attempt=attempt, next_attempt_in=pause,
    )  # fmt: skip
    return DeliveryOutcome(
        delivered=delivered, code=failure.code, message=failure.message, pause=pause, gone=gone, exhausted=exhausted
    )

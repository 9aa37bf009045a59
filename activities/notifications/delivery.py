"""Telling receivers: who wants an event, and its delivery (docs/notifications.md)."""

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
from temporalio.common import WorkflowIDConflictPolicy

from activities.attempts.attempt import retry_delay, should_give_up
from activities.attempts.failure import AttemptFailure
from activities.notifications.cloud_events import DEFAULT_SOURCE, encode_event, to_cloud_event
from activities.notifications.resolved_receiver import ResolvedReceiver
from activities.notifications.webhook import WebhookSender
from activity_contract.notifications import (
    DELIVER_EVENTS,
    HAND_OVER_EVENTS,
    MATCH_EVENTS,
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
"""Seconds that one delivery goes on with further events."""
MAX_WAITING_PER_RECEIVER = 50
"""Deliveries of this worker that one receiver may keep waiting, so that it leaves room for the others."""
BUSY_RETRY_DELAY = 5.0
INTERNAL_ERROR = "internal_error"


class ReceiverLookup(Protocol):
    """Where receivers are looked up when something is to be told: what operations change counts at once."""

    @property
    def receivers(self) -> Mapping[str, ResolvedReceiver]: ...


@dataclass(frozen=True)
class OutboxConfig:
    """Which workflows outboxes are (workflows/contract/order_messages.py)."""

    workflow_type: str
    task_queue: str
    outbox_id: Callable[[str], str]


class OutboxHandover:
    """A signal, not an update: durable at once, whether or not a worker has time for it."""

    def __init__(self, client: Client, outboxes: OutboxConfig) -> None:
        self._client = client
        self._outboxes = outboxes

    @activity.defn(name=HAND_OVER_EVENTS)
    async def hand_over(self, batch: NotificationBatch) -> None:
        outboxes = self._outboxes
        await self._client.start_workflow(
            outboxes.workflow_type,
            id=outboxes.outbox_id(batch.order.id),
            task_queue=outboxes.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=OUTBOX_ADD_EVENTS,
            start_signal_args=[batch],
            static_summary=f"Notifications of order {batch.order.id}",
        )


class ReceiverMatching:
    def __init__(self, receivers: ReceiverLookup) -> None:
        self._receivers = receivers

    @activity.defn(name=MATCH_EVENTS)
    async def match(self, batch: NotificationBatch) -> MatchedEvents:
        """By the receivers as they are now."""
        receivers = [each.receiver for _, each in sorted(self._receivers.receivers.items())]
        matched = {
            event.id: [each.id for each in receivers if accepts_event(each, batch.order, event)]
            for event in batch.events
        }
        return MatchedEvents(receivers={event: names for event, names in matched.items() if names})


def accepts_event(receiver: Receiver, order: NotificationOrder, event: NotificationEvent) -> bool:
    """A condition that has no value lets the event through: better told once too often than not at all."""
    if event.type == "step.escalated" and event.data.get("receiver") == receiver.id:
        return True
    if not matches_any(receiver.events, event.type):
        return False
    if receiver.when is None:
        return True
    try:
        return evaluate(receiver.when, event_bindings(order, event)) is not False
    except EvaluationError as error:
        logger.warning("a receiver's condition has no value", receiver=receiver.id, event_id=event.id, error=str(error))
        return True


def event_bindings(order: NotificationOrder, event: NotificationEvent) -> dict[str, Any]:
    """What a receiver's `when` sees; texts that are not there are empty."""
    told = {"type": event.type, **event.data}
    customer = {name: as_text(order.customer.get(name) or "") for name in ("id", "name", "tier")}
    return {
        "event": {name: as_text(told.get(name) or "") for name in EVENT_TEXT_FIELDS},
        "order": {"id": order.id, "customer": customer, "priority": order.priority, "products": order.products},
    }


class NotificationDelivery:
    """The activity of the notifications' task queue."""

    def __init__(self, receivers: ReceiverLookup, webhooks: WebhookSender) -> None:
        self._receivers = receivers
        self._webhooks = webhooks
        self._waiting: Counter[str] = Counter()

    @activity.defn(name=DELIVER_EVENTS)
    async def deliver(self, delivery: ReceiverDelivery) -> DeliveryOutcome:
        """In order, until one fails or it takes too long. An attempt after a worker's death begins where that was."""
        receiver = self._receivers.receivers.get(delivery.receiver)
        if receiver is None:
            message = f"the catalogue has no receiver {delivery.receiver} any more"
            return DeliveryOutcome(delivered=0, code="no_receiver", message=message, gone=True)
        if self._waiting[receiver.id] >= MAX_WAITING_PER_RECEIVER:
            message = f"receiver {receiver.id} keeps {MAX_WAITING_PER_RECEIVER} deliveries waiting already"
            return DeliveryOutcome(delivered=0, code="busy", message=message, pause=BUSY_RETRY_DELAY, counts=False)
        self._waiting[receiver.id] += 1
        try:
            return await self._deliver_events(receiver, delivery)
        finally:
            self._waiting[receiver.id] -= 1

    async def _deliver_events(self, receiver: ResolvedReceiver, delivery: ReceiverDelivery) -> DeliveryOutcome:
        details = activity.info().heartbeat_details
        delivered = int(details[0]) if details else 0
        until = time.monotonic() + MAX_DELIVERY_SECONDS
        for event in delivery.events[delivered:]:
            try:
                await self._with_heartbeats(delivered, self._send(receiver, delivery.order, event))
            except AttemptFailure as failure:
                attempt = delivery.attempts + 1 if delivered == 0 else 1
                return _failed_outcome(receiver, delivery.order, event, failure, delivered, attempt)
            delivered += 1
            activity.heartbeat(delivered)
            if time.monotonic() >= until:
                break
        return DeliveryOutcome(delivered=delivered)

    async def _with_heartbeats(self, delivered: int, sending: Any) -> None:
        """Keeps telling the server that the delivery is alive."""
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
        body = encode_event(
            to_cloud_event(order, event, source, include_customer="customer" in receiver.receiver.include)
        )
        try:
            await self._webhooks.send(receiver, event.id, body)
        except AttemptFailure:
            raise
        except Exception as error:
            logger.exception("a delivery went wrong", receiver=receiver.id, event_id=event.id)
            message = f"the delivery went wrong in the worker ({type(error).__name__}); its log says where"
            raise AttemptFailure(INTERNAL_ERROR, message) from None
        logger.debug("told", receiver=receiver.id, order_id=order.id, event_id=event.id)


def _failed_outcome(
    receiver: ResolvedReceiver,
    order: NotificationOrder,
    event: NotificationEvent,
    failure: AttemptFailure,
    delivered: int,
    attempt: int,
) -> DeliveryOutcome:
    """Whatever it is may be mended by those who run the receiver, so all but 410 is tried again, as the policy says."""
    gone = failure.status == 410
    exhausted = attempt >= receiver.retry.attempt_count
    over = gone or exhausted or should_give_up(receiver.retry, failure)
    pause = None if over else max(0.1, retry_delay(receiver.retry, attempt, failure.retry_after))
    logger.warning(
        "not told", receiver=receiver.id, order_id=order.id, event_id=event.id, code=failure.code,
        error=failure.message, attempt=attempt, next_attempt_in=pause,
    )  # fmt: skip
    message = failure.message.replace("System receiver ", "Receiver ")  # it signs in as a system does
    return DeliveryOutcome(
        delivered=delivered, code=failure.code, message=message, pause=pause, gone=gone, exhausted=exhausted
    )

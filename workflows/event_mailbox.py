"""Keeps events that nobody can receive yet. It is durable and bounded, and it ends.

A mailbox belongs either to one order that does not exist yet, or to an event name and key, whose sender does not know
which order waits for it. Orders subscribe to the latter. The signal `deliver_event` delivers events. The order counts
an event id once, so a repeated delivery does no harm; the mailbox drops an event only once the order has it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict
from temporalio import workflow
from temporalio.exceptions import FailureError

from activity_contract.cross_order import ORDER_WATCH_STEP
from activity_contract.mailboxes import (
    MAILBOX_DELIVER,
    MAILBOX_ORDER_STARTED,
    MAILBOX_RETURN,
    MAILBOX_SUBSCRIBE,
    MAILBOX_UNSUBSCRIBE,
    MailboxDelivery,
    MailboxDeliveryResult,
    MailboxInput,
    MailboxSubscriber,
    ReturnedEvents,
)
from workflows.contract.order_messages import MAILBOX_WORKFLOW_TYPE, SIGNAL_EVENT, EventDelivery

MAX_KEPT_EVENTS = 500
MAX_KEPT_BYTES = 1_000_000
"""Bytes. Continue-as-new carries all kept events in one payload, which has at most 2 MB."""
MAX_SEEN_IDS = 2_000
"""Ids of delivered events; the oldest are forgotten first. The order itself recognises duplicates, too."""
IDLE_TIMEOUT = timedelta(days=1)
"""How long an empty mailbox stays to recognise duplicates."""
INITIAL_PAUSE = timedelta(seconds=1)
MAX_PAUSE = timedelta(hours=1)
MAX_DELIVERIES_PER_RUN = 1_000
"""Temporal allows 2,000 updates per run."""


class MailboxEvent(BaseModel):
    model_config = ConfigDict(frozen=True)

    delivery: MailboxDelivery
    at: datetime
    size: int


class MailboxState(BaseModel):
    """What a mailbox carries over when it continues as new."""

    kept: list[MailboxEvent] = []
    seen: dict[str, None] = {}
    """Event ids, oldest first."""
    subscribers: dict[str, str] = {}
    """Order id → workflow id."""


def _order_signal(event: MailboxEvent) -> tuple[str, Any]:
    """The signal to the order, and its argument."""
    if event.delivery.watch is not None:
        return ORDER_WATCH_STEP, event.delivery.watch
    return SIGNAL_EVENT, EventDelivery(**event.delivery.model_dump(exclude={"watch"}), at=event.at)


@workflow.defn(name=MAILBOX_WORKFLOW_TYPE, sandboxed=False)
class EventMailbox:
    @workflow.init
    def __init__(self, mailbox_input: MailboxInput) -> None:
        self._input = mailbox_input
        self._state = MailboxState.model_validate(mailbox_input.carried or {})
        self._delivery_lock = asyncio.Lock()
        self._pause = INITIAL_PAUSE
        self._last_used_at = workflow.now()
        self._paused_until = workflow.now()
        """Events that an order returned are not for the run that is about to end."""
        self._delivery_count = 0
        self._woken = False

    @workflow.run
    async def run(self, mailbox_input: MailboxInput) -> None:
        while True:
            await self._deliver_kept()
            self._drop_expired()
            self._woken = False
            wait = self._time_to_next_check()
            if wait <= timedelta(0):
                await workflow.wait_condition(workflow.all_handlers_finished)
                if not self._woken:
                    return
                continue
            try:
                await workflow.wait_condition(lambda: self._woken, timeout=wait)
                self._pause = INITIAL_PAUSE
            except TimeoutError:
                self._pause = min(self._pause * 2, MAX_PAUSE)
            if self._should_continue_as_new():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(
                    mailbox_input.model_copy(update={"carried": self._state.model_dump(mode="json")})
                )

    @workflow.update(name=MAILBOX_DELIVER)
    async def deliver(self, delivery: MailboxDelivery) -> MailboxDeliveryResult:
        """Keeps the event, and delivers it at once if exactly one order waits for it."""
        result = self._accept_delivery(delivery)
        if result.status != "kept":
            return result
        targets = list(self._state.subscribers)
        await self._deliver_kept()
        if any(kept.delivery.event_id == delivery.event_id for kept in self._state.kept):
            return result
        return MailboxDeliveryResult(status="delivered", orders=targets)

    @workflow.signal(name=MAILBOX_DELIVER)
    def deliver_by_signal(self, delivery: MailboxDelivery) -> None:
        """Like `deliver`, for when no worker answers. An ambiguous event is kept until only one order is left."""
        self._accept_delivery(delivery, keep_ambiguous=True)

    @workflow.update(name=MAILBOX_SUBSCRIBE)
    async def subscribe(self, subscriber: MailboxSubscriber) -> None:
        """The order receives what comes from now on; if it is the only subscriber, also what came before."""
        self._add_subscriber(subscriber)
        await self._deliver_kept()

    @workflow.signal(name=MAILBOX_SUBSCRIBE)
    def subscribe_by_signal(self, subscriber: MailboxSubscriber) -> None:
        self._add_subscriber(subscriber)

    @workflow.signal(name=MAILBOX_UNSUBSCRIBE)
    def unsubscribe(self, subscriber: MailboxSubscriber) -> None:
        self._state.subscribers.pop(subscriber.order_id, None)
        self._wake()

    @workflow.signal(name=MAILBOX_ORDER_STARTED)
    def order_started(self) -> None:
        self._paused_until = workflow.now()
        self._wake()

    @workflow.signal(name=MAILBOX_RETURN)
    def return_events(self, returned: ReturnedEvents) -> None:
        """The order was rejected. Its events are kept for the order that is submitted again under its id."""
        ids = {kept.delivery.event_id for kept in self._state.kept}
        for event in returned.events:
            if event.event_id not in ids:
                self._store(event)
                self._state.seen[event.event_id] = None
        self._paused_until = workflow.now() + INITIAL_PAUSE
        self._wake()

    @workflow.query
    def contents(self) -> MailboxState:
        return self._state

    def _wake(self) -> None:
        self._woken = True
        self._last_used_at = workflow.now()

    def _add_subscriber(self, subscriber: MailboxSubscriber) -> None:
        self._state.subscribers[subscriber.order_id] = subscriber.workflow_id
        self._wake()

    def _accept_delivery(self, delivery: MailboxDelivery, keep_ambiguous: bool = False) -> MailboxDeliveryResult:
        state = self._state
        self._delivery_count += 1
        self._wake()
        if delivery.watch is not None:
            return self._store_watch(delivery)
        if delivery.event_id in state.seen:
            return MailboxDeliveryResult(status="duplicate", orders=list(state.subscribers))
        if len(state.subscribers) > 1 and not keep_ambiguous:
            return MailboxDeliveryResult(status="ambiguous", orders=sorted(state.subscribers))
        if not self._store(delivery):
            return MailboxDeliveryResult(status="full")
        state.seen[delivery.event_id] = None
        while len(state.seen) > MAX_SEEN_IDS:
            del state.seen[next(iter(state.seen))]
        return MailboxDeliveryResult(status="kept")

    def _store_watch(self, delivery: MailboxDelivery) -> MailboxDeliveryResult:
        """An order repeats its request from time to time; it is kept once."""
        self._state.kept = [kept for kept in self._state.kept if kept.delivery.event_id != delivery.event_id]
        return MailboxDeliveryResult(status="kept" if self._store(delivery) else "full")

    def _store(self, delivery: MailboxDelivery) -> bool:
        """Returns False if there is no room."""
        kept = self._state.kept
        event = MailboxEvent(delivery=delivery, at=workflow.now(), size=len(delivery.model_dump_json()))
        if len(kept) >= MAX_KEPT_EVENTS or sum(each.size for each in kept) + event.size > MAX_KEPT_BYTES:
            return False
        kept.append(event)
        return True

    def _target_workflow_id(self) -> str | None:
        """The workflow that receives everything, if exactly one is known."""
        if self._input.order_workflow_id:
            return self._input.order_workflow_id
        return next(iter(self._state.subscribers.values())) if len(self._state.subscribers) == 1 else None

    async def _deliver_kept(self) -> None:
        """In the order of arrival. An event is dropped only once the order's history has it."""
        async with self._delivery_lock:
            while self._state.kept and (target := self._target_workflow_id()) and workflow.now() >= self._paused_until:
                event = self._state.kept[0]
                try:
                    await workflow.get_external_workflow_handle(target).signal(*_order_signal(event))
                except FailureError:
                    self._remove_subscriber(target)
                    return
                self._state.kept = [kept for kept in self._state.kept if kept is not event]

    def _remove_subscriber(self, target_workflow_id: str) -> None:
        """The order has ended, or, if the mailbox belongs to an order, does not exist yet."""
        for order_id, workflow_id in list(self._state.subscribers.items()):
            if workflow_id == target_workflow_id:
                del self._state.subscribers[order_id]

    def _drop_expired(self) -> None:
        oldest = workflow.now() - timedelta(days=self._input.retention_days)
        expired = [event for event in self._state.kept if event.at <= oldest]
        if expired:
            workflow.logger.warning("dropped events that no order received", extra={"events": len(expired)})
            self._state.kept = [event for event in self._state.kept if event.at > oldest]

    def _time_to_next_check(self) -> timedelta:
        """Zero if the mailbox can end: nothing is kept, no order is subscribed, and the time for duplicates is over."""
        now = workflow.now()
        if self._state.kept:
            expires_in = self._state.kept[0].at + timedelta(days=self._input.retention_days) - now
            return min(self._pause, expires_in) if self._input.order_workflow_id else expires_in
        if self._state.subscribers:
            return timedelta(days=365)
        if not self._state.seen:
            return timedelta(0)
        return self._last_used_at + min(IDLE_TIMEOUT, timedelta(days=self._input.retention_days)) - now

    def _should_continue_as_new(self) -> bool:
        return self._delivery_count >= MAX_DELIVERIES_PER_RUN or workflow.info().is_continue_as_new_suggested()

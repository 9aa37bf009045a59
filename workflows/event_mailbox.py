"""Where events wait that nobody can take yet: durable, bounded, and with an end.

A mailbox belongs either to one order that is not there yet, or to an event name and key that systems send without
knowing which order waits for it; then orders subscribe. It hands everything over as the signal `deliver_event`; the
order counts an event id once, so handing over twice does no harm, and nothing is forgotten before the order has it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict
from temporalio import workflow
from temporalio.exceptions import FailureError

from activity_contract.cross_order import ORDER_WATCH
from activity_contract.mailboxes import (
    MAILBOX_DELIVER,
    MAILBOX_ORDER_STARTED,
    MAILBOX_RETURN,
    MAILBOX_SUBSCRIBE,
    MAILBOX_UNSUBSCRIBE,
    MailboxAnswer,
    MailboxDelivery,
    MailboxInput,
    MailboxSubscriber,
    ReturnedEvents,
)
from workflows.contract.order_messages import MAILBOX_TYPE, SIGNAL_EVENT, EventDelivery

MOST_KEPT = 500
MOST_KEPT_BYTES = 1_000_000
"""What is kept is carried in one payload, and that may be 2 MB."""
MOST_REMEMBERED = 2_000
"""Ids of delivered events, the oldest forgotten first; the order itself counts an id once, too."""
LINGER = timedelta(days=1)
"""So long an empty mailbox that had events still recognises duplicates."""
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(hours=1)
DELIVERIES_PER_RUN = 1_000
"""Temporal takes 2,000 updates a run."""


class KeptEvent(BaseModel):
    model_config = ConfigDict(frozen=True)

    delivery: MailboxDelivery
    at: datetime
    size: int


class MailboxState(BaseModel):
    """Everything that crosses over when a mailbox continues as new."""

    kept: list[KeptEvent] = []
    seen: dict[str, None] = {}
    """Event ids, oldest first."""
    subscribers: dict[str, str] = {}
    """Order id → workflow id."""


def _signal_of(event: KeptEvent) -> tuple[str, Any]:
    """What an order is told: a signal and its argument."""
    if event.delivery.watch is not None:
        return ORDER_WATCH, event.delivery.watch
    return SIGNAL_EVENT, EventDelivery(**event.delivery.model_dump(exclude={"watch"}), at=event.at)


@workflow.defn(name=MAILBOX_TYPE, sandboxed=False)
class EventMailbox:
    @workflow.init
    def __init__(self, start: MailboxInput) -> None:
        self._start = start
        self._state = MailboxState.model_validate(start.carried or {})
        self._handing_over = asyncio.Lock()
        self._pause = FIRST_PAUSE
        self._used_at = workflow.now()
        self._rests_until = workflow.now()
        """What an order gave back is not for the run of it that is about to end."""
        self._deliveries = 0
        self._stirred = False

    @workflow.run
    async def run(self, start: MailboxInput) -> None:
        while True:
            await self._hand_over()
            self._drop_outdated()
            self._stirred = False
            wait = self._until_next_look()
            if wait <= timedelta(0):
                await workflow.wait_condition(workflow.all_handlers_finished)
                if not self._stirred:
                    return
                continue
            try:
                await workflow.wait_condition(lambda: self._stirred, timeout=wait)
                self._pause = FIRST_PAUSE
            except TimeoutError:
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
            if self._is_long():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(start.model_copy(update={"carried": self._state.model_dump(mode="json")}))

    @workflow.update(name=MAILBOX_DELIVER)
    async def deliver(self, delivery: MailboxDelivery) -> MailboxAnswer:
        """Keeps the event, and hands it over at once where exactly one order waits for it."""
        answer = self._take_in(delivery)
        if answer.status != "kept":
            return answer
        targets = list(self._state.subscribers)
        await self._hand_over()
        if any(kept.delivery.event_id == delivery.event_id for kept in self._state.kept):
            return answer
        return MailboxAnswer(status="delivered", orders=targets)

    @workflow.signal(name=MAILBOX_DELIVER)
    def deliver_unanswered(self, delivery: MailboxDelivery) -> None:
        """As `deliver`, for a time when no worker answers. What turns out ambiguous is kept until one order is left."""
        self._take_in(delivery, ambiguous_too=True)

    @workflow.update(name=MAILBOX_SUBSCRIBE)
    async def subscribe(self, subscriber: MailboxSubscriber) -> None:
        """From now on the order gets what comes; what came before goes to it too, if it is the only one."""
        self._add(subscriber)
        await self._hand_over()

    @workflow.signal(name=MAILBOX_SUBSCRIBE)
    def subscribe_unanswered(self, subscriber: MailboxSubscriber) -> None:
        self._add(subscriber)

    @workflow.signal(name=MAILBOX_UNSUBSCRIBE)
    def unsubscribe(self, subscriber: MailboxSubscriber) -> None:
        self._state.subscribers.pop(subscriber.order_id, None)
        self._stir()

    @workflow.signal(name=MAILBOX_ORDER_STARTED)
    def order_started(self) -> None:
        self._rests_until = workflow.now()
        self._stir()

    @workflow.signal(name=MAILBOX_RETURN)
    def give_back(self, returned: ReturnedEvents) -> None:
        """The order was rejected: its events are kept, known or not, for the one that is sent again."""
        ids = {kept.delivery.event_id for kept in self._state.kept}
        for event in returned.events:
            if event.event_id not in ids:
                self._keep(event)
                self._state.seen[event.event_id] = None
        self._rests_until = workflow.now() + FIRST_PAUSE
        self._stir()

    @workflow.query
    def contents(self) -> MailboxState:
        return self._state

    def _stir(self) -> None:
        self._stirred = True
        self._used_at = workflow.now()

    def _add(self, subscriber: MailboxSubscriber) -> None:
        self._state.subscribers[subscriber.order_id] = subscriber.workflow_id
        self._stir()

    def _take_in(self, delivery: MailboxDelivery, ambiguous_too: bool = False) -> MailboxAnswer:
        state = self._state
        self._deliveries += 1
        self._stir()
        if delivery.watch is not None:
            return self._keep_watch(delivery)
        if delivery.event_id in state.seen:
            return MailboxAnswer(status="duplicate", orders=list(state.subscribers))
        if len(state.subscribers) > 1 and not ambiguous_too:
            return MailboxAnswer(status="ambiguous", orders=sorted(state.subscribers))
        if not self._keep(delivery):
            return MailboxAnswer(status="full")
        state.seen[delivery.event_id] = None
        while len(state.seen) > MOST_REMEMBERED:
            del state.seen[next(iter(state.seen))]
        return MailboxAnswer(status="kept")

    def _keep_watch(self, delivery: MailboxDelivery) -> MailboxAnswer:
        """Whoever waits asks again from time to time, and is kept once."""
        self._state.kept = [kept for kept in self._state.kept if kept.delivery.event_id != delivery.event_id]
        return MailboxAnswer(status="kept" if self._keep(delivery) else "full")

    def _keep(self, delivery: MailboxDelivery) -> bool:
        """False where there is no room."""
        kept = self._state.kept
        event = KeptEvent(delivery=delivery, at=workflow.now(), size=len(delivery.model_dump_json()))
        if len(kept) >= MOST_KEPT or sum(each.size for each in kept) + event.size > MOST_KEPT_BYTES:
            return False
        kept.append(event)
        return True

    def _target(self) -> str | None:
        """The workflow that everything goes to, if exactly one is known."""
        if self._start.order_workflow_id:
            return self._start.order_workflow_id
        return next(iter(self._state.subscribers.values())) if len(self._state.subscribers) == 1 else None

    async def _hand_over(self) -> None:
        """In the order of arrival; an event is dropped from here only once the order's history has it."""
        async with self._handing_over:
            while self._state.kept and (target := self._target()) and workflow.now() >= self._rests_until:
                event = self._state.kept[0]
                try:
                    await workflow.get_external_workflow_handle(target).signal(*_signal_of(event))
                except FailureError:
                    self._forget_subscriber(target)
                    return
                self._state.kept = [kept for kept in self._state.kept if kept is not event]

    def _forget_subscriber(self, target: str) -> None:
        """The order has ended, or, where the mailbox is an order's own, is not there yet."""
        for order_id, workflow_id in list(self._state.subscribers.items()):
            if workflow_id == target:
                del self._state.subscribers[order_id]

    def _drop_outdated(self) -> None:
        oldest = workflow.now() - timedelta(days=self._start.retention_days)
        outdated = [event for event in self._state.kept if event.at <= oldest]
        if outdated:
            workflow.logger.warning("events dropped that nobody took", extra={"events": len(outdated)})
            self._state.kept = [event for event in self._state.kept if event.at > oldest]

    def _until_next_look(self) -> timedelta:
        """Zero: nothing is kept, nobody is subscribed, and duplicates have had their time to come."""
        now = workflow.now()
        if self._state.kept:
            outdated_in = self._state.kept[0].at + timedelta(days=self._start.retention_days) - now
            return min(self._pause, outdated_in) if self._start.order_workflow_id else outdated_in
        if self._state.subscribers:
            return timedelta(days=365)
        if not self._state.seen:
            return timedelta(0)
        return self._used_at + min(LINGER, timedelta(days=self._start.retention_days)) - now

    def _is_long(self) -> bool:
        return self._deliveries >= DELIVERIES_PER_RUN or workflow.info().is_continue_as_new_suggested()

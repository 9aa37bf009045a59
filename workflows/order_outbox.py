"""An order's outbox: delivers the order's events, in order and at least once, however long receivers are unavailable.

It outlives the order's run and never delays it: the order only sends signals. It ends when everything is delivered.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import FailureError

from activity_contract.activity_names import DELIVER_EVENTS, MATCH_EVENTS
from activity_contract.calls import HEARTBEAT_TIMEOUT, INTERNAL_ERROR, MAX_BACKOFF
from activity_contract.notifications import (
    OUTBOX_ADD_EVENTS,
    DeliveryOutcome,
    MatchedEvents,
    NotificationBatch,
    ReceiverDelivery,
    notifications_task_queue,
)
from workflows.contract.order_messages import OUTBOX_WORKFLOW_TYPE, SearchAttributes
from workflows.contract.order_views import ErrorView
from workflows.contract.outbox_messages import (
    QUERY_OUTBOX,
    UPDATE_RESEND,
    OutboxView,
    ResendRequest,
    ResendResult,
    UndeliveredEvent,
)
from workflows.core.notifications.outbox_queue import OutboxState, ReceiverQueue, dump_state, load_state

UNDELIVERABLE_ATTRIBUTE = SearchAttributeKey.for_int(SearchAttributes.FALLOUT_COUNT)
IDLE_TIMEOUT = timedelta(days=1)
"""How long the idle outbox of a running order waits for more events. Then it ends; the next event starts it again."""
UNDELIVERABLE_RETENTION = timedelta(days=30)
"""How long undeliverable events are kept, to be sent again on request."""
DELIVERY_TIMEOUT = timedelta(minutes=5)
"""Longer than a worker takes for one delivery."""
MATCH_TIMEOUT = timedelta(seconds=30)
ERROR_RETRY_DELAY = 60.0
MAX_UPDATES_PER_RUN = 1_000
MAX_LISTED_EVENTS = 1_000


@workflow.defn(name=OUTBOX_WORKFLOW_TYPE, sandboxed=False)
class OrderOutbox:
    @workflow.init
    def __init__(self, snapshot: str | None = None) -> None:
        self._state = load_state(snapshot) if snapshot else OutboxState()
        self._woken = True
        self._delivery_tasks: dict[str, asyncio.Task[None]] = {}
        self._shown_undeliverable = 0
        """The value of the search attribute."""
        self._last_used_at = workflow.now()
        self._update_count = 0

    @workflow.run
    async def run(self, snapshot: str | None = None) -> None:
        self._shown_undeliverable = len(self._state.undeliverable) if snapshot else 0
        while True:
            self._woken = False
            await self._match_receivers()
            self._state.drop_older_than((workflow.now() - UNDELIVERABLE_RETENTION).timestamp())
            continues_as_new = self._should_continue_as_new()
            if not continues_as_new:
                self._start_due_deliveries()
            self._update_search_attribute()
            if not self._delivery_tasks and not self._woken:
                if continues_as_new:
                    await workflow.wait_condition(workflow.all_handlers_finished)
                    workflow.continue_as_new(dump_state(self._state))
                if self._is_finished():
                    await workflow.wait_condition(workflow.all_handlers_finished)
                    if not self._woken:
                        return
            await self._wait_for_work()

    @workflow.signal(name=OUTBOX_ADD_EVENTS)
    def receive_events(self, batch: NotificationBatch) -> None:
        self._state.add_batch(batch)
        self._wake()

    @workflow.update(name=UPDATE_RESEND)
    async def resend(self, request: ResendRequest) -> ResendResult:
        self._update_count += 1
        self._wake()
        return ResendResult(events=self._state.resend(request.receiver, request.events, workflow.time()))

    @workflow.query(name=QUERY_OUTBOX)
    def outbox(self) -> OutboxView:
        return outbox_view(self._state)

    def _wake(self) -> None:
        self._woken = True
        self._last_used_at = workflow.now()

    async def _match_receivers(self) -> None:
        """Decides once, by the present receivers, who receives an event."""
        while (batch := self._state.next_unmatched()) is not None:
            try:
                matched: MatchedEvents = await workflow.execute_activity(
                    MATCH_EVENTS,
                    batch,
                    result_type=MatchedEvents,
                    start_to_close_timeout=MATCH_TIMEOUT,
                    retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=MAX_BACKOFF)),
                    summary=f"Receivers of {len(batch.events)} events",
                )
            except FailureError:
                workflow.logger.exception("the receivers of these events could not be determined")
                await workflow.sleep(ERROR_RETRY_DELAY)
                continue
            self._state.apply_matches(batch, matched.receivers, workflow.time())

    def _start_due_deliveries(self) -> None:
        for receiver in self._state.due_receivers(workflow.time()):
            events, attempts = self._state.take_batch(receiver)
            if self._state.order is None:
                raise RuntimeError("the outbox has events but no order")
            delivery = ReceiverDelivery(receiver=receiver, order=self._state.order, events=events, attempts=attempts)
            self._delivery_tasks[receiver] = asyncio.create_task(self._deliver(delivery))

    async def _deliver(self, delivery: ReceiverDelivery) -> None:
        """Retries what failed in the worker itself: nobody would notice an outbox that has stopped."""
        outcome: DeliveryOutcome
        try:
            outcome = await workflow.execute_activity(
                DELIVER_EVENTS,
                delivery,
                result_type=DeliveryOutcome,
                task_queue=notifications_task_queue(workflow.info().task_queue),
                start_to_close_timeout=DELIVERY_TIMEOUT,
                heartbeat_timeout=timedelta(seconds=HEARTBEAT_TIMEOUT),
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=MAX_BACKOFF)),
                summary=f"{len(delivery.events)} events to {delivery.receiver}",
            )
        except FailureError as error:
            workflow.logger.exception("a delivery failed in the worker")
            outcome = DeliveryOutcome(
                delivered=0, code=INTERNAL_ERROR, message=str(error.cause or error), pause=ERROR_RETRY_DELAY
            )
        del self._delivery_tasks[delivery.receiver]
        self._state.delivery_ended(delivery.receiver, outcome, workflow.time())
        self._wake()

    def _update_search_attribute(self) -> None:
        undeliverable = len(self._state.undeliverable)
        if undeliverable != self._shown_undeliverable:
            self._shown_undeliverable = undeliverable
            workflow.upsert_search_attributes([UNDELIVERABLE_ATTRIBUTE.value_set(undeliverable)])

    def _is_finished(self) -> bool:
        state = self._state
        if state.has_pending_events or state.undeliverable:
            return False
        return state.ended or workflow.now() >= self._last_used_at + IDLE_TIMEOUT

    async def _wait_for_work(self) -> None:
        """Waits for a message, the end of a delivery, or the next time at which something is due."""
        state = self._state
        due_times = [] if self._should_continue_as_new() else [state.next_due_at()]
        if state.undeliverable:
            due_times.append(state.undeliverable[0].at + UNDELIVERABLE_RETENTION.total_seconds() + 1)
        elif not self._delivery_tasks and not state.has_pending_events:
            due_times.append((self._last_used_at + IDLE_TIMEOUT).timestamp())
        due = min((at for at in due_times if at is not None), default=None)
        pause = None if due is None else timedelta(seconds=max(0.001, due - workflow.time()))
        try:
            await workflow.wait_condition(lambda: self._woken, timeout=pause)
        except TimeoutError:
            self._woken = False

    def _should_continue_as_new(self) -> bool:
        return self._update_count >= MAX_UPDATES_PER_RUN or workflow.info().is_continue_as_new_suggested()


def _to_datetime(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def outbox_view(state: OutboxState) -> OutboxView:
    given_up = [
        UndeliveredEvent(
            receiver=each.receiver,
            event_id=each.event,
            type=state.events[each.event].type,
            at=_to_datetime(state.events[each.event].at),
            attempts=each.attempts,
            error=ErrorView(code=each.code, message=each.message, at=_to_datetime(each.at)),
            given_up=True,
        )
        for each in state.undeliverable
    ]
    waiting = [
        _waiting_event_view(state, receiver, queue, position)
        for receiver, queue in state.queues.items()
        for position in range(min(len(queue.events), MAX_LISTED_EVENTS))
    ]
    return OutboxView(
        order_id=state.order.id if state.order else "",
        undelivered=(given_up + waiting)[:MAX_LISTED_EVENTS],
        given_up=len(given_up),
        waiting=state.waiting_count + len(state.unmatched),
        dropped=state.dropped,
        order_ended=state.ended,
    )


def _waiting_event_view(state: OutboxState, receiver: str, queue: ReceiverQueue, position: int) -> UndeliveredEvent:
    event = state.events[queue.events[position]]
    failure: dict[str, Any] = {}
    if position == 0 and queue.code is not None:
        error = ErrorView(code=queue.code, message=queue.message, at=_to_datetime(queue.failed_at))
        failure = {"attempts": queue.attempts, "error": error, "next_attempt_at": _to_datetime(queue.next_at)}
    return UndeliveredEvent(receiver=receiver, event_id=event.id, type=event.type, at=_to_datetime(event.at), **failure)

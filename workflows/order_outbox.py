"""An order's outbox: delivers what is told of the order, in order and at least once, however long receivers are away.

It outlives the order's run and never holds it up: the order only signals. It ends when everything is delivered.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import FailureError

from activity_contract.calls import HEARTBEAT_TIMEOUT, LONGEST_BACKOFF
from activity_contract.notifications import (
    DELIVER_EVENTS,
    MATCH_EVENTS,
    OUTBOX_TELL,
    DeliveryOutcome,
    EventsForReceiver,
    HandOver,
    MatchedEvents,
    notifications_task_queue,
)
from workflows.contract.order_messages import OUTBOX_TYPE, SearchAttributes
from workflows.contract.order_views import ErrorView
from workflows.contract.outbox_messages import (
    QUERY_OUTBOX,
    UPDATE_RESEND,
    OutboxView,
    Resend,
    ResendAnswer,
    Undelivered,
)
from workflows.core.notifications.outbox_queue import OutboxState, Queue, packed, unpacked

UNDELIVERABLE = SearchAttributeKey.for_int(SearchAttributes.FALLOUT_COUNT)
LINGER = timedelta(days=1)
"""So long an idle outbox of an order that goes on waits for more; then it ends, until it is started again."""
KEPT = timedelta(days=30)
"""So long what could not be delivered is kept, to be sent again."""
DELIVERING = timedelta(minutes=5)
"""More than the worker takes for one delivery."""
MATCHING = timedelta(seconds=30)
AFTER_A_MISTAKE = 60.0
UPDATES_PER_RUN = 1_000
MOST_SHOWN = 1_000


@workflow.defn(name=OUTBOX_TYPE, sandboxed=False)
class OrderOutbox:
    @workflow.init
    def __init__(self, carried: str | None = None) -> None:
        self._state = unpacked(carried) if carried else OutboxState()
        self._stirred = True
        self._deliveries: dict[str, asyncio.Task[None]] = {}
        self._undeliverable = 0
        """As shown."""
        self._used_at = workflow.now()
        self._updates = 0

    @workflow.run
    async def run(self, carried: str | None = None) -> None:
        self._undeliverable = len(self._state.undeliverable) if carried else 0
        while True:
            self._stirred = False
            await self._match()
            self._state.drop_older_than((workflow.now() - KEPT).timestamp())
            long = self._is_long()
            if not long:
                self._deliver_what_is_due()
            self._show()
            if not self._deliveries and not self._stirred:
                if long:
                    await workflow.wait_condition(workflow.all_handlers_finished)
                    workflow.continue_as_new(packed(self._state))
                if self._is_over():
                    await workflow.wait_condition(workflow.all_handlers_finished)
                    if not self._stirred:
                        return
            await self._wait()

    @workflow.signal(name=OUTBOX_TELL)
    def tell(self, handed: HandOver) -> None:
        self._state.take_in(handed)
        self._stir()

    @workflow.update(name=UPDATE_RESEND)
    async def resend(self, asked: Resend) -> ResendAnswer:
        self._updates += 1
        self._stir()
        return ResendAnswer(events=self._state.resend(asked.receiver, asked.events, workflow.time()))

    @workflow.query(name=QUERY_OUTBOX)
    def outbox(self) -> OutboxView:
        return view_of(self._state)

    def _stir(self) -> None:
        self._stirred = True
        self._used_at = workflow.now()

    async def _match(self) -> None:
        """Whom an event goes to is decided once, by the receivers as they are now."""
        while (asked := self._state.to_match()) is not None:
            try:
                matched: MatchedEvents = await workflow.execute_activity(
                    MATCH_EVENTS,
                    asked,
                    result_type=MatchedEvents,
                    start_to_close_timeout=MATCHING,
                    retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=LONGEST_BACKOFF)),
                    summary=f"Who wants {len(asked.events)} events",
                )
            except FailureError:
                workflow.logger.exception("nobody could tell who wants these events")
                await workflow.sleep(AFTER_A_MISTAKE)
                continue
            self._state.matched(asked, matched.receivers, workflow.time())

    def _deliver_what_is_due(self) -> None:
        for receiver in self._state.due(workflow.time()):
            events, attempts = self._state.take_off(receiver)
            if self._state.order is None:
                raise RuntimeError("events of no order")
            asked = EventsForReceiver(receiver=receiver, order=self._state.order, events=events, attempts=attempts)
            self._deliveries[receiver] = asyncio.create_task(self._deliver(asked))

    async def _deliver(self, asked: EventsForReceiver) -> None:
        """What fails in the worker itself is tried again: an outbox that stands still would be noticed by nobody."""
        outcome: DeliveryOutcome
        try:
            outcome = await workflow.execute_activity(
                DELIVER_EVENTS,
                asked,
                result_type=DeliveryOutcome,
                task_queue=notifications_task_queue(workflow.info().task_queue),
                start_to_close_timeout=DELIVERING,
                heartbeat_timeout=timedelta(seconds=HEARTBEAT_TIMEOUT),
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=LONGEST_BACKOFF)),
                summary=f"{len(asked.events)} events to {asked.receiver}",
            )
        except FailureError as error:
            workflow.logger.exception("a delivery has failed in the worker")
            outcome = DeliveryOutcome(
                delivered=0, code="internal_error", message=str(error.cause or error), pause=AFTER_A_MISTAKE
            )
        del self._deliveries[asked.receiver]
        self._state.landed(asked.receiver, outcome, workflow.time())
        self._stir()

    def _show(self) -> None:
        undeliverable = len(self._state.undeliverable)
        if undeliverable != self._undeliverable:
            self._undeliverable = undeliverable
            workflow.upsert_search_attributes([UNDELIVERABLE.value_set(undeliverable)])

    def _is_over(self) -> bool:
        state = self._state
        if state.is_busy or state.undeliverable:
            return False
        return state.ended or workflow.now() >= self._used_at + LINGER

    async def _wait(self) -> None:
        """Until something comes, a delivery ends, or the next moment at which something is to be done."""
        state = self._state
        moments = [] if self._is_long() else [state.next_at()]
        if state.undeliverable:
            moments.append(state.undeliverable[0].at + KEPT.total_seconds() + 1)
        elif not self._deliveries and not state.is_busy:
            moments.append((self._used_at + LINGER).timestamp())
        due = min((moment for moment in moments if moment is not None), default=None)
        pause = None if due is None else timedelta(seconds=max(0.001, due - workflow.time()))
        try:
            await workflow.wait_condition(lambda: self._stirred, timeout=pause)
        except TimeoutError:
            self._stirred = False

    def _is_long(self) -> bool:
        return self._updates >= UPDATES_PER_RUN or workflow.info().is_continue_as_new_suggested()


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def view_of(state: OutboxState) -> OutboxView:
    given_up = [
        Undelivered(
            receiver=each.receiver,
            event_id=each.event,
            type=state.events[each.event].type,
            at=_moment(state.events[each.event].at),
            attempts=each.attempts,
            error=ErrorView(code=each.code, message=each.message, at=_moment(each.at)),
            given_up=True,
        )
        for each in state.undeliverable
    ]
    waiting = [
        _waiting(state, receiver, queue, position)
        for receiver, queue in state.queues.items()
        for position in range(min(len(queue.events), MOST_SHOWN))
    ]
    return OutboxView(
        order_id=state.order.id if state.order else "",
        undelivered=(given_up + waiting)[:MOST_SHOWN],
        given_up=len(given_up),
        waiting=state.waiting + len(state.unmatched),
        dropped=state.dropped,
        order_ended=state.ended,
    )


def _waiting(state: OutboxState, receiver: str, queue: Queue, position: int) -> Undelivered:
    event = state.events[queue.events[position]]
    further: dict[str, Any] = {}
    if position == 0 and queue.code is not None:
        error = ErrorView(code=queue.code, message=queue.message, at=_moment(queue.failed_at))
        further = {"attempts": queue.attempts, "error": error, "next_attempt_at": _moment(queue.next_at)}
    return Undelivered(receiver=receiver, event_id=event.id, type=event.type, at=_moment(event.at), **further)

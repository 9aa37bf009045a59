"""The outbox's queues: order, duplicates, failures, undeliverable events, resending."""

from __future__ import annotations

from typing import Any

from activity_contract.notifications import DeliveryOutcome, NotificationBatch, NotificationEvent, NotificationOrder
from workflows.core.notifications.outbox_queue import MAX_QUEUED, MAX_UNDELIVERABLE, OutboxState, dump_state, load_state

ORDER = NotificationOrder(id="O-1")
NOW = 1_000.0


def event(number: int) -> NotificationEvent:
    return NotificationEvent(id=f"O-1/{number}", number=number, type="order.held", at=NOW)


def handed(*numbers: int, ended: bool = False) -> NotificationBatch:
    return NotificationBatch(order=ORDER, events=[event(number) for number in numbers], ended=ended)


def outbox(*numbers: int, receivers: tuple[str, ...] = ("crm",)) -> OutboxState:
    state = OutboxState()
    take_in(state, *numbers, receivers=receivers)
    return state


def take_in(state: OutboxState, *numbers: int, receivers: tuple[str, ...] = ("crm",)) -> None:
    state.add_batch(handed(*numbers))
    while (asked := state.next_unmatched()) is not None:
        state.apply_matches(asked, {each.id: list(receivers) for each in asked.events}, NOW)


def take_off(state: OutboxState, receiver: str = "crm") -> list[int]:
    return [each.number for each in state.take_batch(receiver)[0]]


def fails(pause: float | None = 60.0, **further: Any) -> DeliveryOutcome:
    return DeliveryOutcome(**{"delivered": 0, "code": "500", "message": "it broke", "pause": pause, **further})


def test_events_are_delivered_in_order_and_in_batches() -> None:
    state = outbox(*range(1, 31))
    assert take_off(state) == list(range(1, 21))
    assert state.due_receivers(NOW) == []
    state.delivery_ended("crm", DeliveryOutcome(delivered=20), NOW)
    assert take_off(state) == list(range(21, 31))
    state.delivery_ended("crm", DeliveryOutcome(delivered=10), NOW)
    assert not state.has_pending_events
    assert state.events == {}


def test_event_handed_over_twice_is_delivered_once() -> None:
    state = outbox(1, 2)
    take_in(state, 1, 2, 3)
    assert take_off(state) == [1, 2, 3]


def test_event_without_receivers_is_forgotten() -> None:
    state = outbox(1, 2, receivers=())
    assert not state.has_pending_events
    assert state.events == {}


def test_failed_delivery_holds_back_later_events_during_its_pause() -> None:
    state = outbox(1, 2, 3)
    take_off(state)
    state.delivery_ended("crm", fails(delivered=1), NOW)
    assert state.due_receivers(NOW + 59) == []
    assert state.next_due_at() == NOW + 60
    assert state.due_receivers(NOW + 60) == state.due_receivers(NOW + 61) == ["crm"]
    assert take_off(state) == [2]
    state.delivery_ended("crm", DeliveryOutcome(delivered=1), NOW + 60)
    assert take_off(state) == [3]


def test_attempts_count_for_the_first_event_and_a_busy_worker_does_not_count() -> None:
    state = outbox(1, 2)
    for outcome in (fails(), fails(code="busy", counts=False), fails()):
        take_off(state)
        state.delivery_ended("crm", outcome, NOW)
    assert state.take_batch("crm")[1] == 2
    state.delivery_ended("crm", DeliveryOutcome(delivered=1), NOW)
    assert state.take_batch("crm")[1] == 0


def test_receivers_do_not_wait_for_each_other() -> None:
    state = outbox(1, receivers=("a", "b"))
    take_off(state, "a")
    state.delivery_ended("a", fails(), NOW)
    assert take_off(state, "b") == [1]


def test_refused_event_becomes_undeliverable_alone() -> None:
    state = outbox(1, 2)
    take_off(state)
    state.delivery_ended("crm", fails(None), NOW)
    assert [each.event for each in state.undeliverable] == ["O-1/1"]
    assert take_off(state) == [2]


def test_exhausted_retries_make_all_waiting_events_undeliverable() -> None:
    state = outbox(1, 2)
    for outcome in (fails(), fails(None, exhausted=True)):
        take_off(state)
        state.delivery_ended("crm", outcome, NOW)
    assert [each.event for each in state.undeliverable] == ["O-1/1", "O-1/2"]
    take_in(state, 3)
    assert take_off(state) == [3]


def test_removed_receiver_gets_nothing_until_a_resend() -> None:
    state = outbox(1, 2)
    take_off(state)
    state.delivery_ended("crm", fails(None, code="410", gone=True), NOW)
    take_in(state, 3)
    assert [each.event for each in state.undeliverable] == ["O-1/1", "O-1/2", "O-1/3"]
    assert state.resend(None, None, NOW) == 3
    assert take_off(state) == [1, 2, 3]
    assert state.undeliverable == []


def test_removed_receiver_gets_new_events_again_after_a_resend() -> None:
    state = outbox(1)
    take_off(state)
    state.delivery_ended("crm", fails(None, code="410", gone=True), NOW)
    assert state.resend("crm", None, NOW) == 1
    assert take_off(state) == [1]
    state.delivery_ended("crm", DeliveryOutcome(delivered=1), NOW)
    assert state.queues == {}
    take_in(state, 2)
    assert state.undeliverable == []
    assert take_off(state) == [2]


def test_receiver_that_is_removed_again_after_a_resend_gets_no_new_events() -> None:
    state = outbox(1)
    for _ in range(2):
        take_off(state)
        state.delivery_ended("crm", fails(None, code="410", gone=True), NOW)
        take_in(state, 2)
        assert [each.event for each in state.undeliverable] == ["O-1/1", "O-1/2"]
        assert state.due_receivers(NOW) == []
        assert state.resend("crm", None, NOW) == 2


def test_resend_keeps_the_order_and_the_running_delivery() -> None:
    state = outbox(1, 2, 3)
    take_off(state)
    state.delivery_ended("crm", fails(None), NOW)
    assert take_off(state) == [2, 3]
    take_in(state, 4)
    assert state.resend("crm", ["O-1/1"], NOW) == 1
    state.delivery_ended("crm", DeliveryOutcome(delivered=2), NOW)
    assert take_off(state) == [1, 4]


def test_resend_retries_a_waiting_event_now() -> None:
    state = outbox(1)
    take_off(state)
    state.delivery_ended("crm", fails(), NOW)
    assert state.resend("other", None, NOW) == 0
    assert state.resend("crm", None, NOW) == 1
    assert state.due_receivers(NOW) == ["crm"]


def test_kept_events_are_limited() -> None:
    state = outbox(*range(1, MAX_QUEUED + MAX_UNDELIVERABLE + 3))
    assert state.waiting_count == MAX_QUEUED
    assert len(state.undeliverable) == MAX_UNDELIVERABLE
    assert state.dropped == 2
    assert state.undeliverable[-1].event == f"O-1/{MAX_UNDELIVERABLE + 2}"


def test_old_undeliverable_events_are_dropped() -> None:
    state = outbox(1)
    take_off(state)
    state.delivery_ended("crm", fails(None), NOW)
    state.drop_older_than(NOW)
    assert (state.undeliverable, state.dropped, state.events) == ([], 1, {})


def test_outbox_continues_as_new() -> None:
    state = outbox(1, 2, 3, receivers=("a", "b"))
    take_off(state, "a")
    state.delivery_ended("a", fails(None), NOW)
    take_off(state, "b")
    state.delivery_ended("b", fails(), NOW)
    state.add_batch(handed(4, ended=True))
    assert load_state(dump_state(state)) == state

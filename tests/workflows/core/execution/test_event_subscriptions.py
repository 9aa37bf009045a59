"""At which mailboxes an order is subscribed, and when: one request after the other, as long as a step needs it."""

from __future__ import annotations

from typing import Any

from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import plan_of, with_instances
from workflows.core.state.commands import SubscribeEvents, UnsubscribeEvents

SCAN: dict[str, Any] = {"event": {"name": "scan", "key": "${order.id}"}}


class Slow(OrderDriver):
    """Mailboxes answer when the test says so."""

    mailboxes_answer = False
    answered = 0

    def answer_next(self, *, succeeded: bool = True) -> None:
        requests = [each for each in self.commands if isinstance(each, SubscribeEvents | UnsubscribeEvents)]
        self.answered += 1
        self.end_requests(requests[self.answered - 1], succeeded=succeeded)


def matching(sku: str) -> dict[str, Any]:
    return {"event": {"name": "scan", "key": "${order.id}", "match": f'payload.sku == "{sku}"'}}


def test_order_stays_subscribed_while_another_step_waits() -> None:
    driven = OrderDriver({"a": matching("a"), "b": matching("b")})
    driven.event("scan", "O-1", {"sku": "b"})
    assert driven.requests() == ["+scan O-1"]
    driven.event("scan", "O-1", {"sku": "a"})
    assert driven.requests() == ["+scan O-1", "-scan O-1"]


def test_order_stays_subscribed_when_one_of_its_steps_gives_up() -> None:
    first = {**SCAN, "event": {**SCAN["event"], "within": "1h"}, "on_failure": "continue"}
    driven = OrderDriver({"a": first, "b": SCAN})
    driven.wait(3_600)
    assert driven.requests() == ["+scan O-1"]
    driven.event("scan", "O-1")
    assert driven.requests() == ["+scan O-1", "-scan O-1"]


def test_step_that_follows_subscribes_after_the_unsubscription_has_ended() -> None:
    driven = Slow({"a": SCAN, "b": {**SCAN, "after": ["a"]}})
    driven.answer_next()
    driven.event("scan", "O-1", event_id="e-1")
    assert driven.requests() == ["+scan O-1", "-scan O-1"]
    driven.answer_next()
    assert driven.requests() == ["+scan O-1", "-scan O-1", "+scan O-1"]
    driven.answer_next()
    driven.event("scan", "O-1", event_id="e-2")
    driven.answer_next()
    assert driven.requests() == ["+scan O-1", "-scan O-1", "+scan O-1", "-scan O-1"]
    assert not driven.run.subscriptions.by_address


def test_event_that_arrives_before_the_subscription_has_ended_unsubscribes_afterwards() -> None:
    driven = Slow({"a": SCAN})
    driven.event("scan", "O-1")
    assert driven.requests() == ["+scan O-1"]
    driven.answer_next()
    assert driven.requests() == ["+scan O-1", "-scan O-1"]


def test_change_back_during_a_request_needs_no_other_one() -> None:
    driven = Slow({"a": SCAN, "b": {**SCAN, "after": ["a"]}})
    driven.event("scan", "O-1", event_id="e-1")
    driven.answer_next()
    assert driven.requests() == ["+scan O-1"]


def test_step_with_several_names_leaves_only_the_mailboxes_that_no_other_step_needs() -> None:
    two = {"event": {"name": ["scan", "waived"], "key": "${order.id}"}}
    driven = OrderDriver({"a": two, "b": matching("b")})
    assert driven.requests() == ["+scan O-1", "+waived O-1"]
    driven.event("waived", "O-1")
    assert driven.requests()[2:] == ["-waived O-1"]


def test_subscriptions_cross_over_to_the_next_run() -> None:
    driven = OrderDriver({"a": matching("a"), "b": matching("b")}).continue_as_new()
    assert driven.requests() == []
    driven.event("scan", "O-1", {"sku": "a"})
    assert driven.requests() == []
    driven.event("scan", "O-1", {"sku": "b"})
    assert driven.requests() == ["-scan O-1"]


def test_subscription_that_failed_is_repeated_by_the_next_run() -> None:
    driven = Slow({"a": SCAN, "b": matching("b")})
    driven.answer_next(succeeded=False)
    assert driven.run.audit_log.entries[-1].message == "not subscribed to an event"
    assert driven.continue_as_new().requests() == ["+scan O-1"]


def test_unsubscription_that_failed_is_repeated_by_the_next_run() -> None:
    driven = Slow({"a": SCAN, "b": {"manual": {"queue": "q"}}})
    driven.answer_next()
    driven.event("scan", "O-1")
    driven.answer_next(succeeded=False)
    assert driven.continue_as_new().requests() == ["-scan O-1"]


def test_run_that_drains_leaves_requests_to_the_next_one() -> None:
    driven = Slow({"a": SCAN, "b": {**SCAN, "after": ["a"]}})
    driven.answer_next()
    driven.event("scan", "O-1", event_id="e-1")
    driven.run.draining = True
    driven.answer_next()
    assert driven.requests() == ["+scan O-1", "-scan O-1"]
    assert driven.continue_as_new().requests() == ["+scan O-1"]


def test_instances_share_one_subscription() -> None:
    driven = OrderDriver(with_instances(plan_of({"a": SCAN}), "a", 3))
    assert driven.requests() == ["+scan O-1"]


def test_order_that_began_before_asks_as_it_did() -> None:
    driven = OrderDriver({"a": {"manual": {"queue": "q"}}, "b": {**matching("b"), "after": ["a"]}, "c": SCAN})
    driven.run.is_patched = lambda _patch: False
    driven.step_action("complete", "a")
    assert driven.requests() == ["+scan O-1", "+scan O-1"]
    driven.event("scan", "O-1", step="camera.c@1")
    assert driven.requests() == ["+scan O-1", "+scan O-1", "-scan O-1"]

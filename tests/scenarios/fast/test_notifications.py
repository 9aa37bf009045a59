"""What receivers get on the core: by the rules of the outbox, as `world` answers for them."""

from __future__ import annotations

import pytest

from tests.support.scenarios.runs import ORDER, WORLD, happy, run_text, suite_of


def with_answers(*answers: str) -> str:
    return WORLD.replace("world:", "\n  - ".join(["world:", *answers]))


DOWN = with_answers("{receiver: crm, answer: {status: 503}, times: 2}")


def expecting(notification: str, world: str = DOWN) -> list[str]:
    """The failures if this notification is expected."""
    run = run_text(happy(f"expect: {{order: completed, notifications: [{notification}]}}", world))
    return [failure.message for failure in run.failures]


def test_notification_counts_once_it_is_accepted() -> None:
    run = run_text(happy("expect: {order: completed}", DOWN))
    assert [(told.type, told.attempts, told.at) for told in run.record.notifications] == [
        ("order.accepted", 3, 35.0),
        ("order.in_progress", 1, 35.0),
        ("order.completed", 1, run.record.took),
    ]
    first = run.record.notifications[0].event
    assert (first["specversion"], first["type"], first["subject"]) == ("1.0", "ordo.order.accepted", "O-1")


@pytest.mark.parametrize(
    ("notification", "failure"),
    [
        ("{receiver: crm, type: order.accepted, attempts: 3, arrived: {at_least: 35s, at_most: 35s}}", None),
        (
            "{receiver: crm, type: order.accepted, attempts: 2}",
            "notification order.accepted to crm was sent 3 times, not 2",
        ),
        (
            "{receiver: crm, type: order.accepted, arrived: {at_most: 10s}}",
            "notification order.accepted to crm arrived after 35s, later than 10s",
        ),
        (
            "{receiver: crm, type: order.accepted, data: {order_id: O-2}}",
            "no notification order.accepted to crm with order_id O-2: there it is O-1",
        ),
    ],
)
def test_expectations_are_about_what_arrives(notification: str, failure: str | None) -> None:
    assert expecting(notification) == ([] if failure is None else [failure])


def test_event_that_is_given_up_does_not_arrive() -> None:
    never = with_answers("{receiver: crm, answer: {status: 410}, times: 1}")
    assert expecting("{receiver: crm, type: 'order.*', times: 0}", never) == []


def test_answer_that_no_notification_gets_is_reported() -> None:
    unused = with_answers("{receiver: crm, answer: {status: 503}, times: 2}", "{receiver: crm, answer: {}, times: 9}")
    assert expecting("{receiver: crm, type: order.completed}", unused) == [
        "3 notifications to crm got this answer, not 9"
    ]


def test_receiver_that_does_not_exist_is_reported() -> None:
    suite = suite_of(f"{ORDER}world: [{{receiver: crn, answer: {{status: 503}}}}]\nexpect: {{order: in_progress}}")
    assert [finding.message for finding in suite.findings] == [
        "there is no receiver `crn`; did you mean `crm`?",
    ]

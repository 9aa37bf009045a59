"""`sla`: the clock runs from ready until the step settles, whatever happens in between."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.plan.expected_duration import HOUR
from tests.support.core.dated_plans import at, manual
from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call, plan_of
from workflows.contract.states import Jeopardy
from workflows.core.queries.work_queues import count_open_tasks
from workflows.core.timing.order_jeopardy import order_jeopardy

SLA = {"duration": "10h", "warn": "2h", "escalate": "leads"}


def order(step: dict[str, Any], **further: Any) -> OrderDriver:
    return OrderDriver(plan_of({"a": step, **further}))


def how(driven: OrderDriver) -> Jeopardy:
    return driven.view("a").jeopardy


def test_step_is_at_risk_and_then_late() -> None:
    driven = order(manual(sla=SLA))
    view = driven.view("a")
    assert (view.jeopardy, view.late_at) == (Jeopardy.ON_TRACK, at(10 * HOUR))
    for passed, wanted in (
        (7.9, Jeopardy.ON_TRACK),
        (8, Jeopardy.AT_RISK),
        (9.9, Jeopardy.AT_RISK),
        (10, Jeopardy.LATE),
    ):
        driven.wait(at(passed * HOUR).timestamp() - driven.run.now)
        assert how(driven) is wanted
    assert [entry.message for entry in driven.run.audit_log.entries[1:]] == [
        "at risk: its sla ends soon",
        "late: its sla has passed",
        "escalated to leads",
    ]
    assert driven.run.next_due() is None


def test_step_without_warn_goes_from_on_track_to_late() -> None:
    driven = order(manual(sla={"duration": "1h"}))
    driven.wait(HOUR)
    assert how(driven) is Jeopardy.LATE
    assert driven.view("a").escalated_to is None


def test_clock_starts_when_the_step_is_ready() -> None:
    driven = order(call(sla=SLA, start={"delay": "5h"}))
    assert driven.view("a").late_at is None
    driven.wait(5 * HOUR)
    assert driven.view("a").late_at == at(15 * HOUR)


def test_settled_step_is_not_late_any_more() -> None:
    driven = order(manual(sla=SLA), b=manual())
    driven.step_action("complete", "a")
    driven.wait(20 * HOUR)
    assert how(driven) is Jeopardy.ON_TRACK


def test_settled_step_shows_that_it_was_late() -> None:
    driven = order(manual(sla=SLA), b=manual())
    driven.wait(11 * HOUR)
    assert order_jeopardy(driven.run) is Jeopardy.AT_RISK
    driven.step_action("complete", "a")
    assert how(driven) is Jeopardy.LATE
    assert order_jeopardy(driven.run) is Jeopardy.ON_TRACK


def test_fallout_and_retry_do_not_stop_the_clock() -> None:
    driven = order(call(sla=SLA))
    driven.wait(HOUR)
    driven.fail("a")
    driven.wait(HOUR)
    driven.step_action("retry", "a")
    assert driven.view("a").late_at == at(10 * HOUR)
    driven.wait(8 * HOUR)
    assert how(driven) is Jeopardy.LATE


def test_escalated_step_is_in_the_queue_until_it_settles() -> None:
    driven = order({"event": {"name": "e"}, "sla": SLA}, b=manual(sla=SLA))
    assert count_open_tasks(driven.run) == 1
    driven.wait(11 * HOUR)
    assert driven.view("a").escalated_to == "leads"
    assert count_open_tasks(driven.run) == 2
    driven.event("e")
    assert count_open_tasks(driven.run) == 1


def test_sla_and_within_of_the_same_length_both_count() -> None:
    driven = order({"event": {"name": "e", "within": "10h"}, "sla": SLA})
    driven.wait(10 * HOUR)
    assert how(driven) is Jeopardy.LATE
    assert driven.state("a") == "fatally_failed"


def test_sla_expressions_are_evaluated_when_the_step_is_ready() -> None:
    plan = plan_of(
        {"a": manual(sla={"duration": "${hours(attributes.hours)}", "escalate": "leads-${order.customer.tier}"})},
        attributes={"hours": 3},
    )
    driven = OrderDriver(plan)
    driven.wait(3 * HOUR)
    assert driven.view("a").escalated_to == "leads-gold"


@pytest.mark.parametrize("passed", [1, 9, 11])
def test_clock_continues_as_new(passed: float) -> None:
    driven = order(manual(sla=SLA))
    driven.wait(passed * HOUR)
    after = driven.continue_as_new()
    assert how(after) is how(driven)
    assert after.view("a").escalated_to == driven.view("a").escalated_to
    assert order_jeopardy(after.run) is order_jeopardy(driven.run)
    assert count_open_tasks(after.run) == count_open_tasks(driven.run)
    after.wait(10 * HOUR)
    assert how(after) is Jeopardy.LATE
    assert after.view("a").late_at == at(10 * HOUR)

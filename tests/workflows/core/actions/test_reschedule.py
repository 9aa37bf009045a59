"""`reschedule` and `extend`: what they move, what they refuse, and what they leave behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from compiler.plan.expected_duration import HOUR
from tests.support.core.dated_plans import at, manual
from tests.support.core.order_driver import START, OrderDriver
from tests.support.core.plans import call, plan_of
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import Jeopardy
from workflows.core.steps.refusal import RequestRefused
from workflows.core.timing.forecast import make_forecast

SLA = {"duration": "10h", "warn": "2h", "escalate": "leads"}
CALLBACK = {"system": "shop", "post": "/x", "callback": {"within": "10h"}}


def order(step: dict[str, Any]) -> OrderDriver:
    return OrderDriver(plan_of({"a": step}))


def refusal(driven: OrderDriver, action: str, code: RefusalCode, **data: Any) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        driven.step_action(action, "a", data)
    assert caught.value.code is code
    return caught.value


def refused(driven: OrderDriver, action: str, code: RefusalCode, **data: Any) -> str:
    return str(refusal(driven, action, code, **data))


def possible_limits(refused: RequestRefused) -> list[str]:
    return [each.parameters["limit"] for each in refused.details.alternatives if each.action == "extend"]


def iso(hours: float) -> str:
    return at(hours * HOUR).isoformat()


MOVABLE: dict[str, dict[str, Any]] = {
    "a scheduled start": manual(start={"delay": "10h"}),
    "a timer": {"wait": {"for": "10h"}},
    "a wait until a moment": {"wait": {"until": iso(10)}},
}


@pytest.mark.parametrize("to", [4, 20])
@pytest.mark.parametrize("step", MOVABLE.values(), ids=MOVABLE.keys())
def test_a_moment_that_is_ahead_can_be_moved(step: dict[str, Any], to: float) -> None:
    driven = order(step)
    before = driven.state("a")
    answer = driven.step_action("reschedule", "a", {"to": iso(to)})
    assert answer.state is before
    assert answer.message.startswith("Step 1 (camera.a@1) was rescheduled to 20")
    assert driven.view("a").due == at(to * HOUR)
    driven.wait(to * HOUR - 1)
    assert driven.state("a") == before
    driven.wait(1)
    assert driven.state("a") != before
    entry = driven.run.audit_log.entries[1]
    assert (entry.message.split(" to ")[0], entry.by, entry.reason) == ("rescheduled", "ann", "asked to")


def test_the_next_attempt_can_be_moved() -> None:
    driven = order(call())
    driven.fail("a", retry_after=10 * HOUR)
    driven.step_action("reschedule", "a", {"to": iso(1)})
    driven.wait(HOUR)
    assert len(driven.started("a")) == 2


def test_a_moment_that_has_passed_means_now() -> None:
    driven = order(MOVABLE["a timer"])
    driven.wait(HOUR)
    driven.step_action("reschedule", "a", {"to": iso(0.5)})
    driven.wait(0)
    assert driven.state("a") == "completed"


def test_what_has_no_moment_of_its_own_is_refused_with_what_has_one() -> None:
    message = refused(order(manual()), "reschedule", RefusalCode.NOT_NOW, to=iso(1))
    assert message == (
        "Step 1 (camera.a@1) is in_progress and has no time that could be moved. Only a scheduled start, the end of a "
        "wait and an automatic next attempt can be moved"
    )
    event = order({"event": {"name": "e", "within": "2h"}})
    assert possible_limits(refusal(event, "reschedule", RefusalCode.NOT_NOW, to=iso(1))) == ["within"]


@pytest.mark.parametrize("data", [{}, {"to": "soon"}, {"by": "2d"}, {"when": iso(1)}])
def test_a_time_that_is_none_is_refused(data: dict[str, Any]) -> None:
    refused(order(MOVABLE["a timer"]), "reschedule", RefusalCode.INVALID, **data)


def test_of_two_who_move_what_they_both_saw_one_is_refused() -> None:
    driven = order(MOVABLE["a timer"])
    seen = {"seen": iso(10)}
    driven.step_action("reschedule", "a", {"to": iso(5), **seen})
    message = refused(driven, "reschedule", RefusalCode.STALE, to=iso(7), **seen)
    assert "its end is" in message
    assert driven.view("a").due == at(5 * HOUR)


def test_the_same_time_twice_is_done_once() -> None:
    driven = order(MOVABLE["a timer"])
    driven.step_action("reschedule", "a", {"to": iso(5)})
    assert driven.step_action("reschedule", "a", {"to": iso(5)}).already


LIMITED: dict[str, dict[str, Any]] = {
    "an event": {"event": {"name": "e", "within": "10h"}},
    "a condition": {"wait": {"condition": "false", "within": "10h"}},
}


@pytest.mark.parametrize("data", [{"by": "5h"}, {"to": iso(15)}])
@pytest.mark.parametrize("step", LIMITED.values(), ids=LIMITED.keys())
def test_a_within_is_extended(step: dict[str, Any], data: dict[str, Any]) -> None:
    driven = order(step)
    driven.step_action("extend", "a", data)
    driven.wait(15 * HOUR - 1)
    assert driven.state("a") == "in_progress"
    driven.wait(1)
    assert driven.state("a") == "fatally_failed"


def test_the_time_for_a_callback_is_extended() -> None:
    driven = order({"call": CALLBACK})
    driven.answer("a", {})
    driven.step_action("extend", "a", {"by": "5h"})
    driven.wait(11 * HOUR)
    assert driven.callback("a", {}) == "completed"


def test_a_within_is_not_put_into_the_past() -> None:
    driven = order(LIMITED["an event"])
    driven.wait(2 * HOUR)
    assert "has already passed" in refused(driven, "extend", RefusalCode.INVALID, to=iso(1))


def test_an_sla_that_is_extended_is_on_track_again_and_warns_as_long_before() -> None:
    driven = order(manual(sla=SLA))
    driven.wait(11 * HOUR)
    assert driven.view("a").escalated_to == "leads"
    driven.step_action("extend", "a", {"by": "5h"})
    view = driven.view("a")
    assert (view.jeopardy, view.late_at, view.escalated_to) == (Jeopardy.ON_TRACK, at(15 * HOUR), None)
    driven.wait(2 * HOUR)
    assert driven.view("a").jeopardy is Jeopardy.AT_RISK
    driven.wait(2 * HOUR)
    assert (driven.view("a").jeopardy, driven.view("a").escalated_to) == (Jeopardy.LATE, "leads")


def test_an_sla_that_is_not_extended_far_enough_stays_late() -> None:
    driven = order(manual(sla=SLA))
    driven.wait(13 * HOUR)
    driven.step_action("extend", "a", {"by": "1h"})
    assert driven.view("a").jeopardy is Jeopardy.LATE


def test_where_both_run_it_has_to_be_said_which() -> None:
    driven = order({"event": {"name": "e", "within": "20h"}, "sla": SLA})
    assert possible_limits(refusal(driven, "extend", RefusalCode.AMBIGUOUS, by="1h")) == ["within", "sla"]
    driven.step_action("extend", "a", {"by": "1h", "limit": "sla"})
    assert (driven.view("a").late_at, driven.view("a").due) == (at(11 * HOUR), at(20 * HOUR))
    driven.step_action("extend", "a", {"by": "1h", "limit": "within"})
    assert (driven.view("a").late_at, driven.view("a").due) == (at(11 * HOUR), at(21 * HOUR))


@pytest.mark.parametrize("data", [{}, {"by": "1h", "to": iso(1)}, {"by": "-1h"}, {"by": "1h", "limit": "all"}])
def test_an_extension_that_says_nothing_clear_is_refused(data: dict[str, Any]) -> None:
    refused(order(LIMITED["an event"]), "extend", RefusalCode.INVALID, **data)


def test_what_has_no_limit_cannot_be_extended() -> None:
    refused(order(manual()), "extend", RefusalCode.NOT_NOW, by="1h")
    found = refusal(order(LIMITED["an event"]), "extend", RefusalCode.NOT_NOW, by="1h", limit="sla")
    assert "no `sla` of it is running" in str(found)
    assert possible_limits(found) == ["within"]


def test_twice_a_day_more_is_two_days_and_twice_the_same_end_is_one() -> None:
    driven = order(LIMITED["an event"])
    for _ in range(2):
        driven.step_action("extend", "a", {"by": "1d"})
    assert driven.view("a").due == at(10 * HOUR) + timedelta(days=2)
    driven.step_action("extend", "a", {"to": iso(70)})
    assert driven.step_action("extend", "a", {"to": iso(70)}).already


def test_an_extension_that_makes_the_order_late_is_told() -> None:
    plan = plan_of({"a": {"wait": {"for": "2h"}}}, requested_completion=at(5 * HOUR))
    driven = OrderDriver(plan)
    driven.step_action("reschedule", "a", {"to": iso(6)})
    assert driven.run.audit_log.entries[-1].message.startswith("at risk")


def test_what_was_moved_crosses_over() -> None:
    driven = order({"event": {"name": "e", "within": "10h"}, "sla": SLA})
    driven.step_action("extend", "a", {"by": "1h", "limit": "sla"})
    driven.step_action("extend", "a", {"by": "5h", "limit": "within"})
    after = driven.continue_as_new()
    assert (after.view("a").late_at, after.view("a").due) == (at(11 * HOUR), at(15 * HOUR))
    assert after.run.now == START


def test_the_time_for_another_orders_step_is_extended() -> None:
    waiting = call(after=[{"order": "O-2", "step": "ship", "within": "10h"}])
    driven = order(waiting)
    assert (driven.state("a"), driven.view("a").due) == ("pending", at(10 * HOUR))
    driven.step_action("extend", "a", {"by": "5h"})
    driven.wait(15 * HOUR - 1)
    assert driven.state("a") == "pending"
    driven.wait(1)
    assert driven.state("a") == "fatally_failed"


def test_the_next_round_of_what_is_in_fallout_can_be_moved_and_counts_in_the_forecast() -> None:
    rounds = {"do": "fallout", "retry": {"intervals": ["10h"]}}
    driven = order(call(on_failure=[rounds], expected="2h"))
    driven.fail("a")
    assert make_forecast(driven.run, driven.run.now).end == START + 12 * HOUR
    driven.step_action("reschedule", "a", {"to": iso(1)})
    driven.wait(HOUR)
    assert len(driven.started("a")) == 2


def test_what_is_being_taken_back_has_no_time_of_its_own_any_more() -> None:
    undo = {"manual": {"queue": "stock"}}
    driven = OrderDriver(plan_of({"a": {**manual(sla=SLA), "undo": undo}, "b": manual()}))
    driven.step_action("complete", "a")
    driven.roll_back()
    for act, data in (("reschedule", {"to": iso(1)}), ("extend", {"by": "1h"})):
        assert "is being undone" in refused(driven, act, RefusalCode.NOT_NOW, **data)

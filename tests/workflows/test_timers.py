"""Business time on a real server that skips it: ladders, delays, timers, limits, each at its moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.support.core.plans import call
from tests.support.workflows.order_runner import Desk, desk_on
from tests.support.workflows.scripted_activities import failure
from tests.support.workflows.short_runs import minutes


@pytest.fixture
async def desk(skipping: WorkflowEnvironment) -> AsyncIterator[Desk]:
    async with desk_on(skipping.client) as desk:
        yield desk


async def test_a_ladder_is_climbed_at_exactly_its_times(desk: Desk) -> None:
    ladder = {"intervals": ["10m", "15m", "40m"]}
    desk.script.answers["camera.a@1"] = [
        failure("http_503", attempts=1, later=600),
        failure("http_503", attempts=2, later=900),
        failure("http_503", attempts=3, later=2_400),
        {"id": 1},
    ]
    order = await desk.submit({"a": call(retry=ladder)})
    assert await order.ended() == "completed"
    at = desk.script.at["camera.a@1"]
    assert [minutes(later - earlier) for earlier, later in pairwise(at)] == [10, 15, 40]
    assert [each.earlier_attempts for each in desk.script.made["camera.a@1"]] == [0, 1, 2, 3]
    assert len(set(desk.script.keys("camera.a@1"))) == 1


async def test_waits_and_delays_take_their_days(desk: Desk) -> None:
    steps = {
        "a": {"wait": {"for": "2d"}},
        "b": call(after=["a"], start={"delay": "36h"}),
        "c": {"wait": {"for": "1h"}},
        "d": call(after=["c"]),
    }
    order = await desk.submit(steps)
    assert await order.ended() == "completed"
    ended = await order.steps()
    view = await order.view()
    took = {name: minutes(step.ended_at - view.started_at) for name, step in ended.items() if step.ended_at}
    assert took == {"a": 2_880, "b": 5_040, "c": 60, "d": 60}


async def test_what_does_not_come_within_its_time_fails_with_timeout(desk: Desk) -> None:
    accepted = [{"code": "timeout", "do": "continue"}]
    poll = {"get": "/p", "every": "5m", "within": "4h", "until": "false"}
    steps = {
        "event": {"event": {"name": "paid", "within": "5d"}, "on_failure": accepted},
        "condition": {"wait": {"condition": "false", "within": "30d"}, "on_failure": accepted},
        "callback": {"call": {"system": "shop", "post": "/x", "callback": {"within": "2d"}}, "on_failure": accepted},
        "polled": {"call": {"system": "shop", "post": "/x", "poll": poll}, "on_failure": accepted},
    }
    desk.script.answers["camera.polled@1 polled"] = [failure("not_yet", later=300)]
    order = await desk.submit(steps)
    assert await order.ended() == "partial"
    ended, view = await order.steps(), await order.view()
    assert {step.error.code for step in ended.values() if step.error} == {"timeout"}
    took = {name: minutes(step.ended_at - view.started_at) for name, step in ended.items() if step.ended_at}
    assert took == {"event": 7_200, "condition": 43_200, "callback": 2_880, "polled": 240}


async def test_a_timer_that_nobody_needs_any_more_does_not_hold_the_order_up(
    desk: Desk, skipping: WorkflowEnvironment
) -> None:
    with skipping.with_time_skipping_disabled():
        order = await desk.submit({"a": {"event": {"name": "paid", "within": "5d"}}, "b": {"event": {"name": "done"}}})
        await order.event("paid")
        await order.event("done")
        assert await order.ended() == "completed"
    view = await order.view()
    assert view.ended_at is not None
    assert minutes(view.ended_at - view.started_at) == 0

"""Orders of weeks on a real server that skips time: promises, slas, latest starts, moved times, each at its moment."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from tests.support.core.plans import call
from tests.support.workflows.order_runner import Desk, Order, desk_on
from tests.support.workflows.short_runs import first_run, minutes
from workflows.contract.order_messages import SearchAttributes
from workflows.contract.order_views import HistoryEntry
from workflows.contract.states import Jeopardy
from workflows.fulfil_order import JEOPARDY_PATCH

DAY = 24 * 60
SLA = {"duration": "3d", "warn": "12h", "escalate": "leads"}


@pytest.fixture
async def desk(skipping: WorkflowEnvironment) -> AsyncIterator[Desk]:
    async with desk_on(skipping.client, cached=0) as desk:
        yield desk


def in_days(days: float) -> datetime:
    return datetime.fromtimestamp(time.time(), UTC) + timedelta(days=days)


async def told(order: Order) -> list[tuple[str, int]]:
    """What was noted but by people, and after how many minutes."""
    view = await order.view()
    return [(_short(entry), minutes(entry.at - view.started_at)) for entry in view.history if entry.by is None]


def _short(entry: HistoryEntry) -> str:
    return entry.what.split(":")[0]


async def shown(order: Order) -> dict[str, Any]:
    description = await order.handle.describe()
    return {pair.key.name: pair.value for pair in description.typed_search_attributes}


async def test_an_order_of_three_weeks_with_delays_an_sla_that_is_missed_and_its_escalation(
    desk: Desk, skipping: WorkflowEnvironment
) -> None:
    steps = {
        "reserve": call(),
        "pause": {"wait": {"for": "5d"}, "after": ["reserve"]},
        "ship": call(after=["pause"], start={"delay": "2d"}),
        "visit": {"manual": {"queue": "field"}, "after": ["ship"], "sla": SLA, "expected": "1d"},
        "settle": {"wait": {"for": "10d"}, "after": ["visit"]},
        "bill": call(after=["settle"]),
    }
    with skipping.with_time_skipping_disabled():
        order = await desk.submit(steps, requested_completion=in_days(20))
        await skipping.fast_forward(order.handle, timedelta(days=10, hours=1))
        visit = (await order.steps())["visit"]
        assert (visit.state, visit.jeopardy, visit.escalated_to) == ("in_progress", Jeopardy.LATE, "leads")
        assert (await shown(order))[SearchAttributes.OPEN_TASKS] == 1
        assert (await shown(order))[SearchAttributes.JEOPARDY] == "at_risk"
        await order.act("complete", "visit")
        await skipping.fast_forward(order.handle, timedelta(days=11))
    assert await order.ended() == "completed"
    view = await order.view()
    assert view.ended_at is not None
    assert minutes(view.ended_at - view.started_at) == pytest.approx(20 * DAY + 60, abs=1)
    assert view.jeopardy is Jeopardy.LATE
    assert (await shown(order))[SearchAttributes.JEOPARDY] == "late"
    noted = dict(await told(order))
    assert noted["escalated to leads"] == 10 * DAY
    assert noted["at risk"] == 10 * DAY  # the last of them: ten days of settling are still to come
    assert noted["late"] == pytest.approx(20 * DAY, abs=1)


async def test_an_order_says_that_it_will_be_late_at_the_moment_from_which_it_would_be(
    desk: Desk, skipping: WorkflowEnvironment
) -> None:
    steps = {
        "a": {"event": {"name": "done"}, "expected": "2d"},
        "b": {"manual": {"queue": "field"}, "after": ["a"], "expected": "3d"},
    }
    with skipping.with_time_skipping_disabled():
        order = await desk.submit(steps, requested_completion=in_days(10))
        await skipping.fast_forward(order.handle, timedelta(days=6))
        assert (await shown(order)).get(SearchAttributes.JEOPARDY, "on_track") == "on_track"
        await skipping.fast_forward(order.handle, timedelta(days=2))
        view = await order.view()
        assert (view.jeopardy, view.held_up_by) == (Jeopardy.AT_RISK, "camera.a@1")
        assert (await shown(order))[SearchAttributes.JEOPARDY] == "at_risk"
        await skipping.fast_forward(order.handle, timedelta(days=3))
        assert (await shown(order))[SearchAttributes.JEOPARDY] == "late"
        assert [(what, round(after / DAY)) for what, after in (await told(order))[1:]] == [("at risk", 7), ("late", 10)]
        await order.event("done")
        await order.act("complete", "b")
        assert await order.ended() == "completed"


async def test_a_step_starts_as_late_as_the_requested_completion_allows(desk: Desk) -> None:
    steps = {
        "a": call(),
        "order_parts": call(after=["a"], start={"latest": True}, expected="1h"),
        "parts": {"wait": {"for": "4d"}, "after": ["order_parts"]},
        "fit": {"wait": {"for": "12h"}, "after": ["parts"]},
    }
    order = await desk.submit(steps, requested_completion=in_days(20))
    assert await order.ended() == "completed"
    ended, view = await order.steps(), await order.view()
    assert view.ended_at is not None
    assert minutes(view.ended_at - view.started_at) == pytest.approx(20 * DAY - 60, abs=1)
    started = ended["order_parts"].started_at
    assert started is not None
    assert minutes(started - view.started_at) == pytest.approx(15.5 * DAY - 60, abs=1)
    assert view.jeopardy is Jeopardy.ON_TRACK


async def test_times_that_people_move_count(desk: Desk, skipping: WorkflowEnvironment) -> None:
    steps = {
        "timer": {"wait": {"for": "2d"}},
        "start": call(start={"delay": "9d"}),
        "event": {"event": {"name": "never", "within": "3d"}, "on_failure": "continue"},
        "visit": {"manual": {"queue": "field"}, "sla": SLA},
    }
    with skipping.with_time_skipping_disabled():
        order = await desk.submit(steps)
        began = (await order.view()).started_at
        await order.act("reschedule", "timer", {"to": (began + timedelta(days=4)).isoformat()})
        await order.act("reschedule", "start", {"to": (began + timedelta(days=1)).isoformat()}, expected="scheduled")
        await order.act("extend", "event", {"by": "2d"})
        await order.act("extend", "visit", {"by": "3d"})
        await skipping.fast_forward(order.handle, timedelta(days=7))
        assert (await order.steps())["visit"].jeopardy is Jeopardy.LATE
        await order.act("complete", "visit")
        assert await order.ended() == "partial"
    ended = await order.steps()
    took = {name: minutes(step.ended_at - began) for name, step in ended.items() if step.ended_at}
    assert took == {"timer": 4 * DAY, "start": DAY, "event": 5 * DAY, "visit": 7 * DAY}
    assert dict(await told(order))["late"] == 6 * DAY


@pytest.mark.usefixtures("short_runs")
async def test_clocks_moved_times_and_promises_cross_over(desk: Desk, skipping: WorkflowEnvironment) -> None:
    busy = {f"s{number}": call(after=[f"s{number - 1}"] if number else []) for number in range(15)}
    steps: dict[str, Any] = {
        "visit": {"manual": {"queue": "field"}, "sla": SLA},
        "timer": {"wait": {"for": "2d"}},
        **busy,
        "later": call(after=["s14"], start={"latest": True}, expected="1d"),
    }
    with skipping.with_time_skipping_disabled():
        order = await desk.submit(steps, requested_completion=in_days(8))
        await order.until_state(s14="completed")
        await order.act(
            "reschedule", "timer", {"to": ((await order.view()).started_at + timedelta(days=5)).isoformat()}
        )
        for hours in range(12):
            await order.act("extend", "visit", {"by": f"{hours + 1}h"})
        assert await first_run(order) == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
        await skipping.fast_forward(order.handle, timedelta(days=6, hours=12))
        steps_now = await order.steps()
        assert steps_now["visit"].jeopardy is Jeopardy.LATE
        assert (steps_now["timer"].state, steps_now["later"].state) == ("completed", "scheduled")
        await skipping.fast_forward(order.handle, timedelta(days=1))
        await order.until_state(later="completed")
        await order.act("complete", "visit")
        assert await order.ended() == "completed"
    noted = await told(order)
    assert [what for what, _ in noted].count("late") == 1
    assert dict(noted)["late"] == 3 * DAY + 78 * 60


async def test_an_order_without_dates_and_slas_has_no_event_for_them(desk: Desk) -> None:
    order = await desk.submit({"a": call(), "b": {"manual": {"queue": "field"}, "after": ["a"]}})
    await order.until_state(b="in_progress")
    await order.act("complete", "b")
    assert await order.ended() == "completed"
    assert not await order.events(EventType.EVENT_TYPE_TIMER_STARTED)
    markers = await order.events(EventType.EVENT_TYPE_MARKER_RECORDED)
    assert not [marker for marker in markers if JEOPARDY_PATCH.encode() in marker.SerializeToString()]
    assert SearchAttributes.JEOPARDY not in await shown(order)

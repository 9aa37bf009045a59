"""The plan as a plain table."""

from __future__ import annotations

from console.presenting.plan.table import STEPS_ON_PAGE, plan_table
from tests.support.core.driven_orders import driven_order
from workflows.contract.states import StepState


def test_each_lane_has_its_steps_with_what_they_wait_for() -> None:
    driven = driven_order(5)
    table = plan_table(driven.steps, driven.now)
    assert (table.page, table.pages, table.step_count) == (1, 1, len(driven.steps))
    lane = next(each for each in table.lanes if each.title == "WAN router @1.5")
    reserve, ship = lane.steps[:2]
    assert (reserve.name, reserve.state) == ("Reserve stock", StepState.FATALLY_FAILED)
    assert "out_of_stock: none left" in reserve.remark
    assert ship.after == str(reserve.number)


def test_a_large_plan_has_pages_that_hold_every_step_once() -> None:
    driven = driven_order(100)
    first = plan_table(driven.steps, driven.now)
    numbers = [
        step.number
        for page in range(1, first.pages + 1)
        for lane in plan_table(driven.steps, driven.now, page).lanes
        for step in lane.steps
    ]
    assert first.pages > 1
    assert sorted(numbers) == list(range(1, len(driven.steps) + 1))
    assert all(
        sum(len(lane.steps) for lane in plan_table(driven.steps, driven.now, page).lanes) <= STEPS_ON_PAGE
        for page in range(1, first.pages + 1)
    )


def test_a_page_that_is_not_there_is_the_nearest() -> None:
    driven = driven_order(100)
    last = plan_table(driven.steps, driven.now).pages
    assert plan_table(driven.steps, driven.now, 999).page == last
    assert plan_table(driven.steps, driven.now, 0).page == 1


def test_an_order_without_steps_has_an_empty_table() -> None:
    assert plan_table([], driven_order(5).now).lanes == ()

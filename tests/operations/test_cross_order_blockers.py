"""What an order waits for in other orders, followed from one to the next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from operations.blockers.cross_order_blockers import MAX_ORDERS_READ, trace_cross_order
from operations.blockers.order_blockers import Blocker, find_blockers
from operations.errors import NotFound, NoWorker
from operations.reading.order_details import OrderDetails
from tests.support.order_views import order_view, step_view
from workflows.contract.order_views import CrossOrderWaitView, ErrorView, StepView
from workflows.contract.states import OrderState, StepState

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)


def waiting(
    order_id: str, step: str = "camera.use", number: int = 1, step_id: str = "camera.use@1", **more: Any
) -> StepView:
    other = CrossOrderWaitView(order_id=order_id, step=step, since=NOW, **more)
    return step_view(number, step_id, StepState.PENDING, other_orders=[other])


class Orders:
    def __init__(self, **orders: list[StepView]) -> None:
        self.orders = {name.replace("_", "-"): steps for name, steps in orders.items()}
        self.read_of: list[str] = []

    async def read(self, order_id: str) -> OrderDetails:
        self.read_of.append(order_id)
        if order_id not in self.orders:
            raise NotFound(f"There is no order {order_id}")
        return OrderDetails(order_view(order_id=order_id), tuple(self.orders[order_id]))

    async def why(self, order_id: str) -> list[Blocker]:
        reading = await self.read(order_id)
        return await trace_cross_order(self.read, reading, find_blockers(reading.order, reading.steps))


async def test_details_say_what_the_other_order_waits_for() -> None:
    error = ErrorView(code="out_of_stock", message="none left", at=NOW)
    fallen = step_view(1, "camera.use@1", StepState.FATALLY_FAILED, error=error)
    (reason,) = await Orders(O_1=[waiting("O-2")], O_2=[fallen]).why("O-1")
    assert reason.responsible == "the other order's"
    (beyond,) = reason.other_order_details
    assert beyond.startswith("Order O-2: Step 1 (camera.use@1) is in fallout")
    assert beyond.removesuffix(".") in reason.sentence


async def test_absent_order_is_reported() -> None:
    (reason,) = await Orders(O_1=[waiting("O-2", absent=True)]).why("O-1")
    assert reason.other_order_details == ("Order O-2 has not been submitted yet",)
    assert reason.unblocked_by.startswith("it goes on once order O-2 is submitted")


async def test_two_orders_that_wait_for_each_other_are_a_cycle() -> None:
    orders = Orders(O_1=[waiting("O-2")], O_2=[waiting("O-1")])
    (reason,) = await orders.why("O-1")
    assert reason.responsible == "a person's"
    assert reason.waits_for.endswith(
        "and so for itself: step 1 (camera.use@1) of order O-1 waits for step 1 (camera.use@1) of order O-2, "
        "that for step 1 (camera.use@1) of order O-1"
    )


async def test_cycle_is_found_through_other_steps_and_three_orders() -> None:
    behind = [
        waiting("O-3", "camera.use", 1, "camera.find@1"),
        step_view(2, "camera.use@1", StepState.PENDING, after=["camera.find@1"]),
    ]
    orders = Orders(O_1=[waiting("O-2")], O_2=behind, O_3=[waiting("O-1")])
    (reason,) = await orders.why("O-1")
    assert "step 1 (camera.find@1) of order O-2, that for step 1 (camera.use@1) of order O-3" in reason.waits_for


async def test_order_that_waits_for_a_cycle_is_not_part_of_it() -> None:
    orders = Orders(O_1=[waiting("O-2")], O_2=[waiting("O-3")], O_3=[waiting("O-2")])
    (reason,) = await orders.why("O-1")
    assert reason.responsible == "the other order's"
    assert "waits for itself through other orders" in reason.other_order_details[-1]


async def test_long_chain_is_followed_up_to_the_limit() -> None:
    orders = Orders(**{f"O_{number}": [waiting(f"O-{number + 1}")] for number in range(50)})
    (reason,) = await orders.why("O-0")
    assert len(orders.read_of) <= MAX_ORDERS_READ
    assert len(reason.other_order_details) <= 6


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("use", {"camera.use@1", "camera.use@2"}),
        ("camera.use", {"camera.use@1", "camera.use@2"}),
        ("camera.use@2", {"camera.use@2"}),
        ("camera", {"camera.use@1", "camera.use@2", "camera.other@1"}),
    ],
)
async def test_reference_finds_its_step_instances(step: str, found: set[str]) -> None:
    steps = [
        step_view(number, step_id, StepState.IN_PROGRESS)
        for number, step_id in enumerate(["camera.use@1", "camera.use@2", "camera.other@1", "bill.use@1"], 1)
    ]
    (reason,) = await Orders(O_1=[waiting("O-2", step)], O_2=steps).why("O-1")
    assert {said.partition("(")[2].partition(")")[0] for said in reason.other_order_details} == found


async def test_unknown_state_of_another_order_is_reported() -> None:
    orders = Orders(O_1=[waiting("O-2")])
    reading = await orders.read("O-1")
    reasons = find_blockers(reading.order, reading.steps)

    async def silent(_order_id: str) -> OrderDetails:
        raise NoWorker("Order O-2")

    async def ended(_order_id: str) -> OrderDetails:
        return OrderDetails(order_view(OrderState.COMPLETED, order_id="O-2"), ())

    async def recorded(_order_id: str) -> OrderDetails:
        return OrderDetails(order_view(order_id="O-2"), (), "record")

    told = [
        (await trace_cross_order(read, reading, reasons))[0].other_order_details[0]
        for read in (silent, ended, recorded)
    ]
    assert "no worker answered" in told[0]
    assert "has ended completed" in told[1]
    assert "no worker says" in told[2]

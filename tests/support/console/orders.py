"""Orders for tests of the console's pages, and steps that have come to a state."""

from __future__ import annotations

from typing import Any

from operations.client import OrderClient
from tests.support.gateway.http_requests import an_order
from tests.support.workers.gateway_worker import eventually
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState


async def submit(orders: OrderClient, product: str, **attributes: Any) -> str:
    """The id of a new order of this product."""
    order = an_order(product, **attributes)
    submitted = await orders.submit(order)
    assert submitted.accepted
    return submitted.order_id


async def step_in(orders: OrderClient, order_id: str, state: StepState, number: int = 1) -> StepView:
    """The step with this number, once it is in `state`."""

    async def read() -> StepView:
        return (await orders.read(order_id)).step(str(number))

    return await eventually(read, lambda step: step.state is state)


async def in_fallout(orders: OrderClient) -> str:
    """An order whose only step has failed for good."""
    order_id = await submit(orders, "stubborn")
    await step_in(orders, order_id, StepState.FATALLY_FAILED)
    return order_id

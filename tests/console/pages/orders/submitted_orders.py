"""Orders for the tests of these pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from operations.client import OrderClient
from workflows.contract.order_views import OrderView


async def submit(orders: OrderClient, order_id: str, product: str = "survey", **more: Any) -> None:
    order = {
        "id": order_id,
        "customer": {"id": "C-1", "name": "Elm Street 14"},
        "lines": [{"id": "1", "product": product}],
    }
    await orders.submit({**order, **more})


async def until(orders: OrderClient, order_id: str, fits: Callable[[OrderView], bool], source: Any = "ledger") -> None:
    """Waits for the order to be as it should. By default, the ledger has to know it."""
    for _ in range(400):
        order = (await orders.read(order_id, steps=False, source=source)).order
        if fits(order):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{order_id} is {order.state}, {order.steps_by_state}")


async def submit_in_fallout(orders: OrderClient, order_id: str, **more: Any) -> None:
    await submit(orders, order_id, "stubborn", **more)
    await until(orders, order_id, lambda order: order.fallout == 1)


async def submit_task(orders: OrderClient, order_id: str, **more: Any) -> None:
    await submit(orders, order_id, "survey", **more)
    await until(orders, order_id, lambda order: order.open_tasks == 1)

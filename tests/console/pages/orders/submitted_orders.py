"""Orders for the tests of these pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from operations.client import OrderClient
from operations.errors import NotFound
from workflows.contract.order_views import OrderView


async def submit(orders: OrderClient, order_id: str, product: str = "survey", **more: Any) -> None:
    customer = {"id": "C-1", "name": "Elm Street 14"}
    await orders.submit({"id": order_id, "customer": customer, "lines": [{"id": "1", "product": product}], **more})


async def until(orders: OrderClient, order_id: str, fits: Callable[[OrderView], bool]) -> None:
    """Waits until the ledger has the order as it should be."""
    order: OrderView | None = None
    for _ in range(400):
        with suppress(NotFound):
            order = (await orders.read(order_id, steps=False, source="ledger")).order
            if fits(order):
                return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{order_id} is {order}")


async def submit_in_fallout(orders: OrderClient, order_id: str, **more: Any) -> None:
    await submit(orders, order_id, "stubborn", **more)
    await until(orders, order_id, lambda order: order.fallout == 1)


async def submit_task(orders: OrderClient, order_id: str, **more: Any) -> None:
    await submit(orders, order_id, "survey", **more)
    await until(orders, order_id, lambda order: order.open_tasks == 1)

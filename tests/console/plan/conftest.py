"""An order whose plan the tests of this folder look at."""

from __future__ import annotations

import pytest

from operations.client import OrderClient
from tests.support.workers.gateway_worker import eventually

ORDER_ID = "P-plan:1"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="session")
async def order_id(orders: OrderClient) -> str:
    """Two shops that wait for their events, and a step in fallout."""
    lines = [{"id": str(at), "product": "shop"} for at in (1, 2)] + [{"id": "3", "product": "stubborn"}]
    await orders.submit({"id": ORDER_ID, "customer": {"id": "C-1", "name": HOSTILE}, "lines": lines})
    await eventually(lambda: orders.read(ORDER_ID, steps=False), lambda read: read.order.fallout == 1)
    return ORDER_ID

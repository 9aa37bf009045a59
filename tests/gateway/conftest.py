from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from operations.connection import ConnectionSettings
from operations.orders import Orders
from tests.gateway.running import NOWHERE, gateway_over


@pytest.fixture(scope="session")
async def cut_off() -> AsyncIterator[httpx.AsyncClient]:
    """A gateway whose Temporal is away."""
    async with gateway_over(await Orders.connect(ConnectionSettings(NOWHERE), lazy=True)) as http:
        yield http

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from operations.client import OrderClient
from operations.temporal.connection import ConnectionSettings
from tests.console.live.scripted_source import Feeds
from tests.support.gateway.process import NOWHERE


@pytest.fixture
async def feeds() -> AsyncIterator[Feeds]:
    feeds = Feeds(await OrderClient.connect(ConnectionSettings(NOWHERE), lazy=True))
    yield feeds
    await feeds.live.close()

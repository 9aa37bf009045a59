"""Orders whose runs continue as new after few events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.order_runner import Order
from workflows.shell import order_loop


async def first_run(order: Order) -> Any:
    """How the run that was submitted ended."""
    description = await order.handle.describe()
    first = order.client.get_workflow_handle(order.handle.id, run_id=order.first_run_id)
    events = [event async for event in first.fetch_history_events()]
    assert description.run_id != order.first_run_id
    return events[-1].event_type


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run continues as another one where it would do so only after thousands of events."""
    monkeypatch.setattr(order_loop, "MAX_EVENTS_PER_RUN", 60)


def minutes(delta: timedelta) -> int:
    return round(delta.total_seconds() / 60)

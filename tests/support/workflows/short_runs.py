"""Orders whose runs continue as new after few events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.support.workflows.order_runner import Order


async def first_run(order: Order) -> Any:
    """How the run that was submitted ended."""
    description = await order.handle.describe()
    first = order.client.get_workflow_handle(order.handle.id, run_id=order.first_run_id)
    events = [event async for event in first.fetch_history_events()]
    assert description.run_id != order.first_run_id
    return events[-1].event_type


def minutes(delta: timedelta) -> int:
    return round(delta.total_seconds() / 60)

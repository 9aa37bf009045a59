"""Latencies on an idle server: from acceptance to the first call, and from a step's end to the next call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from benchmarks.engine.throughput import GENERIC_QUEUE
from benchmarks.environment import BenchmarkEnvironment, benchmark_environment
from benchmarks.orders import twelve_step_order
from benchmarks.reporting import percentile, print_line
from operations.client import OrderClient
from workflows.contract.order_messages import order_workflow_id

ORDERS = 30


async def run_order(bench: BenchmarkEnvironment, order_id: str, task_queue: str = GENERIC_QUEUE) -> WorkflowHistory:
    await OrderClient(bench.client, task_queue).submit(twelve_step_order(order_id))
    handle = bench.client.get_workflow_handle(order_workflow_id(order_id))
    await handle.result()
    return await handle.fetch_history()


def _event_time(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(tzinfo=UTC)


def first_call_latency(events: list[HistoryEvent]) -> float:
    """Milliseconds from the response to the submission to the start of the first call."""
    accepted = next(
        _event_time(event)
        for event in events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED
    )
    calls = {
        event.event_id
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
        and "@" in event.activity_task_scheduled_event_attributes.activity_id
    }
    first = min(
        _event_time(event)
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
        and event.activity_task_started_event_attributes.scheduled_event_id in calls
    )
    return (first - accepted).total_seconds() * 1000


def step_gaps(events: list[HistoryEvent], predecessors: dict[str, str]) -> list[float]:
    """Milliseconds from the end of each predecessor to the start of its only follower."""
    names: dict[int, str] = {}
    started: dict[str, datetime] = {}
    ended: dict[str, datetime] = {}
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            names[event.event_id] = event.activity_task_scheduled_event_attributes.activity_id
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            started[names[event.activity_task_started_event_attributes.scheduled_event_id]] = _event_time(event)
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            ended[names[event.activity_task_completed_event_attributes.scheduled_event_id]] = _event_time(event)
    return [(started[later] - ended[before]).total_seconds() * 1000 for later, before in predecessors.items()]


PREDECESSORS = {
    "device.ship@1": "device.reserve@1",
    "device.register@1": "device.ship@1",
    "access.test@1": "access.install@1",
    "service.welcome@1": "service.provision@1",
    "account.rate@1": "account.open@1",
}


async def measure(orders: int = ORDERS) -> None:
    """Runs one order after another. The first three are a warm-up."""
    first: list[float] = []
    between: list[float] = []
    async with benchmark_environment() as bench:
        with bench.running_worker(GENERIC_QUEUE, "twelve_steps.yaml"):
            for number in range(orders + 3):
                events: list[Any] = list((await run_order(bench, f"l{number}")).events)
                if number >= 3:
                    first.append(first_call_latency(events))
                    between += step_gaps(events, PREDECESSORS)
    print_line(f"Latency: {orders} orders one after the other on an idle server, in ms")
    for name, values in (("accepted → first call", first), ("step end → next call", between)):
        p50, p95 = percentile(values, 0.5), percentile(values, 0.95)
        print_line(f"  {name:22} p50 {p50:.1f}, p95 {p95:.1f}, most {max(values):.1f}")

"""Urgent orders first, customers in turn: what Temporal is told of an order, and what it makes of it."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activity_contract.calls import SystemCall, system_task_queue
from operations.submission.priority import MAX_FAIRNESS_KEY_BYTES, workflow_priority
from operations.submission.submit_order import submit_order
from tests.support.core.plans import call, plan_of
from tests.support.workflows.scripted_activities import Script
from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE, FulfilOrderInput, order_workflow_id
from workflows.fulfil_order import FulfilOrder

ORDERS_OF_THE_LARGE_CUSTOMER = 40


@pytest.mark.parametrize(
    ("order", "priority", "key"),
    [
        ({}, 3, None),
        ({"priority": 1, "customer": {"id": "C-1"}}, 1, "C-1"),
        ({"priority": 5, "customer": {"name": "Elm"}}, 5, None),
        ({"priority": 9, "customer": {"id": 7}}, 3, None),
        ({"priority": True, "customer": "C-1"}, 3, None),
        ({"priority": "2", "customer": {"id": ""}}, 3, None),
    ],
)
def test_only_valid_priority_and_customer_are_used(order: dict[str, Any], priority: int, key: str | None) -> None:
    told = workflow_priority(order)
    assert (told.priority_key, told.fairness_key) == (priority, key)


def test_customer_id_that_does_not_fit_becomes_a_digest() -> None:
    keys = [
        workflow_priority({"customer": {"id": name}}).fairness_key for name in ("C" * 65, "é" * 40, "a\0b", "\ud800")
    ]
    assert all(key is not None and len(key.encode()) <= MAX_FAIRNESS_KEY_BYTES and key.isalnum() for key in keys)
    assert len(set(keys)) == 4


async def test_customer_with_many_orders_does_not_delay_others(temporal: WorkflowEnvironment) -> None:
    """All orders wait for a worker that does one thing at a time. What comes first would be all of the large one's."""
    client, task_queue = temporal.client, f"tests-{uuid4().hex[:8]}"
    script = Script(client, task_queue)
    called: list[str] = []

    async def answered(asked: SystemCall) -> dict[str, Any]:
        called.append(asked.order_id)
        return {}

    script.answers["camera.a@1"] = [answered]
    run = uuid4().hex[:6]

    async def waits(name: str, customer: str, priority: int = 3) -> None:
        order_id = f"{name}-{run}"
        script.plans[order_id] = plan_of({"a": call()}, order=order_id)
        order = {"id": order_id, "priority": priority, "customer": {"id": customer}}
        await client.start_workflow(
            ORDER_WORKFLOW_TYPE,
            FulfilOrderInput(order=order),
            id=order_workflow_id(order_id),
            task_queue=task_queue,
            priority=workflow_priority(order),
        )

    for number in range(ORDERS_OF_THE_LARGE_CUSTOMER):
        await waits(f"large-{number}", "C-1")
    for number in range(3):
        await waits(f"small-{number}", "C-2")
    await waits("urgent", "C-1", priority=1)
    await waits("idle", "C-3", priority=5)
    async with (
        Worker(
            client,
            task_queue=task_queue,
            workflows=[FulfilOrder],
            activities=script.activities,
            max_concurrent_workflow_tasks=2,
            max_cached_workflows=100,
        ),
        Worker(
            client,
            task_queue=system_task_queue(task_queue, "shop"),
            activities=script.calls,
            max_concurrent_activities=1,
        ),
    ):
        for _ in range(600):
            if len(called) == ORDERS_OF_THE_LARGE_CUSTOMER + 5:
                break
            await asyncio.sleep(0.05)
    order = [name.rpartition("-")[0] for name in called]
    assert order.index("urgent") < 3
    assert all(order.index(f"small-{n}") < 12 for n in range(3))
    assert order[-1] == "idle"


async def test_an_order_is_submitted_with_its_priority_and_its_customer(temporal: WorkflowEnvironment) -> None:
    order_id = f"O-{uuid4().hex[:8]}"
    order = {"id": order_id, "priority": 2, "customer": {"id": "C-7"}}
    await submit_order(temporal.client, order, f"nobody-{order_id}", decision_timeout=2.0)
    record = await temporal.client.get_workflow_handle(order_workflow_id(order_id)).describe()
    priority = record.raw_description.workflow_execution_info.priority
    assert (priority.priority_key, priority.fairness_key) == (2, "C-7")

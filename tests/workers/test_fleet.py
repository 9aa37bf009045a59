"""The workers of a process: a task queue for each system with its limits, and what they need of the namespace."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio import activity, workflow
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.compilation.live_catalogue import CatalogueSnapshot, read_catalogue
from activity_contract.calls import system_task_queue
from compiler.incremental_loader import CatalogueLoader
from workers.fleet import Fleet, Registrations
from workers.search_attribute_registration import REQUIRED_TYPES, SearchAttributesUnusable, ensure_search_attributes

SYSTEM = "kind: system\nid: {id}\nbase_url: http://{id}.example\nlimits: {limits}\n"
calls: list[float] = []


@activity.defn
async def note_call() -> None:
    calls.append(time.monotonic())


@workflow.defn(sandboxed=False)
class Burst:
    @workflow.run
    async def run(self, system: str, count: int) -> None:
        queue = system_task_queue(workflow.info().task_queue, system)
        await asyncio.gather(
            *(
                workflow.execute_activity(note_call, task_queue=queue, start_to_close_timeout=timedelta(seconds=30))
                for _ in range(count)
            )
        )


@workflow.defn(sandboxed=False)
class LongTask:
    """Computes in one go, as a large order does that is replayed on a busy machine."""

    @workflow.run
    async def run(self, seconds: float) -> None:
        compute(seconds)


def compute(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(1_000))


def in_force(folder: Path, **systems: str) -> CatalogueSnapshot:
    for name, limits in systems.items():
        (folder / f"{name}.yaml").write_text(SYSTEM.format(id=name, limits=limits))
    return read_catalogue(CatalogueLoader(folder), {})


async def test_calls_to_a_system_are_held_to_its_rate_and_other_systems_are_not(
    temporal: WorkflowEnvironment, tmp_path: Path
) -> None:
    queue = f"fleet-{uuid4()}"
    fleet = Fleet(temporal.client, queue, Registrations([Burst], [], [note_call]), timedelta(0))
    await fleet.start(in_force(tmp_path, slow="{per_second: 10}", quick="{}"))
    try:
        calls.clear()
        await temporal.client.execute_workflow(Burst.run, args=["quick", 30], id=f"{queue}-q", task_queue=queue)
        calls.clear()
        await temporal.client.execute_workflow(Burst.run, args=["slow", 30], id=f"{queue}-s", task_queue=queue)
        # A burst of twice the rate is let through at the beginning; what is left cannot all come within that second.
        assert calls[-1] - calls[0] > 0.5
    finally:
        await fleet.stop()


async def test_a_system_that_comes_later_gets_its_worker_and_one_that_goes_keeps_it(
    temporal: WorkflowEnvironment, tmp_path: Path
) -> None:
    queue = f"fleet-{uuid4()}"
    fleet = Fleet(temporal.client, queue, Registrations([Burst], [], [note_call]), timedelta(0))
    await fleet.start(in_force(tmp_path, first="{}"))
    try:
        later = in_force(tmp_path, second="{}")
        (tmp_path / "first.yaml").unlink()
        await fleet.update(later)
        await fleet.update(in_force(tmp_path, second="{concurrency: 2}"))
        for system in ("first", "second"):
            done = temporal.client.execute_workflow(
                Burst.run, args=[system, 2], id=f"{queue}-{system}", task_queue=queue
            )
            await asyncio.wait_for(done, 30)
    finally:
        await fleet.stop()


async def test_a_worker_that_cannot_go_on_is_told_of(temporal: WorkflowEnvironment, tmp_path: Path) -> None:
    address = temporal.client.service_client.config.target_host
    client = await Client.connect(address, namespace="nowhere")
    fleet = Fleet(client, "fleet", Registrations([Burst], [], [note_call]), timedelta(0))
    await fleet.start(in_force(tmp_path, first="{}"))
    with pytest.raises(RuntimeError, match="nowhere"):
        await asyncio.wait_for(fleet.wait_for_failure(), 30)
    await fleet.stop()


async def new_namespace(temporal: WorkflowEnvironment) -> Client:
    name = f"n{uuid4().hex[:12]}"
    request = RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=Duration(seconds=86_400))
    await temporal.client.workflow_service.register_namespace(request)
    return await Client.connect(temporal.client.service_client.config.target_host, namespace=name)


async def add(client: Client, name: str, kind: IndexedValueType.ValueType) -> None:
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes={name: kind})
    async with asyncio.timeout(30):
        while True:
            try:
                await client.operator_service.add_search_attributes(request)
                return
            except RPCError:  # a namespace takes a moment to be there
                await asyncio.sleep(0.1)


async def test_search_attributes_that_are_missing_are_registered_and_repeating_it_does_no_harm(
    temporal: WorkflowEnvironment,
) -> None:
    client = await new_namespace(temporal)
    await add(client, "OrderState", IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD)
    await ensure_search_attributes(client)
    await ensure_search_attributes(client)


async def test_a_search_attribute_of_another_type_is_named_with_the_command_that_removes_it(
    temporal: WorkflowEnvironment,
) -> None:
    client = await new_namespace(temporal)
    await add(client, "FalloutCount", IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD)
    with pytest.raises(SearchAttributesUnusable, match="FalloutCount") as raised:
        await ensure_search_attributes(client)
    assert "temporal operator search-attribute remove" in str(raised.value)
    assert REQUIRED_TYPES["FalloutCount"] in str(raised.value)


async def test_an_order_may_compute_for_longer_than_the_sdk_would_let_it(
    temporal: WorkflowEnvironment, tmp_path: Path
) -> None:
    queue = f"fleet-{uuid4()}"
    fleet = Fleet(temporal.client, queue, Registrations([LongTask], [], []), timedelta(0))
    await fleet.start(in_force(tmp_path))
    try:
        order = await temporal.client.start_workflow(LongTask.run, 2.5, id=f"long-{uuid4()}", task_queue=queue)
        async with asyncio.timeout(30):
            await order.result()
    finally:
        await fleet.stop()
    events = [event.WhichOneof("attributes") async for event in order.fetch_history_events()]
    assert "workflow_task_failed_event_attributes" not in events

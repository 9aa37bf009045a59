"""A step's activity that the worker lacks: tried again as the step's policy says, then in fallout."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import RawValue
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.compilation.compile_order import OrderCompiler
from activities.compilation.live_catalogue import LiveCatalogue
from activities.registry import fail_unregistered
from activity_contract.calls import StepActivity, StepActivityResult
from tests.support.workflows.order_runner import Order
from workers.sdk_settings import apply_order_settings
from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE, FulfilOrderInput, order_workflow_id
from workflows.contract.states import StepState
from workflows.fulfil_order import FulfilOrder

OFFER = """
kind: commercial_product
id: label
steps:
  print: {activity: print_label, retry: {max_attempts: 3, initial: 100ms, backoff: 1}}
  call: {after: print, milestone: true}
"""
DEADLINE = 60.0


class Printing:
    """Orders whose plan names an activity that their worker lacks, as when another worker has compiled it."""

    def __init__(self, environment: WorkflowEnvironment, folder: Path) -> None:
        (folder / "offer.yaml").write_text(OFFER)
        self.client, self.task_queue = environment.client, f"label-{uuid4().hex[:8]}"
        self.compiler = OrderCompiler(LiveCatalogue(folder))

    def worker(self, *activities: object) -> Worker:
        return apply_order_settings(
            Worker(
                self.client,
                task_queue=self.task_queue,
                workflows=[FulfilOrder],
                activities=[self.compiler.compile_order, fail_unregistered, *activities],  # type: ignore[list-item]
                workflow_runner=UnsandboxedWorkflowRunner(),
            )
        )

    async def submit(self) -> Order:
        order_id = f"{self.task_queue}-1"
        order = {"id": order_id, "customer": {"id": "C-1"}, "lines": [{"id": "1", "product": "label"}]}
        await self.client.start_workflow(
            ORDER_WORKFLOW_TYPE,
            FulfilOrderInput(order=order),
            id=order_workflow_id(order_id),
            task_queue=self.task_queue,
        )
        return Order(self.client, order_id)


async def test_step_is_in_fallout_after_the_attempts_of_its_policy(
    temporal: WorkflowEnvironment, tmp_path: Path
) -> None:
    printing = Printing(temporal, tmp_path)
    async with printing.worker():
        order = await printing.submit()
        async with asyncio.timeout(DEADLINE):
            steps = await order.until(lambda steps: bool(steps) and steps["print"].state is StepState.FATALLY_FAILED)
    failure = steps["print"].error
    assert failure is not None
    assert failure.code == "configuration_error"
    assert "`print_label`" in failure.message
    assert steps["print"].attempts == 3


async def test_worker_that_has_it_completes_the_step(temporal: WorkflowEnvironment, tmp_path: Path) -> None:
    @activity.defn(name="print_label")
    async def print_label(step: StepActivity) -> StepActivityResult:
        return StepActivityResult(output={}, attempts=step.earlier_attempts + 1)

    printing = Printing(temporal, tmp_path)
    async with printing.worker(print_label):
        order = await printing.submit()
        handle = temporal.client.get_workflow_handle(order_workflow_id(order.id))
        await asyncio.wait_for(handle.result(), DEADLINE)
        assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED


@pytest.mark.parametrize("arguments", [[], [{"of": "another version of the engine"}]])
async def test_activity_that_is_no_steps_is_left_to_other_workers(arguments: Sequence[object]) -> None:
    environment = ActivityEnvironment()
    environment.payload_converter = pydantic_data_converter.payload_converter
    payloads = environment.payload_converter.to_payloads(arguments)
    with pytest.raises(ApplicationError) as raised:
        await environment.run(fail_unregistered, [RawValue(payload) for payload in payloads])
    assert not raised.value.non_retryable
    assert raised.value.type == "NotFoundError"

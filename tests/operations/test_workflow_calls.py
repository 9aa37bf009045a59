"""Updates of a workflow on a real server, at moments at which the server lets them fail."""

from __future__ import annotations

import asyncio
import time
import uuid

import pytest
from temporalio import workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from operations.errors import NotFound
from operations.temporal.workflow_calls import query_workflow, update_workflow


def compute_for_a_while() -> None:
    time.sleep(0.8)


@workflow.defn
class EndsWhenAsked:
    """Its run ends in the task that answers, and the task takes a while."""

    def __init__(self) -> None:
        self._questions = 0

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._questions > 0)
        compute_for_a_while()

    @workflow.signal
    def note(self) -> None:
        """Comes while the task runs, so that the server lets the task fail."""

    @workflow.update
    def ask(self, text: str) -> str:
        self._questions += 1
        return f"{text} {self._questions}"


async def test_an_update_that_fails_with_the_task_that_would_end_the_run_is_sent_again(
    temporal: WorkflowEnvironment,
) -> None:
    client, task_queue = temporal.client, f"tests-{uuid.uuid4().hex[:8]}"
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=task_queue, workflows=[EndsWhenAsked], workflow_runner=runner):
        handle = await client.start_workflow(EndsWhenAsked.run, id=f"asked-{task_queue}", task_queue=task_queue)
        await asyncio.sleep(0.2)
        asking = asyncio.create_task(update_workflow(client, handle.id, "it", "ask", "question", str, 10.0))
        await asyncio.sleep(0.4)
        await handle.signal(EndsWhenAsked.note)
        assert await asking == "question 1"
        await handle.result()


async def test_a_query_of_an_unknown_workflow_does_not_say_that_it_has_ended(temporal: WorkflowEnvironment) -> None:
    with pytest.raises(NotFound, match="Job x does not exist, or Temporal no longer keeps it"):
        await query_workflow(temporal.client, "no-such-workflow", "Job x", "state", None, str, 10.0)

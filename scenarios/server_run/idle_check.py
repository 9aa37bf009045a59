"""Whether an order on the server, and what it has started, have nothing more to do at this moment."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState, WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
)
from temporalio.client import Client
from temporalio.service import RPCError

from scenarios.server_run.attempts import Attempts
from scenarios.server_run.work_counter import WorkCounter

RUNNING = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING
PAUSES = (0.01, 0.015, 0.02, 0.03, 0.04)
"""Real seconds between two looks at whether the server is done with what it has."""


class IdleCheck:
    def __init__(
        self,
        client: Client,
        order_workflow_id: str,
        touched: set[str],
        attempts: Attempts,
        resting: Collection[str],
        work: WorkCounter,
    ) -> None:
        """`touched`: ids of the workflows that may be at work; this removes those that are not. `resting`: ids of the
        outbox's activities that wait for their time to come. `work`: of the worker."""
        self._client = client
        self._order = order_workflow_id
        self._touched = touched
        self._attempts = attempts
        self._resting = resting
        self._work = work
        self.order_has_closed = False

    async def until_idle(self) -> None:
        looks = 0
        while not await self._is_idle():
            pause = PAUSES[min(looks, len(PAUSES) - 1)]
            looks += 1
            self._work.changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._work.changed.wait(), pause)

    async def _is_idle(self) -> bool:
        if self._work.running or not await self._others_are_idle():
            return False
        if not self.order_has_closed:
            known = {*self._attempts.pending}
            order = await self._look_at(self._order)
            self.order_has_closed = order.workflow_execution_info.status != RUNNING
            self._attempts.forget(known - {pending.activity_id for pending in order.pending_activities})
            if not self.order_has_closed and not self._only_waits(order):
                return False
        return not self._work.running and not self._touched

    async def _others_are_idle(self) -> bool:
        """Before the order: what they do may reach it."""
        self._touched.discard(self._order)
        for workflow_id in [*self._touched]:
            self._touched.discard(workflow_id)  # it may be touched again meanwhile
            if not await self._is_other_idle(workflow_id):
                self._touched.add(workflow_id)
                return False
        return True

    async def _look_at(self, workflow_id: str) -> DescribeWorkflowExecutionResponse:
        """Without the search attributes and memos that a handle would decode."""
        return await self._client.workflow_service.describe_workflow_execution(
            DescribeWorkflowExecutionRequest(
                namespace=self._client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
            )
        )

    def _only_waits(self, order: DescribeWorkflowExecutionResponse) -> bool:
        if order.HasField("pending_workflow_task"):
            return False
        for pending in order.pending_activities:
            known = self._attempts.pending.get(pending.activity_id)
            if known is None or (known.due is None and known.held_by is None):
                return False
            if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED:
                return False
        return True

    async def _is_other_idle(self, workflow_id: str) -> bool:
        try:
            other = await self._look_at(workflow_id)
        except RPCError:  # it does not exist
            return True
        if other.workflow_execution_info.status != RUNNING:
            return True
        working = [each for each in other.pending_activities if each.activity_id not in self._resting]
        return not other.HasField("pending_workflow_task") and not working

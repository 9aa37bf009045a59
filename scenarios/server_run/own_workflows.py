"""The workflows of the scenario that runs in a slot: it sees these, and none that an earlier scenario has left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

from temporalio.client import (
    DescribeWorkflowInput,
    Interceptor,
    OutboundInterceptor,
    QueryWorkflowInput,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowExecutionDescription,
    WorkflowHandle,
    WorkflowUpdateHandle,
)
from temporalio.service import RPCError, RPCStatusCode


class Clocks(Protocol):
    """The clocks of the workflows."""

    async def bring_to_now(self, workflow_id: str) -> None: ...
    def started(self, workflow_id: str) -> None:
        """The workflow runs."""


class OwnWorkflows(Interceptor):
    """Of a client: it records which workflows the client starts. Any other workflow does not exist for it.

    Before a workflow gets a message, its clock is moved to the time of the scenario.
    """

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.touched: set[str] = set()
        """Those that have got a message, and may be at work."""
        self.clocks: Clocks | None = None

    def take(self) -> set[str]:
        """The next scenario starts with none."""
        taken, self.ids, self.touched, self.clocks = self.ids, set(), set(), None
        return taken

    @asynccontextmanager
    async def message(self, workflow_id: str) -> AsyncIterator[None]:
        """While a message is sent to the workflow, or while it is started."""
        if self.clocks is not None:
            await self.clocks.bring_to_now(workflow_id)
        try:
            yield
        finally:
            self.touched.add(workflow_id)
        if self.clocks is not None:
            self.clocks.started(workflow_id)

    def require(self, workflow_id: str) -> None:
        """Raises RPCError as the server does for a workflow that does not exist."""
        if workflow_id not in self.ids:
            raise RPCError(f"this scenario has no workflow {workflow_id}", RPCStatusCode.NOT_FOUND, b"")

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        return _Outbound(next, self)


class _Outbound(OutboundInterceptor):
    def __init__(self, next_: OutboundInterceptor, own: OwnWorkflows) -> None:
        super().__init__(next_)
        self._own = own

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002
        self._own.ids.add(input.id)
        async with self._own.message(input.id):
            return await super().start_workflow(input)

    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002
    ) -> WorkflowUpdateHandle[Any]:
        workflow_id = input.start_workflow_input.id
        self._own.ids.add(workflow_id)
        async with self._own.message(workflow_id):
            return await super().start_update_with_start_workflow(input)

    async def describe_workflow(self, input: DescribeWorkflowInput) -> WorkflowExecutionDescription:  # noqa: A002
        self._own.require(input.id)
        return await super().describe_workflow(input)

    async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002
        self._own.require(input.id)
        return await super().query_workflow(input)

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002
        self._own.require(input.id)
        async with self._own.message(input.id):
            await super().signal_workflow(input)

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:  # noqa: A002
        self._own.require(input.id)
        async with self._own.message(input.id):
            return await super().start_workflow_update(input)

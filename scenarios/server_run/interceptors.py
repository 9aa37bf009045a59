"""What differs in a worker that runs scenarios: whose answers Python activities get, and who hears of events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from temporalio import activity, workflow
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from activity_contract.activity_names import CALL_SYSTEM, POLL_SYSTEM
from scenarios.server_run.order_workflow import RUNNING

Execute = Callable[[ExecuteActivityInput], Awaitable[Any]]
Handler = Callable[[ExecuteActivityInput, Execute], Awaitable[Any]]
"""Handles an attempt; `Execute` runs the worker's own code."""


class ScenarioInterceptor(Interceptor):
    def __init__(self, handlers: Mapping[str, Handler], other: Handler) -> None:
        """`handlers`: by activity type. `other`: of activities that the worker does not register."""
        self._handlers = handlers
        self._other = other

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Activities(next, self._handlers, self._other)

    def workflow_interceptor_class(self, _: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return _Workflows


class _Activities(ActivityInboundInterceptor):
    def __init__(self, next_: ActivityInboundInterceptor, handlers: Mapping[str, Handler], other: Handler) -> None:
        super().__init__(next_)
        self._handlers = handlers
        self._other = other

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        handler = self._handlers.get(activity.info().activity_type, self._other)
        return await handler(input, self.next.execute_activity)


class _Workflows(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_OneQueue(outbound))


class _OneQueue(WorkflowOutboundInterceptor):
    """All calls go to the main task queue, so that a slot needs one worker, and not one for each system."""

    def start_activity(self, input: StartActivityInput) -> Any:  # noqa: A002
        if input.activity in (CALL_SYSTEM, POLL_SYSTEM):
            input.task_queue = None
            if input.activity_id is not None and not workflow.unsafe.is_replaying():
                RUNNING[workflow.info().namespace].launched(input.activity_id)
        return super().start_activity(input)

"""What differs in a worker that runs scenarios: whose answers Python activities get, and what is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
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

from activity_contract.activity_names import CALL_SYSTEM, DELIVER_EVENTS, HAND_OVER_EVENTS, POLL_SYSTEM
from activity_contract.notifications import NotificationBatch
from scenarios.server_run.order_workflow import RUNNING

Execute = Callable[[ExecuteActivityInput], Awaitable[Any]]
Handler = Callable[[ExecuteActivityInput, Execute], Awaitable[Any]]
"""Handles an attempt; `Execute` runs the worker's own code."""
AtWork = Callable[[], AbstractContextManager[None]]


class ScenarioInterceptor(Interceptor):
    def __init__(self, handlers: Mapping[str, Handler], other: Handler, at_work: AtWork) -> None:
        """`handlers`: by activity type. `other`: of activities that the worker does not register. `at_work`: is entered
        while an attempt runs."""
        self._handlers = handlers
        self._other = other
        self._at_work = at_work

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Activities(next, self._handlers, self._other, self._at_work)

    def workflow_interceptor_class(self, _: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return _Workflows


class _Activities(ActivityInboundInterceptor):
    def __init__(
        self, next_: ActivityInboundInterceptor, handlers: Mapping[str, Handler], other: Handler, at_work: AtWork
    ) -> None:
        super().__init__(next_)
        self._handlers = handlers
        self._other = other
        self._at_work = at_work

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        handler = self._handlers.get(activity.info().activity_type, self._other)
        with self._at_work():
            return await handler(input, self.next.execute_activity)


class _Workflows(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    """Calls and deliveries go to the main task queue, so that a slot needs one worker, and not one for each system.

    An order tells all its events, which are recorded. Its outbox gets those that a receiver wants.
    """

    def __init__(self, next_: WorkflowOutboundInterceptor) -> None:
        super().__init__(next_)
        self._has_outbox = False

    def start_activity(self, input: StartActivityInput) -> Any:  # noqa: A002
        if input.activity == HAND_OVER_EVENTS:
            return self._hand_over(input)
        if input.activity in (CALL_SYSTEM, POLL_SYSTEM, DELIVER_EVENTS):
            input.task_queue = None
        is_call = input.activity in (CALL_SYSTEM, POLL_SYSTEM)
        if is_call and input.activity_id is not None and not workflow.unsafe.is_replaying():
            RUNNING[workflow.info().namespace].launched(input.activity_id)
        return super().start_activity(input)

    def _hand_over(self, handed: StartActivityInput) -> Any:
        """As if the order told only what receivers want."""
        batch: NotificationBatch = handed.args[0]
        scenario = RUNNING[workflow.info().namespace]
        if not workflow.unsafe.is_replaying():
            scenario.told(batch)
        events = [event for event in batch.events if scenario.is_wanted(event)]
        self._has_outbox |= bool(events)
        if not events and not (batch.ended and self._has_outbox):
            return asyncio.create_task(_nothing())
        handed.args = [batch.model_copy(update={"events": events})]
        return super().start_activity(handed)


async def _nothing() -> None: ...

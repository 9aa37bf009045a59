"""Real Temporal servers for tests: one that keeps time, one that skips it."""

from __future__ import annotations

import asyncio
import functools
import gc
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activity_contract.calls import system_task_queue
from activity_contract.notifications import notifications_task_queue
from workers.sdk_settings import apply_order_settings
from workflows.bulk_action import BulkAction
from workflows.contract.order_messages import SearchAttributes
from workflows.event_mailbox import EventMailbox
from workflows.fulfil_order import FulfilOrder
from workflows.order_outbox import OrderOutbox

SERVER_START_TIMEOUT = timedelta(seconds=60)
"""The SDK's own limit, 5 s, is too short on a busy machine."""
BINARY = Path(sys.executable).parent / "temporal"

SEARCH_ATTRIBUTES = (
    SearchAttributeKey.for_keyword(SearchAttributes.ORDER_STATE),
    SearchAttributeKey.for_keyword(SearchAttributes.CUSTOMER_ID),
    SearchAttributeKey.for_keyword_list(SearchAttributes.PRODUCTS),
    SearchAttributeKey.for_int(SearchAttributes.FALLOUT_COUNT),
    SearchAttributeKey.for_int(SearchAttributes.OPEN_TASKS),
    SearchAttributeKey.for_keyword(SearchAttributes.JEOPARDY),
    SearchAttributeKey.for_keyword(SearchAttributes.CATALOGUE_VERSION),
    SearchAttributeKey.for_datetime(SearchAttributes.REQUESTED_COMPLETION),
    SearchAttributeKey.for_keyword_list(SearchAttributes.QUEUES),
)

ACKNOWLEDGED = '"500ms"'
FAST = {
    "history.transferProcessorMaxPollRPS": "10000",
    "history.maximumBufferedEventsBatch": "1000",
    "history.timerProcessorMaxTimeShift": '"1ms"',
    "history.transferProcessorUpdateAckInterval": ACKNOWLEDGED,
    "history.visibilityProcessorUpdateAckInterval": ACKNOWLEDGED,
    "matching.enableFairness": "true",
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
}
"""As the embedded server has, but for times. With those of the server, timers and pauses between attempts are a second
late, and what is deleted stays until the next acknowledgement of tasks, up to 30 s. Without the rest, a busy order's
steps follow each other on a 50 ms grid, and a task during which many calls end is failed."""

SKIPPING = {
    **FAST,
    "frontend.WorkflowTimeSkippingEnabled": "true",
    "history.timerProcessorMaxPollRPS": "10000",
}

ABANDONED: set[str] = set()
"""Task queues whose worker has ended."""
HEARTBEATS = timedelta(milliseconds=100)
"""By which a cancelled activity learns of it; the SDK would hold them back for seconds."""


def dynamic_config(values: dict[str, str]) -> list[str]:
    """The server's arguments for these dynamic settings."""
    return [part for name, value in values.items() for part in ("--dynamic-config-value", f"{name}={value}")]


def release_runtimes() -> None:
    """Ends the native threads of Temporal's client, once nothing uses them.

    They are still at work after the last call has returned, and release Python objects. If the interpreter ends
    meanwhile, such a thread panics and aborts the process. Dropping a runtime waits for its threads. Caches hold
    runtimes: our own, and FastAPI's, through the clients that its endpoints use.
    """
    Runtime.set_default(None, error_if_already_set=False)  # type: ignore[arg-type]
    gc.unfreeze()  # what is frozen is in no list of objects
    for cached in [each for each in gc.get_objects() if isinstance(each, functools._lru_cache_wrapper)]:
        cached.cache_clear()
    gc.collect()


@asynccontextmanager
async def real_time(**settings: str) -> AsyncIterator[WorkflowEnvironment]:
    """The embedded server, on a free port, in memory. `settings`: further dynamic ones, `__` for a dot."""
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(BINARY),
        dev_server_log_level="error",
        dev_server_startup_timeout=SERVER_START_TIMEOUT,
        dev_server_extra_args=dynamic_config(FAST | {name.replace("__", "."): each for name, each in settings.items()}),
    ) as environment:
        yield environment


@asynccontextmanager
async def skipping_time() -> AsyncIterator[WorkflowEnvironment]:
    """The same server, which skips what nobody does anything in."""
    async with await WorkflowEnvironment.start_time_skipping_v2(
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(BINARY),
        dev_server_log_level="error",
        dev_server_startup_timeout=SERVER_START_TIMEOUT,
        dev_server_extra_args=dynamic_config(SKIPPING),
    ) as environment:
        yield environment


@asynccontextmanager
async def working(
    client: Client,
    task_queue: str,
    activities: Sequence[Callable[..., Any]],
    calls: Sequence[Callable[..., Any]] = (),
    systems: Sequence[str] = ("shop",),
    *,
    notifications: Sequence[Callable[..., Any]] = (),
    cached: int = 1_000,
) -> AsyncIterator[None]:
    """Workers as `worker.py` has them: one for orders, mailboxes and `activities`, one for the `calls` to each system.

    `cached=0` has every workflow replayed at every task: what is not deterministic fails.
    """
    async with AsyncExitStack() as stack:
        ABANDONED.discard(task_queue)
        stack.callback(ABANDONED.add, task_queue)
        orders = Worker(
            client,
            task_queue=task_queue,
            workflows=[FulfilOrder, EventMailbox, OrderOutbox, BulkAction],
            activities=activities,
            max_cached_workflows=cached,
            max_heartbeat_throttle_interval=HEARTBEATS,
        )
        await stack.enter_async_context(apply_order_settings(orders))
        queues = [(system_task_queue(task_queue, system), calls) for system in systems if calls]
        queues += [(notifications_task_queue(task_queue), notifications)] if notifications else []
        for queue, done_there in queues:
            await stack.enter_async_context(
                Worker(client, task_queue=queue, activities=done_there, max_heartbeat_throttle_interval=HEARTBEATS)
            )
        yield


async def delete_abandoned(client: Client) -> None:
    """Deletes what still runs where no worker is any more. Lists of all orders would wait for its answers."""
    if not ABANDONED:
        return
    queues = ", ".join(f"'{queue}'" for queue in sorted(ABANDONED))
    ABANDONED.clear()
    running = client.list_workflows(f"ExecutionStatus = 'Running' AND TaskQueue IN ({queues})")
    await asyncio.gather(*[_delete(client, found.id, found.run_id) async for found in running])


async def _delete(client: Client, workflow_id: str, run_id: str) -> None:
    run = WorkflowExecution(workflow_id=workflow_id, run_id=run_id)
    request = DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=run)
    try:
        await client.workflow_service.delete_workflow_execution(request)
    except RPCError as error:  # visibility lags: it has ended meanwhile
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def until_at_rest(handle: WorkflowHandle[Any, Any]) -> None:
    """Waits until no workflow task is under way: what was seen of the workflow is then in its history, too."""
    async with asyncio.timeout(30):
        while True:
            if not (await handle.describe()).raw_description.HasField("pending_workflow_task"):
                return
            await asyncio.sleep(0.05)

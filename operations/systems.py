"""The systems that orders call: their switches, the calls that wait for them, and switching them off and on."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from temporalio.api.enums.v1 import PendingActivityState, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from activity_contract.calls import system_task_queue
from activity_contract.system_switch import SystemSwitchInput
from compiler.source.findings import did_you_mean
from operations.errors import NotFound, is_workflow_not_found, server_call
from operations.temporal.connection import server_address
from operations.temporal.visibility import quote_literal
from operations.temporal.workflow_calls import update_workflow
from workflows.contract.order_messages import Actor, Alternative
from workflows.contract.order_views import SystemHoldView
from workflows.contract.switch_messages import (
    MEMO_SYSTEM,
    SWITCH_ID_PREFIX,
    SWITCH_WORKFLOW_TYPE,
    UPDATE_SWITCH,
    SwitchRequest,
    SwitchResult,
    SystemSwitchView,
    switch_workflow_id,
)

SWITCH_TIMEOUT = 15.0
"""Seconds for the switch's answer, which includes setting the server's limit."""
MAX_SYSTEMS = 1_000
"""The most systems in a list."""
QUEUE_SEPARATOR = "."
"""Separates a task queue's name from the system's id. A system's id never contains it."""


@dataclass(frozen=True)
class SystemStatus:
    view: SystemSwitchView
    waiting_calls: int | None
    """About how many calls are on the system's queue, without calls that pause between attempts. None if unknown."""
    manual_rate_limit: float | None = None
    """Calls a second, if somebody limited the queue with Temporal's own tools."""


async def list_systems(client: Client, task_queue: str) -> list[SystemStatus]:
    """Every system that a worker of this task queue has announced, sorted by name. Needs no worker."""
    async with server_call("list of systems", server_address(client)):
        names = await _announced_systems(client, task_queue)
        statuses = await asyncio.gather(*(read_system_status(client, name, task_queue) for name in sorted(names)))
    return [status for status in statuses if status is not None]


async def read_system(client: Client, system: str, task_queue: str) -> SystemStatus:
    """Raises NotFound with the nearest name. Needs no worker."""
    async with server_call(f"System {system}", server_address(client)):
        status = await read_system_status(client, system, task_queue)
        known = [] if status is not None else sorted(await _announced_systems(client, task_queue))
    if status is None:
        raise _no_such_system(system, known)
    return status


def _no_such_system(system: str, known: Collection[str]) -> NotFound:
    systems = Alternative(action="systems", effect="lists the systems")
    return NotFound(f"No worker has a system {system}{did_you_mean(system, known)}", systems)


async def _announced_systems(client: Client, task_queue: str) -> set[str]:
    names: set[str] = set()
    not_retired = "ExecutionStatus NOT IN ('Completed', 'ContinuedAsNew')"
    query = f"WorkflowType = {quote_literal(SWITCH_WORKFLOW_TYPE)} AND {not_retired}"
    async for execution in client.list_workflows(query, limit=MAX_SYSTEMS):
        name = execution.id.removeprefix(SWITCH_ID_PREFIX).rpartition(QUEUE_SEPARATOR)[2]
        if execution.id == switch_workflow_id(name, task_queue):
            names.add(name)
    return names


async def _read_switch(client: Client, system: str, task_queue: str) -> SystemSwitchView | None:
    """Reads the switch's record, which is never stale. If a switch was ended with Temporal's own tools, it still has a
    record, because a worker starts it again as it was. None if there is no switch."""
    try:
        described = await client.get_workflow_handle(switch_workflow_id(system, task_queue)).describe()
    except RPCError as error:
        if is_workflow_not_found(error):
            return None
        raise
    if described.status is WorkflowExecutionStatus.COMPLETED:  # no worker has the system any more
        return None
    view = (await described.memo()).get(MEMO_SYSTEM)
    return SystemSwitchView.model_validate(view) if view is not None else SystemSwitchView(system=system, name=system)


async def read_system_status(client: Client, system: str, task_queue: str) -> SystemStatus | None:
    """One system. None if no worker has announced it. Raises the client's errors."""
    view = await _read_switch(client, system, task_queue)
    if view is None:
        return None
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=system_task_queue(task_queue, system)),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        report_stats=True,
        report_config=True,
    )
    queue = await client.workflow_service.describe_task_queue(request)
    waiting = int(queue.stats.approximate_backlog_count) if queue.HasField("stats") else None
    limit = queue.config.queue_rate_limit
    manual_limit = limit.rate_limit.requests_per_second if limit.HasField("rate_limit") else None
    return SystemStatus(view, waiting, manual_limit if view.per_second is None else None)


async def switch_system(
    client: Client, task_queue: str, system: str, target_state: Literal["on", "off"], actor: Actor
) -> SwitchResult:
    """Returns when the server applies the new position. Raises NoWorker, and NotFound with the nearest name."""
    switch, request = switch_workflow_id(system, task_queue), SwitchRequest(to=target_state, actor=actor)

    async def update() -> SwitchResult:
        return await update_workflow(
            client, switch, f"System {system}", UPDATE_SWITCH, request, SwitchResult, SWITCH_TIMEOUT
        )

    try:
        return await update()
    except NotFound as error:
        if await _restart_switch(client, system, task_queue):
            return await update()
        async with server_call("list of systems", server_address(client)):
            known = sorted(await _announced_systems(client, task_queue))
        raise _no_such_system(system, known) from error


async def _restart_switch(client: Client, system: str, task_queue: str) -> bool:
    """Starts a switch again, as it was, if it was ended with Temporal's own tools. False if there was none."""
    async with server_call(f"System {system}", server_address(client)):
        view = await _read_switch(client, system, task_queue)
        if view is None:
            return False
        queue = system_task_queue(task_queue, system)
        await client.start_workflow(
            SWITCH_WORKFLOW_TYPE,
            SystemSwitchInput(system=system, queue=queue, carried=view.restored_state()),
            id=switch_workflow_id(system, task_queue),
            task_queue=task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
    return True


async def system_holds(client: Client, pending: Iterable[PendingActivityInfo]) -> Mapping[str, SystemHoldView]:
    """The switches that hold back calls in `pending`, by task queue.

    Reads one record for each system with a waiting call. Reads nothing if no call waits.
    """
    queues = sorted({queue for activity in pending if (queue := waiting_queue(activity)) and QUEUE_SEPARATOR in queue})
    return dict(
        hold for hold in await asyncio.gather(*(_system_hold(client, queue) for queue in queues)) if hold is not None
    )


def waiting_queue(activity: PendingActivityInfo) -> str | None:
    """The task queue where the activity waits to start. None if it has started, or if the server is old."""
    if activity.state != PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED:
        return None
    return activity.activity_options.task_queue.name or None


async def _system_hold(client: Client, queue: str) -> tuple[str, SystemHoldView] | None:
    task_queue, _, system = queue.rpartition(QUEUE_SEPARATOR)
    async with server_call(f"System {system}", server_address(client)):
        view = await _read_switch(client, system, task_queue)
    if view is None or not view.is_holding_calls:
        return None
    hold = SystemHoldView(
        system=system, off=view.is_off, since=view.since, by=view.by, reason=view.reason, next_probe_at=view.next_at
    )
    return queue, hold

"""The systems that orders call: whether their calls go through, what waits for them, and switching them off and on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from temporalio.api.enums.v1 import PendingActivityState, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from activity_contract.calls import system_task_queue
from compiler.source.findings import did_you_mean
from operations.errors import NotFound, is_workflow_not_found, server_call, worker_call
from operations.temporal.connection import server_address
from operations.temporal.visibility import quote_literal
from workflows.contract.order_messages import Actor
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
"""Seconds for the switch's answer: the server has to take the new limit, too."""
MAX_SYSTEMS = 1_000
"""Systems that are listed."""
QUEUE_SEPARATOR = "."
"""Between a task queue and the system whose calls it holds; no system's id has one."""


@dataclass(frozen=True)
class SystemStatus:
    view: SystemSwitchView
    waiting_calls: int | None
    """Calls on the system's queue, about; those that pause between two attempts are not among them. None: unknown."""
    manual_rate_limit: float | None = None
    """Calls a second that somebody has limited the queue to with Temporal's own tools, past the switch."""


async def list_systems(client: Client, task_queue: str) -> list[SystemStatus]:
    """Every system that a worker of this task queue has announced, by name. Needs no worker."""
    async with server_call("list of systems", server_address(client)):
        names = await _announced_systems(client, task_queue)
        readings = await asyncio.gather(*(read_system_status(client, name, task_queue) for name in sorted(names)))
    return [reading for reading in readings if reading is not None]


async def _announced_systems(client: Client, task_queue: str) -> set[str]:
    names: set[str] = set()
    query = f"WorkflowType = {quote_literal(SWITCH_WORKFLOW_TYPE)} AND ExecutionStatus = 'Running'"
    async for execution in client.list_workflows(query, limit=MAX_SYSTEMS):
        name = execution.id.removeprefix(SWITCH_ID_PREFIX).rpartition(QUEUE_SEPARATOR)[2]
        if execution.id == switch_workflow_id(name, task_queue):
            names.add(name)
    return names


async def _read_switch(client: Client, system: str, task_queue: str) -> SystemSwitchView | None:
    """From the record of the switch, which is never behind. None: there is none, or it has not begun."""
    try:
        described = await client.get_workflow_handle(switch_workflow_id(system, task_queue)).describe()
    except RPCError as error:
        if is_workflow_not_found(error):
            return None
        raise
    told = (await described.memo()).get(MEMO_SYSTEM)
    return SystemSwitchView.model_validate(told) if told is not None else SystemSwitchView(system=system, name=system)


async def read_system_status(client: Client, system: str, task_queue: str) -> SystemStatus | None:
    """One system; None: no worker has announced it. Raises what the client raises."""
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
    by_hand = limit.rate_limit.requests_per_second if limit.HasField("rate_limit") else None
    return SystemStatus(view, waiting, by_hand if view.per_second is None else None)


async def switch_system(
    client: Client, task_queue: str, system: str, target_state: Literal["on", "off"], actor: Actor
) -> SwitchResult:
    """Answered when the server keeps to it. Raises NotFound, with the nearest name; NoWorker."""
    handle = client.get_workflow_handle(switch_workflow_id(system, task_queue))
    try:
        async with worker_call(f"System {system}", server_address(client), SWITCH_TIMEOUT):
            answer: SwitchResult = await handle.execute_update(
                UPDATE_SWITCH,
                SwitchRequest(to=target_state, actor=actor),
                result_type=SwitchResult,
                rpc_timeout=timedelta(seconds=SWITCH_TIMEOUT),
            )
    except NotFound as error:
        async with server_call("list of systems", server_address(client)):
            known = sorted(await _announced_systems(client, task_queue))
        hint = did_you_mean(system, known) or "; `systems` lists those there are"
        raise NotFound(f"No worker has a system {system}{hint}") from error
    return answer


async def system_holds(client: Client, pending: Iterable[PendingActivityInfo]) -> Mapping[str, SystemHoldView]:
    """What holds back the calls among `pending` that have not been begun: task queue → the system's switch.

    Asks for nothing unless a call waits, and then once for each system.
    """
    queues = sorted({queue for activity in pending if (queue := waiting_queue(activity)) and QUEUE_SEPARATOR in queue})
    return dict(
        hold for hold in await asyncio.gather(*(_system_hold(client, queue) for queue in queues)) if hold is not None
    )


def waiting_queue(activity: PendingActivityInfo) -> str | None:
    """The task queue on which it waits to be begun; None where it has been, or an old server does not say."""
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

"""PROBE_SYSTEM and SET_QUEUE_RATE: the activities of a system's switch (workflows/system_switch.py)."""

from __future__ import annotations

import structlog
from temporalio import activity
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.workflowservice.v1 import UpdateTaskQueueConfigRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.attempts.failure import AttemptFailure
from activities.calls.http_exchange import send_request
from activities.calls.request import build_probe_request
from activities.systems.connections import ConnectionPools
from activities.systems.oauth_tokens import TokenCache
from activities.systems.resolved_system import SystemLookup
from activity_contract.activity_names import PROBE_SYSTEM, SET_QUEUE_RATE
from activity_contract.system_switch import ProbeResult, QueueRateInput, QueueRateResult, SystemProbe

logger = structlog.get_logger("activities")

PROBE_TIMEOUT = 10.0
"""Seconds."""
UNSUPPORTED_REASONS = {
    RPCStatusCode.UNIMPLEMENTED: "this Temporal server is too old to limit a task queue",
    RPCStatusCode.PERMISSION_DENIED: "this worker may not limit task queues",
}


class SystemProbes:
    def __init__(self, systems: SystemLookup, connections: ConnectionPools, tokens: TokenCache) -> None:
        self._systems = systems
        self._connections = connections
        self._tokens = tokens

    @activity.defn(name=PROBE_SYSTEM)
    async def probe_system(self, probe: SystemProbe) -> ProbeResult:
        """GETs the system's `probe` path, or its base_url. Any response other than 5xx means that it is alive."""
        system = self._systems.system(probe.system)
        if system is None:
            return ProbeResult(alive=False, said=f"this worker's catalogue has no system {probe.system}")
        try:
            async with self._connections.client_for(system.endpoint) as client:
                credentials = await self._tokens.credentials(system.endpoint, client)
                request = build_probe_request(system, credentials)
                response = await send_request(client, system.endpoint.base, request, "text", PROBE_TIMEOUT)
        except AttemptFailure as failure:
            status = failure.status  # unreadable responses and refused redirects have one
            return ProbeResult(alive=status is not None and status < 500, said=failure.message)
        return ProbeResult(alive=response.status < 500, said=f"answered {response.status}")


class QueueRates:
    def __init__(self, client: Client, systems: SystemLookup) -> None:
        self._client = client
        self._systems = systems

    @activity.defn(name=SET_QUEUE_RATE)
    async def set_queue_rate(self, queue_rate: QueueRateInput) -> QueueRateResult:
        """Sets a limit that the server enforces over all workers and restarts. Repeating changes nothing."""
        system = self._systems.system(queue_rate.system)
        own = system.system.limits.per_second if system else None
        rate = queue_rate.per_second
        enough = rate is not None and own is not None and own <= rate
        request = UpdateTaskQueueConfigRequest(
            namespace=self._client.namespace,
            identity=self._client.identity,
            task_queue=queue_rate.queue,
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
        request.update_queue_rate_limit.reason = queue_rate.reason[:500]
        if rate is not None:
            request.update_queue_rate_limit.rate_limit.requests_per_second = min(rate, own) if own else rate
        try:
            await self._client.workflow_service.update_task_queue_config(request)
        except RPCError as error:
            if error.status not in UNSUPPORTED_REASONS:
                raise
            problem = UNSUPPORTED_REASONS[error.status]
            logger.error(
                "calls to the system cannot be held back; they continue", system=queue_rate.system,
                queue=queue_rate.queue, reason=problem,
            )  # fmt: skip
            return QueueRateResult(enough=enough, problem=problem)
        return QueueRateResult(enough=enough)

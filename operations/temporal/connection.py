"""Connects to Temporal with the profile and variables of Temporal's own tools, and the caller's settings."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from functools import cache

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RetryConfig

from operations.errors import DEFAULT_TIMEOUT, SERVER_ERROR, OperationError, ServerUnreachable, server_call
from workflows.contract.connection_reasons import connection_error_reason
from workflows.contract.order_messages import TASK_QUEUE

DEFAULT_ADDRESS = "localhost:7233"
DECIDED_BY_PROFILE = frozenset({"TEMPORAL_PROFILE", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"})
"""Variables that would lead a named environment to another one."""
RETRY_MILLISECONDS = 5_000
"""How long a call is retried while the server is away: enough for a restart."""


@dataclass(frozen=True)
class ConnectionSettings:
    """None means the value of the Temporal profile or of the TEMPORAL_* variables, else the default."""

    address: str | None = None
    namespace: str | None = None
    task_queue: str = TASK_QUEUE
    environment: str | None = None
    """The name of a Temporal profile. Its address and namespace count, whatever the TEMPORAL_* variables say."""


def server_address(client: Client) -> str:
    return client.service_client.config.target_host


@cache
def _quiet_runtime() -> Runtime:
    """Without the client's warnings about each retry; an error still raises."""
    logging = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    return Runtime(telemetry=TelemetryConfig(logging=logging))


def _load_profile(name: str | None) -> ClientConnectConfig:
    """The named Temporal profile; None: as Temporal's own tools choose it. Raises RuntimeError and ValueError."""
    if name is None:
        return ClientConfig.load_client_connect_config()
    variables = {variable: value for variable, value in os.environ.items() if variable not in DECIDED_BY_PROFILE}
    return ClientConfig.load_client_connect_config(name, override_env_vars=variables)


def read_address(settings: ConnectionSettings) -> str:
    """Of the Temporal that `connect` uses. Raises OperationError if its profile cannot be read."""
    return _read_config(settings)["target_host"]


def _read_config(settings: ConnectionSettings) -> ClientConnectConfig:
    try:
        config = _load_profile(settings.environment)
    except (RuntimeError, ValueError) as error:
        raise OperationError(
            SERVER_ERROR, f"The Temporal profile cannot be read: {' '.join(str(error).split())}"
        ) from error
    config["target_host"] = settings.address or config.get("target_host") or DEFAULT_ADDRESS
    return config


async def connect(settings: ConnectionSettings | None = None, *, lazy: bool = False) -> Client:
    """A client for `settings`. Raises ServerUnreachable.

    With `lazy`, it connects at the first call, so that a gateway may start before Temporal.
    """
    settings = settings or ConnectionSettings()
    config = _read_config(settings)
    if settings.namespace:
        config["namespace"] = settings.namespace
    address = config["target_host"]
    attempt = Client.connect(
        **config,
        data_converter=pydantic_data_converter,
        lazy=lazy,
        retry_config=RetryConfig(max_elapsed_time_millis=RETRY_MILLISECONDS),
        runtime=_quiet_runtime(),
    )
    try:
        return await asyncio.wait_for(attempt, DEFAULT_TIMEOUT)
    except TimeoutError as error:
        raise ServerUnreachable(address, f"no answer within {DEFAULT_TIMEOUT:.0f} s") from error
    except (RuntimeError, ValueError, OSError) as error:
        raise ServerUnreachable(address, connection_error_reason(str(error))) from error


async def check_server(client: Client) -> None:
    """Raises ServerUnreachable, or OperationError if the namespace does not exist."""
    async with server_call(f"Namespace {client.namespace}", server_address(client), timeout_seconds=3.0):
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))

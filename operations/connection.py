"""The way to Temporal: the profile and environment variables that Temporal's own tools read, and what the caller says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig

from operations.errors import SERVER_ERROR, OperationError, ServerUnreachable
from workflows.messages import TASK_QUEUE

DEFAULT_ADDRESS = "localhost:7233"
PATIENCE = 10.0
"""Seconds until an address that does not answer counts as unreachable."""


@dataclass(frozen=True)
class ConnectionSettings:
    """None: as the Temporal profile or the TEMPORAL_* variables say, else the default."""

    address: str | None = None
    namespace: str | None = None
    task_queue: str = TASK_QUEUE


def address_of(client: Client) -> str:
    return client.service_client.config.target_host


async def connect(settings: ConnectionSettings | None = None, *, lazy: bool = False) -> Client:
    """A client of the Temporal that `settings` name.

    Raises ServerUnreachable, unless `lazy`: then the first question finds out, so that a gateway may start before Temporal.
    """
    settings = settings or ConnectionSettings()
    try:
        config = ClientConfig.load_client_connect_config()
    except (RuntimeError, ValueError) as error:
        raise OperationError(SERVER_ERROR, f"The Temporal profile cannot be read: {error}") from error
    config["target_host"] = settings.address or config.get("target_host") or DEFAULT_ADDRESS
    if settings.namespace:
        config["namespace"] = settings.namespace
    address = config["target_host"]
    try:
        attempt = Client.connect(**config, data_converter=pydantic_data_converter, lazy=lazy)
        return await asyncio.wait_for(attempt, timedelta(seconds=PATIENCE).total_seconds())
    except TimeoutError as error:
        raise ServerUnreachable(address, f"no answer within {PATIENCE:.0f} s") from error
    except (RuntimeError, ValueError, OSError) as error:
        raise ServerUnreachable(address, str(error).splitlines()[0][:200]) from error

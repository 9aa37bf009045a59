"""Connects a worker to Temporal. It retries, because a worker may start before the server."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import structlog
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from workflows.contract.connection_reasons import connection_error_reason

logger = structlog.get_logger("worker")

DEFAULT_ADDRESS = "localhost:7233"
CONNECT_TIMEOUT = 10.0
"""Seconds for one try."""
RETRY_INTERVAL = 1.0
LOG_EVERY_TRIES = 30
"""A log line after so many tries, which take about a second each."""


class InvalidTemporalProfile(Exception):
    """The Temporal profile or a TEMPORAL_* variable is invalid."""


@dataclass(frozen=True)
class TemporalAddress:
    """None: from the Temporal profile or the TEMPORAL_* variables, else the default."""

    address: str | None
    namespace: str | None

    def connect_config(self) -> ClientConnectConfig:
        """Raises InvalidTemporalProfile."""
        try:
            config = ClientConfig.load_client_connect_config()
        except (RuntimeError, ValueError) as error:
            raise InvalidTemporalProfile(f"The Temporal profile cannot be read: {error}") from error
        config["target_host"] = self.address or config.get("target_host") or DEFAULT_ADDRESS
        if self.namespace:
            config["namespace"] = self.namespace
        return config


def create_runtime() -> Runtime:
    """Forwards the logs of Temporal's core to ours, so that all lines of a worker have one form."""
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    logs = LoggingConfig(filter=TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding)
    return Runtime(telemetry=TelemetryConfig(logging=logs))


async def connect(temporal_address: TemporalAddress) -> Client:
    """Retries until Temporal answers. Raises InvalidTemporalProfile."""
    config = temporal_address.connect_config()
    runtime = create_runtime()
    address = config["target_host"]
    tries = 0
    while True:
        attempt = Client.connect(**config, data_converter=pydantic_data_converter, runtime=runtime)
        try:
            client = await asyncio.wait_for(attempt, CONNECT_TIMEOUT)
        except (RuntimeError, OSError, TimeoutError) as error:
            if tries % LOG_EVERY_TRIES == 0:
                reason = (
                    connection_error_reason(str(error)) if str(error) else f"no answer within {CONNECT_TIMEOUT:.0f} s"
                )
                logger.warning("waiting for Temporal", address=address, reason=reason)
            tries += 1
            await asyncio.sleep(RETRY_INTERVAL)
            continue
        if tries:
            logger.info("Temporal answers", address=address)
        return client

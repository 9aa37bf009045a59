"""The way to Temporal, with patience: a worker may start before the server does."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import structlog
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

logger = structlog.get_logger("worker")

DEFAULT_ADDRESS = "localhost:7233"
CONNECT_TIMEOUT = 10.0
"""Seconds that one try may take."""
RETRY_INTERVAL = 1.0
LOG_EVERY_TRIES = 30
"""Tries, about seconds, between two lines that say what is being waited for."""


class InvalidTemporalProfile(Exception):
    """The Temporal profile, or a TEMPORAL_* variable, is wrong; the message says how."""


@dataclass(frozen=True)
class TemporalAddress:
    """None: as the Temporal profile or the TEMPORAL_* variables say, else the default."""

    address: str | None
    namespace: str | None

    def connect_config(self) -> ClientConnectConfig:
        """Raises ProfileUnreadable."""
        try:
            config = ClientConfig.load_client_connect_config()
        except (RuntimeError, ValueError) as error:
            raise InvalidTemporalProfile(f"The Temporal profile cannot be read: {error}") from error
        config["target_host"] = self.address or config.get("target_host") or DEFAULT_ADDRESS
        if self.namespace:
            config["namespace"] = self.namespace
        return config


def create_runtime() -> Runtime:
    """Temporal's core logs through ours, so that every line of a worker has one form."""
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    said = LoggingConfig(filter=TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding)
    return Runtime(telemetry=TelemetryConfig(logging=said))


async def connect(temporal_address: TemporalAddress) -> Client:
    """A client of a Temporal that answers, whenever that will be. Raises ProfileUnreadable."""
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
                reason = (str(error) or f"no answer within {CONNECT_TIMEOUT:.0f} s").splitlines()[0][:200]
                logger.warning("waiting for Temporal", address=address, reason=reason)
            tries += 1
            await asyncio.sleep(RETRY_INTERVAL)
            continue
        if tries:
            logger.info("Temporal answers", address=address)
        return client

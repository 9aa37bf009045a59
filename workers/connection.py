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
PATIENCE = 10.0
"""Seconds that one try may take."""
PAUSE = 1.0
REMINDER = 30
"""Tries, about seconds, between two lines that say what is being waited for."""


class ProfileUnreadable(Exception):
    """The Temporal profile, or a TEMPORAL_* variable, is wrong; the message says how."""


@dataclass(frozen=True)
class Address:
    """None: as the Temporal profile or the TEMPORAL_* variables say, else the default."""

    address: str | None
    namespace: str | None

    def configuration(self) -> ClientConnectConfig:
        """Raises ProfileUnreadable."""
        try:
            config = ClientConfig.load_client_connect_config()
        except (RuntimeError, ValueError) as error:
            raise ProfileUnreadable(f"The Temporal profile cannot be read: {error}") from error
        config["target_host"] = self.address or config.get("target_host") or DEFAULT_ADDRESS
        if self.namespace:
            config["namespace"] = self.namespace
        return config


def own_runtime() -> Runtime:
    """Temporal's core logs through ours, so that every line of a worker has one form."""
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    said = LoggingConfig(filter=TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding)
    return Runtime(telemetry=TelemetryConfig(logging=said))


async def connected(where: Address) -> Client:
    """A client of a Temporal that answers, whenever that will be. Raises ProfileUnreadable."""
    config = where.configuration()
    runtime = own_runtime()
    address = config["target_host"]
    tries = 0
    while True:
        attempt = Client.connect(**config, data_converter=pydantic_data_converter, runtime=runtime)
        try:
            client = await asyncio.wait_for(attempt, PATIENCE)
        except (RuntimeError, OSError, TimeoutError) as error:
            if tries % REMINDER == 0:
                reason = (str(error) or f"no answer within {PATIENCE:.0f} s").splitlines()[0][:200]
                logger.warning("waiting for Temporal", address=address, reason=reason)
            tries += 1
            await asyncio.sleep(PAUSE)
            continue
        if tries:
            logger.info("Temporal answers", address=address)
        return client

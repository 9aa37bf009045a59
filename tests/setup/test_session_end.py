"""A session of tests leaves no thread of Temporal's client behind that could abort the interpreter as it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

SESSION = """
import asyncio, atexit, os
from operations.client import OrderClient
from operations.temporal.connection import ConnectionSettings, server_address
from tests.support.gateway.process import gateway_over


def print_threads():
    names = [open(f"/proc/self/task/{task}/comm").read().strip() for task in os.listdir("/proc/self/task")]
    print("THREADS", sorted(name for name in names if name.startswith("tokio")))


atexit.register(print_threads)


async def test_server_is_used(temporal):
    address = server_address(temporal.client)
    orders = await OrderClient.connect(ConnectionSettings(address))
    assert await orders.list_systems() == []
    async with gateway_over(orders) as http:
        assert (await http.get("/systems")).json()["systems"] == []
    await asyncio.to_thread(asyncio.run, OrderClient.connect(ConnectionSettings(address)))
"""


def test_no_thread_of_temporals_client_outlives_the_session(tmp_path: Path) -> None:
    (tmp_path / "test_tiny.py").write_text(SESSION)
    options = ("-p", "tests.conftest", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path / "test_tiny.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert done.stdout.splitlines()[-1] == "THREADS []"
    assert done.stderr == ""

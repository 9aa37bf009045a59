"""A worker process with the gateway tests' catalogue, or another."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from tests.support.gateway.process import SECRET
from tests.support.paths import ROOT
from tests.support.servers.temporal import ABANDONED

CATALOGUE = ROOT / "tests" / "gateway" / "catalogue"
DEADLINE = 60.0
"""Seconds until a test gives up. Nothing is measured by it."""
T = TypeVar("T")


async def eventually(ask: Callable[[], Awaitable[T]], holds: Callable[[T], bool]) -> T:
    """Calls `ask` until `holds` is true for its result, and returns that result."""
    answer = await ask()
    end = time.monotonic() + DEADLINE
    while not holds(answer):
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain; the last answer was {answer}")
        await asyncio.sleep(0.05)
        answer = await ask()
    return answer


class WorkerProcess:
    def __init__(
        self, address: str, task_queue: str, desk_url: str, log: Path, definitions: Path = CATALOGUE, **environment: str
    ) -> None:
        self.log = log
        self._task_queue = task_queue
        ABANDONED.discard(task_queue)
        settings = {
            "DESK_URL": desk_url,
            "ORDO_CALLBACK_SECRET": SECRET.decode(),
            "ORDO_GATEWAY_URL": "http://gateway.invalid",
        }
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.support.workers.quick_worker", "--address", address),
                    *("--task-queue", task_queue, "--definitions", str(definitions)),
                ],
                cwd=ROOT,
                env=os.environ | settings | environment,
                stderr=errors,
            )

    async def ready(self) -> None:
        for _ in range(1500):
            if "worker ready" in self.log.read_text():
                return
            assert self._process.poll() is None, self.log.read_text()
            await asyncio.sleep(0.02)
        raise AssertionError("the worker did not become ready")

    def close(self) -> None:
        """Sends SIGKILL, so that it cannot clean up."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        ABANDONED.add(self._task_queue)

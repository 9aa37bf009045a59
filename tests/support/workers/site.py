"""Definitions, a scripted system and real worker processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT
from tests.support.servers.scripted_system import ScriptedServer
from tests.support.servers.temporal import ABANDONED


@dataclass
class WorkerProcess:
    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    async def read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.lines.append(line.decode().rstrip())

    @property
    def said(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    async def says(self, event: str, **what: Any) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            assert self.process.returncode is None or self._find(event, what), "\n".join(self.lines)
            return self._find(event, what)

        said: dict[str, Any] = await until(found)
        return said

    def _find(self, event: str, what: dict[str, Any]) -> dict[str, Any] | None:
        return next((line for line in self.said if line["event"] == event and what.items() <= line.items()), None)

    async def ends(self, signal_: signal.Signals | None = None) -> int:
        if signal_ is not None:
            self.process.send_signal(signal_)
        async with asyncio.timeout(DEADLINE):
            return await self.process.wait()


@dataclass
class Site:
    """Definitions, a system that can be scripted, and workers."""

    folder: Path
    server: ScriptedServer
    address: str
    task_queue: str
    running: list[tuple[WorkerProcess, asyncio.Task[None]]] = field(default_factory=list)

    def define(self, name: str, text: str) -> None:
        (self.folder / f"{name}.yaml").write_text(text)

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "ORDO_"))}
        return clean | {"GREETER_URL": self.server.url, "GREETER_TOKEN": "token-of-the-greeter"}

    async def worker(self, *further: str, **environment: str | None) -> WorkerProcess:
        variables = self.environment | environment
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(ROOT / "worker.py"), "--address", self.address, "--task-queue", self.task_queue),
            *("--definitions", str(self.folder), *further),
            cwd=ROOT,
            env={name: value for name, value in variables.items() if value is not None},
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
        worker = WorkerProcess(process)
        self.running.append((worker, asyncio.create_task(worker.read())))
        return worker

    async def close(self) -> None:
        for worker, reading in self.running:
            if worker.process.returncode is None:
                worker.process.kill()
            await worker.process.wait()
            await reading
        ABANDONED.add(self.task_queue)


DEADLINE = 60.0
"""Seconds that anything may take before a test gives up; nothing is measured by it."""


async def until(holds: Callable[[], Any]) -> Any:
    """The first value of `holds` that is true."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if value := holds():
            return value
        await asyncio.sleep(0.02)
    raise AssertionError("waited in vain")

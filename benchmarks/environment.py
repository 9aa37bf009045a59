"""Where benchmarks run: an embedded Temporal server, a stub system and workers, each in its own process.

Reads processor time from /proc (Linux), which separates the worker's cost from the server's.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client

from stack import temporal_server
from stack.options import HOST, Ports

ROOT = Path(__file__).parents[1]
DEFINITIONS = Path(__file__).parent / "definitions"
START_TIMEOUT = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


def free_ports() -> Ports:
    """Ports that are free now."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(2)]
    temporal, ui = (one.getsockname()[1] for one in sockets)
    for one in sockets:
        one.close()
    return Ports(temporal=temporal, ui=ui)


def cpu_seconds(pid: int) -> float:
    """User and system time that the process has used."""
    return _seconds(_stat_fields(Path(f"/proc/{pid}/stat"))[11:13])


def tree_cpu_seconds(pid: int) -> float:
    """The same of the process and its children, also of those that have ended."""
    own = _stat_fields(Path(f"/proc/{pid}/stat"))
    used = _seconds(own[11:15])
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it may have ended meanwhile
            fields = _stat_fields(path)
            used += _seconds(fields[11:13]) if int(fields[1]) == pid else 0.0
    return used


def _stat_fields(path: Path) -> list[str]:
    """Those after the process's name: 1 is the parent; 11 and 12 its user and system time, 13 and 14 that of children
    that have ended (proc(5))."""
    return path.read_text().rpartition(")")[2].split()


def _seconds(fields: Sequence[str]) -> float:
    return sum(map(int, fields)) / _TICKS


def machine_cpu_seconds() -> float:
    """Time that all processors together were not idle."""
    user, nice, system, _idle, _waiting, interrupts, soft_interrupts = Path("/proc/stat").read_text().split()[1:8]
    return _seconds([user, nice, system, interrupts, soft_interrupts])


def resident_megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


class ChildProcess:
    """A child process that writes to a log. It is ready once a line contains `ready_text`."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path, ready_text: str | None) -> None:
        self._command, self._log = command, log
        with log.open("ab") as written:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **environment}, stdout=written, stderr=written
            )
        if ready_text is not None:
            self._wait_for_log(ready_text)

    @property
    def pid(self) -> int:
        return self._process.pid

    def find_log_line(self, text: str) -> str:
        """The first line of the log that contains `text`; empty if none does."""
        return next((line for line in self._log.read_text().splitlines() if text in line), "")

    def _wait_for_log(self, text: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not self.find_log_line(text):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(self._command)} did not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        if self._process.poll() is None:
            self._process.send_signal(stop_signal)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@dataclass
class BenchmarkEnvironment:
    client: Client
    address: str
    server_pid: int
    """Of Temporal."""
    target_url: str
    data_folder: Path

    def start_worker(
        self, task_queue: str, definitions: Path, name: str = "worker", ledger_url: str | None = None
    ) -> ChildProcess:
        """Ordo's own worker, started as in production."""
        command = [sys.executable, "worker.py", "--address", self.address, "--task-queue", task_queue]
        command += ["--definitions", str(definitions)]
        variables = self.env_variables | ({"ORDO_LEDGER_URL": ledger_url} if ledger_url is not None else {})
        return ChildProcess(command, variables, self.data_folder / f"{name}.log", "worker ready")

    @contextmanager
    def running_worker(self, task_queue: str, *definitions: str) -> Iterator[ChildProcess]:
        """A worker with these files of benchmarks/definitions."""
        with stopped_at_exit(self.start_worker(task_queue, self.copy_definitions(*definitions))) as worker:
            yield worker

    def start_hand_written_worker(self, task_queue: str) -> ChildProcess:
        command = [sys.executable, "-m", "benchmarks.engine.hand_written", "--address", self.address]
        command += ["--task-queue", task_queue]
        return ChildProcess(command, self.env_variables, self.data_folder / "hand_written.log", "worker ready")

    @property
    def env_variables(self) -> dict[str, str]:
        return {
            "BENCHMARK_TARGET": self.target_url,
            "ORDO_CALLBACK_SECRET": "benchmark",
            "ORDO_GATEWAY_URL": self.target_url,
        }

    def copy_definitions(self, *files: str) -> Path:
        """A new folder with these files of benchmarks/definitions."""
        folder = self.data_folder / "-".join(file.removesuffix(".yaml") for file in files)
        folder.mkdir(exist_ok=True)
        for file in files:
            shutil.copy(DEFINITIONS / file, folder / file)
        return folder


@contextmanager
def stopped_at_exit(process: ChildProcess) -> Iterator[ChildProcess]:
    try:
        yield process
    finally:
        process.stop()


@asynccontextmanager
async def benchmark_environment() -> AsyncIterator[BenchmarkEnvironment]:
    """A new server with its data on disk, and a stub system. Both are stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="ordo-benchmark-") as name:
        folder, ports = Path(name), free_ports()
        server_command = list(temporal_server.server_command(ports, folder / "temporal.db"))
        target_command = [sys.executable, "-m", "benchmarks.stub_system"]
        with (
            stopped_at_exit(ChildProcess(server_command, {}, folder / "temporal.log", None)) as server,
            stopped_at_exit(ChildProcess(target_command, {}, folder / "target.log", "http")) as target,
        ):
            client = await temporal_server.connect(ports)
            deadline = time.monotonic() + START_TIMEOUT
            while not await temporal_server.is_ready(client):
                if time.monotonic() > deadline:
                    raise RuntimeError((folder / "temporal.log").read_text()[-2000:])
                await asyncio.sleep(0.1)
            address = f"{HOST}:{ports.temporal}"
            yield BenchmarkEnvironment(client, address, server.pid, target.find_log_line("http"), folder)

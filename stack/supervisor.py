"""Starts the processes of the stack, restarts those that die, stops them, and never leaves one behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from stack.errors import StackError

PrintLine = Callable[[str], None]
"""Shows a line to the person at the terminal."""

READY_TIMEOUT = 60.0
"""Seconds after which a process that is not ready counts as broken."""
MAX_DEATHS = 5
DEATH_WINDOW = 60.0
"""Seconds. After MAX_DEATHS within this time, a process is not restarted any more."""
START_MARKER = "-- starts"
"""Log line that separates the current process from the ones before it."""
LOG_TAIL_LINES = 12
MAX_LINE_LENGTH = 600


@dataclass(frozen=True)
class Service:
    name: str
    """The service's name. Its log has the same name."""
    title: str
    """The service's name at the start of a sentence, for example `The worker`."""
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    is_ready: Callable[[], Awaitable[bool]]
    grace: float = 20.0
    """Seconds that the service may take to end. The worker needs the longest."""
    advise: Callable[[str], str] = lambda _: ""
    """What a person can do if the service could not start, by its log. Empty: nothing is known."""


def with_project_path(environment: Mapping[str, str]) -> dict[str, str]:
    """Lets a Python process find the project's modules in any working directory."""
    project = str(Path(__file__).resolve().parents[1])
    return {**environment, "PYTHONPATH": os.pathsep.join(filter(None, (project, environment.get("PYTHONPATH"))))}


class Watchdog:
    """A process that ends all others if this one is killed. It notices the death because its pipe closes."""

    def __init__(self, grace: float = 5.0) -> None:
        """`grace` is how many seconds the others may take to end."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stack.watchdog", str(grace)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            env=with_project_path(os.environ),
            text=True,
            bufsize=1,
        )

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(line + "\n")

    def watch(self, pid: int) -> None:
        self._send(f"+{pid}")

    def unwatch(self, pid: int) -> None:
        self._send(f"-{pid}")

    def close(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()


class ServiceProcess:
    """A running service. It survives the deaths of its process."""

    def __init__(self, service: Service, watchdog: Watchdog, print_line: PrintLine) -> None:
        self.service = service
        self._watchdog = watchdog
        self._print_line = print_line
        self._process: asyncio.subprocess.Process | None = None
        self._is_stopping = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Returns when the service is ready. If it ends first or takes too long, raises StackError with the end of its
        log."""
        await self._wait_until_ready(await self._spawn())

    async def _wait_until_ready(self, process: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + READY_TIMEOUT
        while not await self.service.is_ready():
            if process.returncode is not None:
                raise StackError(
                    f"{self.service.title} could not start ({describe_exit(process.returncode)}).{self._log_tail()}"
                    f"{self._advice()}"
                )
            if time.monotonic() > deadline:
                raise StackError(f"{self.service.title} is not ready after {READY_TIMEOUT:.0f} s.{self._log_tail()}")
            await asyncio.sleep(0.05)

    async def supervise(self) -> None:
        """Restarts the service whenever it dies, until it is stopped. Raises StackError if it dies repeatedly."""
        deaths: deque[float] = deque(maxlen=MAX_DEATHS)
        while self._process is not None:
            code = await self._process.wait()
            if self._is_stopping:
                return
            self._watchdog.unwatch(self._process.pid)
            deaths.append(time.monotonic())
            if len(deaths) == MAX_DEATHS and deaths[-1] - deaths[0] < DEATH_WINDOW:
                raise StackError(f"{self.service.title} died {MAX_DEATHS} times within a minute.{self._log_tail()}")
            self._print_line(
                f"{self.service.title} died ({describe_exit(code)}); starting it again. Its log: {self.service.log}"
            )
            await asyncio.sleep(0.1 * 2 ** len(deaths))
            if self._is_stopping:
                return
            await self._restart()

    async def _restart(self) -> None:
        process = await self._spawn()
        try:
            await self._wait_until_ready(process)
            self._print_line(f"{self.service.title} runs again.")
        except StackError as error:
            if process.returncode is None:  # otherwise supervise() reports the next death
                self._print_line(str(error))

    async def stop(self) -> None:
        """Asks the service to end. Kills it if it has not ended within its grace period."""
        self._is_stopping = True
        process = self._process
        if process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self.service.grace)
        except TimeoutError:
            self._print_line(f"{self.service.title} did not end within {self.service.grace:.0f} s; killing it.")
        self._signal(signal.SIGKILL)  # also ends processes that it started and left
        await process.wait()
        self._watchdog.unwatch(process.pid)

    async def _spawn(self) -> asyncio.subprocess.Process:
        with self.service.log.open("ab") as log:
            log.write(f"{START_MARKER}\n".encode())
            log.flush()
            self._process = await self._exec(log)
        self._watchdog.watch(self._process.pid)
        return self._process

    async def _exec(self, log: IO[bytes]) -> asyncio.subprocess.Process:
        # A session of its own: Ctrl-C reaches only this process, which then stops the others in order.
        return await asyncio.create_subprocess_exec(
            *self.service.command,
            env=dict(self.service.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _advice(self) -> str:
        advice = self.service.advise(current_run_log(self.service.log))
        return f"\n{advice}" if advice else ""

    def _log_tail(self) -> str:
        lines = current_run_log(self.service.log).splitlines()[-LOG_TAIL_LINES:]
        shown = "".join(f"\n  {format_log_line(line)}" for line in lines)
        return f" The end of its log {self.service.log}:{shown}" if shown else f" Its log {self.service.log} is empty."


def current_run_log(log: Path) -> str:
    """The output of the current process, or of the last one."""
    return log.read_text(errors="replace").rpartition(f"{START_MARKER}\n")[2] if log.exists() else ""


def format_log_line(line: str) -> str:
    """A log line for people. If the line is JSON, shows the event and its fields."""
    try:
        fields = json.loads(line)
        event = fields.pop("event")
    except (ValueError, KeyError, TypeError, AttributeError):
        return line[:MAX_LINE_LENGTH]
    details = ", ".join(f"{name}: {value}" for name, value in fields.items() if name not in ("level", "timestamp"))
    return (f"{event} ({details})" if details else str(event))[:MAX_LINE_LENGTH]


def describe_exit(returncode: int) -> str:
    """A return code of asyncio, in words: `exit 3`, `killed by SIGKILL`."""
    return f"killed by {signal.Signals(-returncode).name}" if returncode < 0 else f"exit {returncode}"

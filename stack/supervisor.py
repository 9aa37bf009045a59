"""Processes of the stack: started, waited for, watched, started again when they die, ended, and never left behind."""

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

Tell = Callable[[str], None]
"""Shows a line to the person who watches."""

PATIENCE = 60.0
"""Seconds until a process that has not become ready counts as broken."""
DEATHS = 5
WITHIN = 60.0
"""So many deaths within so many seconds, and starting it again is no help."""
STARTS = "-- starts"
"""A line of the log: from here on it is about the process that runs now."""
LAST_LINES = 12
LONGEST_LINE = 600


@dataclass(frozen=True)
class Service:
    name: str
    """Of its log."""
    title: str
    """How people call it, as a sentence begins: `The worker`."""
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    is_ready: Callable[[], Awaitable[bool]]
    grace: float = 10.0
    """Seconds that it may take to end."""


def importing_us(environment: Mapping[str, str]) -> dict[str, str]:
    """For a Python that is to find the project's modules from whatever folder it is started in."""
    project = str(Path(__file__).resolve().parents[1])
    return {**environment, "PYTHONPATH": os.pathsep.join(filter(None, (project, environment.get("PYTHONPATH"))))}


class Watchdog:
    """A process that ends all others should this one be killed. Its end of the pipe closes with this process."""

    def __init__(self, grace: float = 5.0) -> None:
        """`grace`: seconds that the others may then take to end by themselves."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stack.watchdog", str(grace)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            env=importing_us(os.environ),
            text=True,
            bufsize=1,
        )

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(line + "\n")

    def watch(self, pid: int) -> None:
        self._say(f"+{pid}")

    def forget(self, pid: int) -> None:
        self._say(f"-{pid}")

    def close(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()


class Child:
    """A service while it runs, from its start to its end, through every death on the way."""

    def __init__(self, service: Service, watchdog: Watchdog, tell: Tell) -> None:
        self.service = service
        self._watchdog = watchdog
        self._tell = tell
        self._process: asyncio.subprocess.Process | None = None
        self._ending = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Returns when it is ready. Raises StackError, with its log's end, where it ends first or takes too long."""
        await self._until_ready(await self._spawn())

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + PATIENCE
        while not await self.service.is_ready():
            if process.returncode is not None:
                raise StackError(f"{self.service.title} could not start ({how(process.returncode)}).{self._last()}")
            if time.monotonic() > deadline:
                raise StackError(f"{self.service.title} is not ready after {PATIENCE:.0f} s.{self._last()}")
            await asyncio.sleep(0.05)

    async def keep(self) -> None:
        """Starts it again whenever it dies, until it is stopped. Raises StackError where it dies again and again."""
        deaths: deque[float] = deque(maxlen=DEATHS)
        while self._process is not None:
            code = await self._process.wait()
            if self._ending:
                return
            self._watchdog.forget(self._process.pid)
            deaths.append(time.monotonic())
            if len(deaths) == DEATHS and deaths[-1] - deaths[0] < WITHIN:
                raise StackError(f"{self.service.title} died {DEATHS} times within a minute.{self._last()}")
            self._tell(f"{self.service.title} died ({how(code)}); starting it again. Its log: {self.service.log}")
            await asyncio.sleep(0.1 * 2 ** len(deaths))
            if self._ending:
                return
            await self._start_again()

    async def _start_again(self) -> None:
        process = await self._spawn()
        try:
            await self._until_ready(process)
            self._tell(f"{self.service.title} runs again.")
        except StackError as error:
            if process.returncode is None:  # else it died once more, which is told next
                self._tell(str(error))

    async def stop(self) -> None:
        """Asks it to end, and kills it where it does not within its grace."""
        self._ending = True
        process = self._process
        if process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self.service.grace)
        except TimeoutError:
            self._tell(f"{self.service.title} did not end within {self.service.grace:.0f} s; killing it.")
        self._signal(signal.SIGKILL)  # also what it may have started, and left
        await process.wait()
        self._watchdog.forget(process.pid)

    async def _spawn(self) -> asyncio.subprocess.Process:
        with self.service.log.open("ab") as log:
            log.write(f"{STARTS}\n".encode())
            log.flush()
            self._process = await self._exec(log)
        self._watchdog.watch(self._process.pid)
        return self._process

    async def _exec(self, log: IO[bytes]) -> asyncio.subprocess.Process:
        # A session of its own: Ctrl-C reaches this process only, which then ends the others in their order.
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

    def _last(self) -> str:
        lines = since_start(self.service.log).splitlines()[-LAST_LINES:]
        shown = "".join(f"\n  {readable(line)}" for line in lines)
        return f" The end of its log {self.service.log}:{shown}" if shown else f" Its log {self.service.log} is empty."


def since_start(log: Path) -> str:
    """What the process that runs now, or died last, has said."""
    return log.read_text(errors="replace").rpartition(f"{STARTS}\n")[2] if log.exists() else ""


def readable(line: str) -> str:
    """A line of a log for people: of a JSON line what happened, and what is said about it."""
    try:
        said = json.loads(line)
        event = said.pop("event")
    except (ValueError, KeyError, TypeError, AttributeError):
        return line[:LONGEST_LINE]
    about = ", ".join(f"{name}: {value}" for name, value in said.items() if name not in ("level", "timestamp"))
    return f"{event} ({about})"[:LONGEST_LINE] if about else str(event)[:LONGEST_LINE]


def how(code: int) -> str:
    """A return code as asyncio gives it, in words."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit {code}"

"""A console as a process of its own, which can be killed and started again at the same address."""

from __future__ import annotations

import time
from pathlib import Path

from operations.access.roles import Role
from stack.options import free_port
from tests.support.console.process import ConsoleProcess
from tests.support.console.site import add_console_account


class RestartedConsole:
    def __init__(self, folder: Path, address: str, task_queue: str, **environment: str) -> None:
        """`folder` keeps its accounts, sessions and logs."""
        self._folder = folder
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._accounts = folder / "accounts.yaml"
        self._accounts.write_text("accounts: {}\n")
        self._arguments = ("--port", str(self._port), "--address", address, "--task-queue", task_queue)
        self._environment = {
            "ORDO_ACCOUNTS_FILE": str(self._accounts),
            "ORDO_CONSOLE_SESSIONS": str(folder / "sessions.sqlite"),
            **environment,
        }
        self._starts = 0
        self._process: ConsoleProcess | None = None

    def new_token(self, name: str, role: Role) -> str:
        return add_console_account(self._accounts, name, role)

    async def start(self) -> None:
        self._starts += 1
        log = self._folder / f"console-{self._starts}.log"
        self._process = ConsoleProcess(*self._arguments, log=log, **self._environment)
        await self._process.ready()

    def kill(self) -> None:
        if self._process is not None:
            self._process.close()

    def stop(self) -> float:
        """Asks it to end, and returns how many seconds that took."""
        assert self._process is not None
        began = time.monotonic()
        assert self._process.terminate() == 0
        return time.monotonic() - began

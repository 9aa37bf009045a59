"""The stack as a person starts it: `python starter.py up` in a process of its own, on free ports."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from operations.client import OrderClient
from operations.temporal.connection import ConnectionSettings
from stack.options import HOST, Ports, free_port
from tests.support.paths import ROOT

STARTER = [sys.executable, str(ROOT / "starter.py")]
LONGEST = 90.0
"""Seconds until the stack counts as stuck."""
QUICK = {f"SANDBOX_DELAY_{name}": "0.3" for name in ("DELIVERY", "BOOKING", "ACTIVATION", "HANDOVER", "ROLLOUT")}


def free_ports() -> Ports:
    return Ports(free_port(), free_port(), free_port(), free_port(), free_port())


def port_flags(ports: Ports) -> list[str]:
    return [word for _, flag, port in ports.described() for word in (flag, str(port))]


def processes_with(word: str) -> list[int]:
    """Ids of all processes whose command line has `word`."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if word in line.split()[1:]]


class Up:
    """`up` while it runs; what it says can be waited for."""

    def __init__(self, folder: Path, ports: Ports, *, more: Sequence[str] = (), **environment: str) -> None:
        self.ports, self.folder = ports, folder
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        command = [*STARTER, "up", "--data", str(folder / "data"), *port_flags(ports), *more]
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | QUICK | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def until_said(self, words: str) -> str:
        """The line that has `words`. Fails where it does not come."""
        while (line := self._lines.get(timeout=LONGEST)) is not None:
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"`up` ended without saying “{words}”:\n{''.join(self.said)}")

    def ready(self) -> Up:
        self.until_said("Press Ctrl-C to stop everything")
        return self

    def end(self) -> int:
        """As by Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(LONGEST)

    def close(self) -> None:
        if self.process.poll() is None:
            self.end()

    @property
    def address(self) -> str:
        return f"{HOST}:{self.ports.temporal}"

    async def orders(self) -> OrderClient:
        return await OrderClient.connect(ConnectionSettings(address=self.address, namespace="default"))

    def starter(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The command line, asked about this stack."""
        command = [*STARTER, *words, "--address", self.address]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=LONGEST)

    def environment(self) -> dict[str, str]:
        lines = (self.folder / "data" / "environment").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if not line.startswith("#"))

    def left(self) -> list[int]:
        """What still runs of it."""
        words = [self.address, *(str(port) for _, _, port in self.ports.described())]
        return [pid for word in words for pid in processes_with(word)]

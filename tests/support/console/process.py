"""`python -m console` in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT


class ConsoleProcess:
    """On a free port; `url` once it is ready."""

    def __init__(self, *arguments: str, log: Path, **environment: str) -> None:
        self.log = log
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDO_")}
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "console", "--port", "0", *arguments],
                cwd=ROOT,
                env=clean | environment,
                stderr=errors,
            )

    async def ready(self) -> str:
        """Waits until it is ready, and returns its URL."""
        for _ in range(1500):
            for line in self.lines():
                if line.get("event") == "console ready":
                    return str(line["url"])
            assert self.process.poll() is None, self.log.read_text()
            await asyncio.sleep(0.02)
        raise AssertionError("the console did not become ready")

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def terminate(self) -> int:
        self.process.terminate()
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

"""Calls the command line as a person's shell does, and in this process where that is enough."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

from cli.app import main
from tests.support.paths import ROOT

NOBODY = "127.0.0.1:9"
"""An address at which no Temporal listens."""


@dataclass(frozen=True)
class Called:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def call(*arguments: object, stdin: str = "") -> Called:
    """In this process."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), mock.patch.object(sys, "stdin", given):
        status = main([str(argument) for argument in arguments])
    return Called(status, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


def shell(*arguments: object, stdin: str = "", environment: dict[str, str] | None = None) -> Called:
    """As a process of its own."""
    done = subprocess.run(
        command(*arguments),
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        env=os.environ | (environment or {}),
        check=False,
    )
    return Called(done.returncode, done.stdout, done.stderr)


def command(*arguments: object) -> list[str]:
    return [sys.executable, str(ROOT / "starter.py"), *map(str, arguments)]


class Ordo:
    """The command line against one server and task queue; in a thread, since the tests' loop has other work to do."""

    def __init__(self, address: str, task_queue: str) -> None:
        self._where = ("--address", address, "--task-queue", task_queue)

    async def __call__(self, *arguments: object, stdin: str = "") -> Called:
        return await asyncio.to_thread(call, *arguments, *self._where, stdin=stdin)

    async def until(self, *arguments: object, holds: Callable[[Any], bool]) -> Any:
        """The first JSON answer that `holds`: lists lag a second behind, and orders move by themselves."""
        for _ in range(200):
            called = await self(*arguments, "-o", "json")
            if called.status == 0 and holds(called.json):
                return called.json
            await asyncio.sleep(0.05)
        raise AssertionError(f"waited in vain; the last answer was {called}")

    async def started(self, product: str, order_id: str, **more: Any) -> None:
        """An order of one line is accepted."""
        called = await self("start", "-", stdin=json.dumps(order_of(product, order_id, **more)))
        assert called.status == 0, called

    async def step_is(self, order_id: str, step: str, state: str) -> dict[str, Any]:
        """The step, once it is in that state."""
        shown = await self.until("show", order_id, holds=lambda order: _step(order, step)["state"] == state)
        return _step(shown, step)


def order_of(product: str, order_id: str, **more: Any) -> dict[str, Any]:
    return {"id": order_id, "customer": {"id": "C-1"}, "lines": [{"id": "1", "product": product}], **more}


def _step(order: dict[str, Any], step: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [each for each in order["steps"] if each["id"] == step]
    return found[0] if found else {"state": None}

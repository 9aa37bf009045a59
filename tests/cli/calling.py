"""Calls the command line as a person's shell does, and in this process where that is enough."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from cli.app import main

ROOT = Path(__file__).parents[2]
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

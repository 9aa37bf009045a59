"""A demo invites to the console, and begins when a person is there, or when nobody comes."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from operations.access.roles import Role
from operations.client import OrderClient
from stack import console_visit
from stack.console_sign_in import prepare_accounts
from stack.console_visit import invite_to_console
from stack.data_folder import DataFolder
from stack.demo_output import DemoOutput
from stack.options import Ports
from stack.running_stack import Addresses, RunningStack

LONG, SHORT = 60.0, 0.2


@pytest.fixture
def stack(tmp_path: Path) -> RunningStack:
    folder = DataFolder(tmp_path)
    prepare_accounts(folder)
    folder.log_file("console").write_text('{"event": "console ready"}\n')
    return RunningStack(Addresses.from_ports(Ports()), cast(OrderClient, None), folder)


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """What is written to it, the person types."""
    master, slave = os.openpty()
    with os.fdopen(slave) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        yield master
    os.close(master)


async def invite(stack: RunningStack, *, waits: bool = True) -> str:
    shown = io.StringIO()
    async with asyncio.timeout(LONG / 2):
        await invite_to_console(stack, DemoOutput(Console(file=shown, width=200)), waits=waits)
    return shown.getvalue()


@pytest.mark.usefixtures("keyboard")
async def test_it_goes_on_when_nobody_comes(stack: RunningStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_visit, "PATIENCE", SHORT)
    shown = await invite(stack)
    assert stack.sign_in_links[Role.OPERATOR] in shown
    assert "The demo begins when you have opened it" in shown


@pytest.mark.usefixtures("keyboard")
async def test_it_begins_when_somebody_has_signed_in(stack: RunningStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_visit, "PATIENCE", LONG)
    waiting = asyncio.create_task(invite(stack))
    await asyncio.sleep(SHORT)
    assert not waiting.done()
    with stack.folder.log_file("console").open("a") as log:
        log.write('{"account": "operator", "event": "signed in"}\n')
    await waiting


async def test_it_begins_when_enter_is_pressed(
    stack: RunningStack, keyboard: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_visit, "PATIENCE", LONG)
    waiting = asyncio.create_task(invite(stack))
    await asyncio.sleep(SHORT)
    os.write(keyboard, b"\n")
    await waiting


@pytest.mark.usefixtures("keyboard")
async def test_without_a_person_it_only_prints_the_link(stack: RunningStack) -> None:
    shown = await invite(stack, waits=False)
    assert stack.sign_in_links[Role.OPERATOR] in shown
    assert "The demo begins" not in shown


async def test_a_person_with_accounts_of_their_own_gets_the_address(
    stack: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDO_ACCOUNTS_FILE", str(tmp_path / "own.yaml"))
    shown = await invite(stack)
    assert stack.sign_in_links == {}
    assert "http://127.0.0.1:8070" in shown
    assert "token" not in shown

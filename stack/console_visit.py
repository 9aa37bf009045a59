"""Waits for a person to open the console, before a demo goes on without them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from stack.demo_output import DemoOutput
from stack.running_stack import RunningStack

PATIENCE = 20.0
"""Seconds until the demo goes on."""
SIGNED_IN = '"event": "signed in"'
"""In the console's log."""


async def invite_to_console(stack: RunningStack, output: DemoOutput, *, waits: bool) -> None:
    """Prints the console's link, first of all. `waits`: until somebody has opened it or pressed Enter, or for
    PATIENCE."""
    output.show_console(stack)
    if not (waits and sys.stdin.isatty() and stack.sign_in_links):
        return
    output.print_line(f"The demo begins when you have opened it, when you press Enter, or in {PATIENCE:.0f} s.")
    tasks = [
        asyncio.create_task(_opened(stack.folder.log_file("console"))),
        asyncio.create_task(_pressed_enter()),
    ]
    await asyncio.wait(tasks, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _opened(log: Path) -> None:
    while SIGNED_IN not in await asyncio.to_thread(log.read_text, encoding="utf-8", errors="replace"):  # noqa: ASYNC110 - another process writes it
        await asyncio.sleep(0.3)


async def _pressed_enter() -> None:
    loop, pressed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin, pressed.set)
    try:
        await pressed.wait()
        sys.stdin.readline()
    finally:
        loop.remove_reader(sys.stdin)

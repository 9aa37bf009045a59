"""`up`: the whole stack on this machine, until it is told to end."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

from stack.catalogue_watch import watch_catalogue
from stack.options import StackOptions
from stack.stack import RunningStack, ShutdownRequested, run_stack
from stack.supervisor import PrintLine


def up(options: StackOptions, print_line: PrintLine) -> int:
    """Runs the stack until Ctrl-C or SIGTERM; 0 then. What there is to see is told line by line.

    Raises CatalogueInvalid, and StackError: a port is taken, a part cannot start, or dies again and again.
    """
    return asyncio.run(_up(options, print_line))


async def _up(options: StackOptions, print_line: PrintLine) -> int:
    async def until_told(stack: RunningStack) -> None:
        for line in welcome(stack):
            print_line(line)
        await watch_catalogue(stack.orders, print_line)

    print_line("Starting Temporal, the sandbox systems, the worker and the gateway …")
    try:
        await run_stack(options, print_line, until_told)
    except ShutdownRequested:
        print_line(f"Ended. Orders and data are kept in {options.data}; `up` goes on with them.")
    return 0


def welcome(stack: RunningStack) -> list[str]:
    """Where everything is, and what to do next."""
    there = stack.addresses
    return [
        "",
        f"Temporal    {there.temporal}",
        f"Web UI      {there.ui}",
        f"Gateway     {there.gateway}/docs",
        f"Sandbox     {there.sandbox}/docs",
        f"Logs        {stack.folder.path}/*.log",
        f"Secrets     {stack.folder.environment_file}  (for a further worker, or for calls to the gateway)",
        "",
        "Ready. In another terminal:",
        f"  {cli_command(stack, 'start orders/home_security.yaml --watch')}",
        f"  {cli_command(stack, 'list')}",
        "Ctrl-C ends all of it.",
    ]


def cli_command(stack: RunningStack, arguments: str) -> str:
    """The command line that reaches this stack."""
    elsewhere = "" if stack.addresses.temporal.endswith(":7233") else f" --address {stack.addresses.temporal}"
    return f"{python_command()} starter.py {arguments}{elsewhere}"


def python_command() -> str:
    """How the person's shell reaches this Python: by its name where its environment is activated, else by its path."""
    here = Path(sys.executable)
    if shutil.which(here.name) == str(here):
        return here.name
    return str(here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here)

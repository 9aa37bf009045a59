"""`up`: runs the whole stack on this machine until Ctrl-C."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from stack.catalogue_watch import watch_catalogue
from stack.console_sign_in import own_accounts_file
from stack.data_folder import DataFolder
from stack.ledger_discovery import needed_setting
from stack.lifecycle import run_until_signal
from stack.options import StackOptions
from stack.pretend_watch import watch_missing_examples
from stack.running_stack import RunningStack
from stack.supervisor import PrintLine


def up(options: StackOptions, print_line: PrintLine) -> int:
    """Returns 0 after Ctrl-C or SIGTERM. Raises CatalogueInvalid and StackError, as `run_stack` does."""

    async def report(stack: RunningStack) -> int:
        for line in _welcome(stack):
            print_line(line)
        async with asyncio.TaskGroup() as watching:
            watching.create_task(watch_catalogue(stack.orders, print_line))
            if stack.addresses.pretend is not None:
                watching.create_task(watch_missing_examples(stack.addresses.pretend, print_line))
        return 0

    farewell = f"Ended. Orders and data are kept in {options.data}; the next `up` continues with them."
    if setting := needed_setting(DataFolder(options.data)):
        farewell += f"\nTo read the ledger while the stack is not up, set {setting}"
    return run_until_signal(options, print_line, report, status_at_signal=0, farewell=farewell)


def _console_links(stack: RunningStack) -> Iterator[str]:
    links = stack.sign_in_links
    if not links:
        yield f"Console     {stack.addresses.console}  (sign in with the token of an account)"
        return
    yield "Console     one link for each role; each signs in:"
    for role, link in links.items():
        yield f"  {role:<10}{link}"


def _welcome(stack: RunningStack) -> Iterator[str]:
    """Where everything is, and what to do next."""
    addresses = stack.addresses
    yield ""
    yield from _console_links(stack)
    yield ""
    yield f"Temporal    {addresses.temporal}"
    yield f"Orders      {stack.orders_page}  (Temporal's Web UI)"
    yield f"Gateway     {addresses.gateway}/docs"
    yield f"Sandbox     {addresses.sandbox}/docs"
    if addresses.pretend is not None:
        yield f"Pretended   {addresses.pretend}/_log  (the calls; /_deliveries: callbacks and events; /_notifications)"
    yield f"Ledger      {stack.folder.ledger}  (all orders, also for SQL)"
    if setting := needed_setting(stack.folder):
        yield f"            {setting}  (set this, so that commands find it)"
    yield f"Logs        {stack.folder.path}/*.log"
    yield f"Secrets     {stack.folder.environment_file}  (for another worker, or for calls to the gateway)"
    yield f"Accounts    {own_accounts_file() or stack.folder.accounts}  (of the console and the gateway)"
    yield ""
    yield "Ready. In another terminal:"
    yield f"  {stack.cli_command('start orders/home_security.yaml --watch')}"
    yield f"  {stack.cli_command('list')}"
    yield "Press Ctrl-C to stop everything."

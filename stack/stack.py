"""The whole stack, running: started in order, watched, used, ended in reverse."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from compiler.load_catalogue import load_catalogue
from operations.client import OrderClient
from stack import temporal_server
from stack.data_folder import DataFolder
from stack.options import StackOptions
from stack.services import SERVICE_NAMES, Addresses, StackSpec, build_services
from stack.supervisor import PrintLine, ServiceProcess, Watchdog

SHUTDOWN_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Result = TypeVar("Result")


class ShutdownRequested(Exception):
    """By Ctrl-C, SIGTERM or SIGHUP."""


@dataclass(frozen=True)
class RunningStack:
    addresses: Addresses
    orders: OrderClient
    folder: DataFolder


async def run_stack(
    options: StackOptions,
    print_line: PrintLine,
    use: Callable[[RunningStack], Coroutine[Any, Any, Result]],
    sandbox_delays: Mapping[str, float] | None = None,
) -> Result:
    """Starts the stack, gives what `use` makes of it, and ends everything that was started, whatever happens.

    `use` is cancelled, and ToldToEnd raised, at a signal. Raises CatalogueInvalid before anything is started;
    StackError where a part cannot start, or dies again and again.
    """
    load_catalogue(options.definitions)
    folder = DataFolder(options.data)
    with folder.locked(), _shutdown_signals() as told:
        options.ports.check_free()
        folder.rotate_logs(SERVICE_NAMES)
        if options.fresh:
            folder.delete_databases()
        plan = StackSpec(options, folder, await temporal_server.connect(options.ports), sandbox_delays or {})
        watchdog = Watchdog()
        children = [ServiceProcess(service, watchdog, print_line) for service in build_services(plan)]
        try:
            await _first_completed(told, [_start(children)])
            stack = RunningStack(plan.addresses, OrderClient(plan.client), folder)
            result: Result = await _first_completed(told, [use(stack), *(child.supervise() for child in children)])
            return result
        finally:
            await _stop(children)
            watchdog.close()


@contextmanager
def _shutdown_signals() -> Iterator[asyncio.Event]:
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in SHUTDOWN_SIGNALS:
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in SHUTDOWN_SIGNALS:
            loop.remove_signal_handler(number)


async def _first_completed(shutdown: asyncio.Event, coroutines: Sequence[Coroutine[Any, Any, Any]]) -> Any:
    """The outcome of whichever ends first; the others are cancelled."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    signalled = asyncio.create_task(shutdown.wait())
    try:
        done, _ = await asyncio.wait([signalled, *tasks], return_when=asyncio.FIRST_COMPLETED)
        if signalled in done:
            raise ShutdownRequested
        return next(task for task in tasks if task in done).result()
    finally:
        for task in (signalled, *tasks):
            task.cancel()
        await asyncio.gather(signalled, *tasks, return_exceptions=True)


async def _start(children: Sequence[ServiceProcess]) -> None:
    temporal, sandbox, worker, gateway = children
    await _run_together(temporal.start(), sandbox.start())
    await _run_together(worker.start(), gateway.start())


async def _stop(children: Sequence[ServiceProcess]) -> None:
    """The worker first, so that calls under way are answered; the server last, so that it is told of everything."""
    temporal, sandbox, worker, gateway = children
    await worker.stop()
    await _run_together(sandbox.stop(), gateway.stop())
    await temporal.stop()


async def _run_together(*awaitables: Awaitable[None]) -> None:
    """All of them; the first failure ends the others, and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in awaitables:
                group.create_task(_awaited(each))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _awaited(work: Awaitable[None]) -> None:
    await work

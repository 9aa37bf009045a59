"""Starts the services of the stack in order, watches over them while the stack is used, and stops them in reverse."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from catalogue_store.publications import PublicationStore
from catalogue_store.store import CatalogueStore
from compiler.load_catalogue import load_catalogue
from compiler.source.findings import CatalogueInvalid
from operations.client import OrderClient
from stack import temporal_server
from stack.data_folder import DataFolder
from stack.options import StackOptions
from stack.running_stack import RunningStack
from stack.services import SERVICE_NAMES, StackSpec, build_services
from stack.supervisor import PrintLine, ServiceProcess, Watchdog
from workflows.contract.order_messages import TASK_QUEUE

EXIT_INTERRUPTED = 130
EXIT_UNEXPECTED = 4
SHUTDOWN_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Result = TypeVar("Result")


class ShutdownRequested(Exception):
    """The stack must stop, because of Ctrl-C, SIGTERM or SIGHUP."""


def run_until_signal(
    options: StackOptions,
    print_line: PrintLine,
    use: Callable[[RunningStack], Coroutine[Any, Any, int]],
    *,
    sandbox_delays: Mapping[str, float] | None = None,
    keep_running: bool = False,
    status_at_signal: int = EXIT_INTERRUPTED,
    farewell: str = "Ended.",
) -> int:
    """Runs the stack and returns the exit status that `use` returns, or `status_at_signal` if a signal comes first.

    `keep_running`: the stack stays up after `use` until a signal comes. `farewell`: the line that is printed after a
    signal. Raises what `run_stack` raises.
    """
    status = status_at_signal

    async def use_and_stay(stack: RunningStack) -> None:
        nonlocal status
        status = await use(stack)
        if keep_running:
            await asyncio.Event().wait()

    print_line("Starting Temporal, the sandbox systems, the worker, the gateway and the console …")
    try:
        asyncio.run(run_stack(options, print_line, use_and_stay, sandbox_delays))
    except ShutdownRequested:
        print_line(farewell)
    return status


async def run_stack(
    options: StackOptions,
    print_line: PrintLine,
    use: Callable[[RunningStack], Coroutine[Any, Any, Result]],
    sandbox_delays: Mapping[str, float] | None = None,
) -> Result:
    """Starts the stack and returns what `use` returns. Always stops everything that it started.

    Raises ShutdownRequested at a signal, after cancelling `use`; CatalogueInvalid if the definitions are refused and
    no earlier start has left a good catalogue; StackError if a service cannot start or dies repeatedly.
    """
    folder = DataFolder(options.data)
    refused = _find_refusal(options.definitions)
    if refused is not None and (options.fresh or not folder.database.exists()):
        raise refused
    with folder.locked(), _shutdown_signals() as shutdown:
        options.ports.check_free()
        folder.rotate_logs(SERVICE_NAMES)
        if options.fresh:
            folder.delete_databases()
        spec = StackSpec(options, folder, await temporal_server.connect(options.ports), sandbox_delays or {})
        watchdog = Watchdog()
        children = {
            name: ServiceProcess(service, watchdog, print_line) for name, service in build_services(spec).items()
        }
        try:
            await _first_completed(shutdown, [_start(children, lambda: _check_last_good(spec, refused))])
            stack = RunningStack(spec.addresses, OrderClient(spec.client), folder)
            result: Result = await _first_completed(
                shutdown, [use(stack), *(child.supervise() for child in children.values())]
            )
            return result
        finally:
            await _stop(children)
            watchdog.close()


@contextmanager
def _shutdown_signals() -> Iterator[asyncio.Event]:
    shutdown, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in SHUTDOWN_SIGNALS:
        loop.add_signal_handler(number, shutdown.set)
    try:
        yield shutdown
    finally:
        for number in SHUTDOWN_SIGNALS:
            loop.remove_signal_handler(number)


async def _first_completed(shutdown: asyncio.Event, coroutines: Sequence[Coroutine[Any, Any, Any]]) -> Any:
    """Returns or raises the outcome of the coroutine that ends first; cancels the others."""
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


def _find_refusal(definitions: Path) -> CatalogueInvalid | None:
    try:
        load_catalogue(definitions)
    except CatalogueInvalid as invalid:
        return invalid
    return None


async def _check_last_good(spec: StackSpec, refused: CatalogueInvalid | None) -> None:
    """Raises `refused` if Temporal has no catalogue, published or earlier, that the worker could start with instead."""
    if refused is None or (await CatalogueStore(spec.client, TASK_QUEUE).read_view()).stored is not None:
        return
    latest = await PublicationStore(spec.client, TASK_QUEUE).read_latest()
    if latest is None or latest.content is None:
        raise refused


async def _start(children: Mapping[str, ServiceProcess], check_catalogue: Callable[[], Awaitable[None]]) -> None:
    """Awaits `check_catalogue` when Temporal is ready, before the worker starts."""
    await _run_together(*(children[name].start() for name in ("temporal", "sandbox", "pretend") if name in children))
    await check_catalogue()
    await _run_together(*(children[name].start() for name in ("worker", "gateway", "console")))


async def _stop(children: Mapping[str, ServiceProcess]) -> None:
    """Stops the worker first, so that its running calls still get answers. Stops Temporal last, so that it gets every
    result."""
    await children["worker"].stop()
    await _run_together(
        *(children[name].stop() for name in ("sandbox", "pretend", "gateway", "console") if name in children)
    )
    await children["temporal"].stop()


async def _run_together(*awaitables: Awaitable[None]) -> None:
    """Waits for all. If one fails, cancels the others and raises its error."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in awaitables:
                group.create_task(_awaited(each))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _awaited(work: Awaitable[None]) -> None:
    await work

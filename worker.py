"""`python worker.py`: runs a worker until SIGTERM or SIGINT (docs/cli.md, The worker)."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog
from temporalio.client import Client

from activities.registry import activity_check, registered_activities
from activities.systems.connections import ConnectionPools
from activities.systems.environment import callback_settings
from catalogue_store.publications import PublicationStore
from catalogue_store.store import CatalogueStore
from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.pretended import ALL, Pretended
from compiler.source.garbage_collection import freeze_loaded_objects
from workers.catalogue_reports import CatalogueReporter
from workers.connection import InvalidTemporalProfile, TemporalAddress, connect
from workers.fleet import Fleet
from workers.ledger_feeding import start_feeding
from workers.logs import configure_logging
from workers.publication_follower import PublicationFollower
from workers.registrations import build_registrations
from workers.search_attribute_registration import SearchAttributesUnusable, ensure_search_attributes
from workers.starting_catalogue import NoCatalogue, StartingCatalogue
from workers.switches import SwitchClient
from workflows.contract.order_messages import (
    TASK_QUEUE,
)
from workflows.shell.console_link import CONSOLE

SHUTDOWN_GRACE = timedelta(seconds=8)
"""Grace period for running attempts before shutdown. An attempt that is cut off is repeated by another worker."""

EPILOG = """environment:
  TEMPORAL_*                            as for Temporal's own tools: address, namespace, profile, TLS
  ORDO_GATEWAY_URL                      the address at which systems reach the gateway, for callbacks
  ORDO_CALLBACK_SECRET                  the secret that seals callback ids; the same as the gateway's
  ORDO_CONSOLE_URL                      the address of the console, to which orders in Temporal's Web UI link
  ORDO_EVENT_SOURCE                     the source of the events that are sent to receivers (default: /ordo)
  ORDO_LEDGER_URL                       the ledger's database (default: none): sqlite:///FILE, or
                                        postgresql://USER:PASSWORD@HOST/DATABASE
  ORDO_LEDGER_RECONCILE_EVERY           seconds between two comparisons of the ledger with the orders (default: 60)
  ORDO_LEDGER_RECONCILE_PACE            requests a second that a comparison may make (default: 20)
  INVENTORY_URL, INVENTORY_TOKEN, …     the variables that the catalogue's systems and receivers name
Each ORDO_… secret can also be read from a file: <name>_FILE names it.
"""

logger = structlog.get_logger("worker")
Result = TypeVar("Result")

GC_THRESHOLDS = (5_000, 10, 10)
"""Orders make many objects that live for seconds. With Python's own thresholds they are looked at seven times as often
before they go. What only a collection frees, workflows that left the cache, waits for some 500,000 new objects."""


class WorkerError(Exception):
    """The worker cannot run; the message says why and what to do."""


def _parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="worker.py",
        description="Runs orders: their workflows, and the calls to systems.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--address", metavar="HOST:PORT", help="Temporal's address (default: its profile, else localhost:7233)"
    )
    parser.add_argument("--namespace", metavar="NAME", help="Temporal's namespace (default: its profile, else default)")
    parser.add_argument("--task-queue", metavar="NAME", default=TASK_QUEUE, help="default: %(default)s")
    parser.add_argument(
        "--definitions",
        metavar="DIR",
        type=Path,
        default=Path("definitions"),
        help="default: %(default)s",
    )
    parser.add_argument(
        "--environment",
        metavar="FILE",
        type=Path,
        help="`kind: system` documents that override the catalogue's",
    )
    parser.add_argument(
        "--pretend-address",
        metavar="URL",
        help="where `python -m scenarios.pretend` serves pretend systems, which are then called instead of real ones",
    )
    parser.add_argument(
        "--pretend",
        metavar="NAME",
        action="append",
        default=[],
        help=f"a system or receiver that is pretended there; may be repeated (default: {ALL})",
    )
    options = parser.parse_args(argv)
    if options.pretend and options.pretend_address is None:
        parser.error("--pretend needs --pretend-address: where the pretend systems are")
    return options


def _pretended(options: argparse.Namespace) -> Pretended | None:
    address = options.pretend_address
    return None if address is None else Pretended(address.rstrip("/"), options.pretend or (ALL,))


class _ShutdownEvent(asyncio.Event):
    """Set by SIGTERM and SIGINT. A second signal ends the process at once."""

    def install_handlers(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._on_signal)

    def _on_signal(self) -> None:
        if self.is_set():
            os._exit(1)
        self.set()

    async def run_unless_shutdown(self, coroutine: Coroutine[Any, Any, Result]) -> Result | None:
        """Returns the result of `coroutine`, or cancels it and returns None if the shutdown comes first."""
        working, ending = asyncio.create_task(coroutine), asyncio.create_task(self.wait())
        await asyncio.wait((working, ending), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if working.done():
            return await working
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        return None


def _check_callback_settings(catalogue: Catalogue) -> None:
    """Warns at once. Otherwise each call with a callback would fail on its own; other calls need no gateway."""
    steps = (step.definition for workstream in catalogue.workstreams.values() for step in workstream.steps.values())
    if not any(step.call is not None and step.call.callback is not None for step in steps):
        return
    try:
        callback_settings()
    except ValueError as error:
        logger.warning("calls that complete by callback will fail", reason=str(error))


async def _connect(address: TemporalAddress) -> Client:
    try:
        client = await connect(address)
        await ensure_search_attributes(client)
    except (InvalidTemporalProfile, SearchAttributesUnusable) as error:
        raise WorkerError(str(error)) from None
    return client


async def run(options: argparse.Namespace) -> None:
    """Runs until SIGTERM or SIGINT. Raises WorkerError."""
    shutdown = _ShutdownEvent()
    shutdown.install_handlers()
    check = activity_check(registered_activities())
    starting = StartingCatalogue(options.definitions, options.environment, check, _pretended(options))
    client = await shutdown.run_unless_shutdown(_connect(TemporalAddress(options.address, options.namespace)))
    if client is None:
        return
    store, publications = CatalogueStore(client, options.task_queue), PublicationStore(client, options.task_queue)
    try:
        catalogues, published = await starting.open(store, publications)
    except NoCatalogue as missing:
        raise WorkerError(str(missing)) from None
    _check_callback_settings(catalogues.current.catalogue)
    CONSOLE.url = os.environ.get("ORDO_CONSOLE_URL", "").rstrip("/")
    feeding = start_feeding(client.identity)
    connections = ConnectionPools()
    switches = SwitchClient(client, options.task_queue)
    registrations = build_registrations(client, options.task_queue, catalogues, connections, switches)
    freeze_loaded_objects(GC_THRESHOLDS)
    fleet = Fleet(client, options.task_queue, registrations, SHUTDOWN_GRACE)
    catalogues.listeners += [fleet.schedule_update, switches.schedule_announcement]
    await fleet.start(await catalogues.refresh())
    if feeding is not None:
        feeding.start_reconciling(client, options.task_queue)
    in_force = catalogues.current
    switches.schedule_announcement(in_force)
    follower = PublicationFollower(publications, catalogues, published)
    reporter = CatalogueReporter(client, options.task_queue, catalogues, options.definitions, store, follower)
    await reporter.start()
    logger.info(
        "worker ready", task_queue=options.task_queue, namespace=client.namespace,
        catalogue_version=in_force.catalogue.version, systems=sorted(in_force.systems),
    )  # fmt: skip
    watching = [asyncio.create_task(catalogues.watch()), asyncio.create_task(follower.follow())]
    try:
        await shutdown.run_unless_shutdown(fleet.wait_for_failure())
    except Exception as error:
        raise WorkerError(f"The worker has stopped: {error}") from error
    finally:
        for each in watching:
            each.cancel()
        logger.info("worker ends", grace=SHUTDOWN_GRACE.total_seconds())
        if feeding is not None:
            await feeding.stop_reconciling()
        await switches.stop()
        await reporter.stop()
        await fleet.stop()
        await connections.close()
        if feeding is not None:
            await feeding.stop()
    logger.info("worker ended")


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status: 0 after a clean end, 1 if the worker cannot run, 2 for wrong usage."""
    options = _parse_arguments(argv)
    configure_logging()
    try:
        asyncio.run(run(options))
    except WorkerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # A thread of Temporal's core that still runs while the interpreter ends could abort the process.
    os._exit(code)

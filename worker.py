"""`python worker.py`: runs a worker until it is told to end (docs/cli.md, The worker)."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog
from temporalio.client import Client

from activities.calls.breaker_reports import SystemHealth
from activities.calls.call_system import SystemCalls
from activities.calls.system_probe import QueueRates, SystemProbes
from activities.compilation.compile_amendment import AmendmentCompiler
from activities.compilation.compile_order import OrderCompiler
from activities.compilation.live_catalogue import CatalogueInForce, CatalogueUnusable
from activities.mailboxes.cross_order_watch import OtherOrders
from activities.mailboxes.returned_events import ReturningEvents
from activities.mailboxes.subscriptions import EventSubscriptions, Mailboxes
from activities.notifications.delivery import HandingOver, Matching, Notifications, Outboxes
from activities.notifications.webhook import Webhooks
from activities.registry import registered, unknown_activities
from activities.systems.connections import Connections
from activities.systems.environment import callback_settings
from activities.systems.oauth_tokens import Tokens
from compiler.catalogue.catalogue import Catalogue
from workers.connection import Address, ProfileUnreadable, connected
from workers.fleet import Duties, Fleet
from workers.logs import set_up_logs
from workers.search_attribute_registration import SearchAttributesUnusable, ensure_search_attributes
from workers.switches import SystemSwitches
from workflows.contract.order_messages import MAILBOX_TYPE, OUTBOX_TYPE, TASK_QUEUE, mailbox_id, outbox_id, workflow_id
from workflows.event_mailbox import EventMailbox
from workflows.fulfil_order import FulfilOrder
from workflows.order_outbox import OrderOutbox
from workflows.system_switch import SystemSwitch

GRACE = timedelta(seconds=8)
"""So long running attempts may go on once the worker is told to end; what is cut off is made again elsewhere."""

EPILOG = """environment:
  TEMPORAL_*                            as Temporal's own tools read them: address, namespace, profile, TLS
  ORDO_GATEWAY_URL                      where systems reach the gateway, for calls that complete by callback
  ORDO_CALLBACK_SECRET                  seals callback ids; the gateway needs the same one
  ORDO_EVENT_SOURCE                     the source of the events that receivers are sent; else /ordo
  INVENTORY_URL, INVENTORY_TOKEN, …     what the catalogue's systems and receivers name
Of ORDO_… variables, <name>_FILE may name a file that holds the value.
"""

logger = structlog.get_logger("worker")
Result = TypeVar("Result")


class CannotRun(Exception):
    """The message says why, and what to do."""


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="worker.py",
        description="Runs orders: their workflows, and the calls to systems.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--address", metavar="HOST:PORT", help="of Temporal (default: its profile, else localhost:7233)"
    )
    parser.add_argument("--namespace", metavar="NAME", help="of Temporal (default: its profile, else default)")
    parser.add_argument("--task-queue", metavar="NAME", default=TASK_QUEUE, help="default: %(default)s")
    parser.add_argument("--definitions", metavar="DIR", type=Path, default=Path("definitions"), help="the catalogue")
    parser.add_argument(
        "--environment", metavar="FILE", type=Path, help="`kind: system` documents, laid over the catalogue's"
    )
    return parser.parse_args(given)


class _Ending(asyncio.Event):
    """Set by SIGTERM and SIGINT. A second signal ends the process at once."""

    def listen(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._signalled)

    def _signalled(self) -> None:
        if self.is_set():
            os._exit(1)
        self.set()

    async def before(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        """What `work` gives, or None where the end came first; then the work is cancelled."""
        working, ending = asyncio.create_task(work), asyncio.create_task(self.wait())
        await asyncio.wait((working, ending), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if working.done():
            return await working
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        return None


def _catalogue(options: argparse.Namespace) -> CatalogueInForce:
    try:
        return CatalogueInForce(options.definitions, options.environment, unknown_activities)
    except CatalogueUnusable as unusable:
        problems = "\n".join(f"  {problem}" for problem in unusable.problems)
        raise CannotRun(f"The worker cannot start with the catalogue {options.definitions}:\n{problems}") from None


def duties_of(
    client: Client, task_queue: str, catalogues: CatalogueInForce, connections: Connections, switches: SystemSwitches
) -> Duties:
    """Everything that a worker can do."""
    mailboxes = Mailboxes(
        MAILBOX_TYPE, task_queue, lambda name, key: mailbox_id(key=key, name=name), order_workflow_id=workflow_id
    )
    tokens = Tokens()
    calls = SystemCalls(catalogues, connections, tokens, SystemHealth(switches.trip))
    probes, rates = SystemProbes(catalogues, connections, tokens), QueueRates(client, catalogues)
    events = EventSubscriptions(client, mailboxes)
    others = OtherOrders(client, mailboxes, lambda order_id: mailbox_id(order_id=order_id))
    own: list[Callable[..., Any]] = [
        OrderCompiler(catalogues).compile_order,
        AmendmentCompiler(catalogues).compile_amendment,
        events.subscribe,
        events.unsubscribe,
        others.watch,
        ReturningEvents(client, mailboxes, lambda order_id: mailbox_id(order_id=order_id)).give_back,
        Matching(catalogues).match,
        HandingOver(client, Outboxes(OUTBOX_TYPE, task_queue, outbox_id)).hand_over,
        probes.probe_system,
        rates.set_queue_rate,
    ]
    return Duties(
        workflows=[FulfilOrder, EventMailbox, OrderOutbox, SystemSwitch],
        activities=[*own, *registered().values()],
        calls=[calls.call_system, calls.poll_system],
        notifications=[Notifications(catalogues, Webhooks(connections)).deliver],
    )


def _warn_of_callbacks(catalogue: Catalogue) -> None:
    """Orders without such calls need no gateway; those with them would park their steps one by one."""
    steps = (step.definition for workstream in catalogue.workstreams.values() for step in workstream.steps.values())
    if not any(step.call is not None and step.call.callback is not None for step in steps):
        return
    try:
        callback_settings()
    except ValueError as error:
        logger.warning("calls that complete by callback will fail", reason=str(error))


async def _reached(where: Address) -> Client:
    try:
        client = await connected(where)
        await ensure_search_attributes(client)
    except (ProfileUnreadable, SearchAttributesUnusable) as error:
        raise CannotRun(str(error)) from None
    return client


async def run(options: argparse.Namespace) -> None:
    """Until SIGTERM or SIGINT. Raises CannotRun."""
    ending = _Ending()
    ending.listen()
    catalogues = _catalogue(options)
    _warn_of_callbacks(catalogues.current.catalogue)
    client = await ending.before(_reached(Address(options.address, options.namespace)))
    if client is None:
        return
    connections = Connections()
    switches = SystemSwitches(client, options.task_queue)
    duties = duties_of(client, options.task_queue, catalogues, connections, switches)
    fleet = Fleet(client, options.task_queue, duties, GRACE)
    catalogues.listeners += [fleet.follow_soon, switches.announce_soon]
    await fleet.start(await catalogues.refreshed())
    in_force = catalogues.current
    switches.announce_soon(in_force)
    logger.info(
        "worker ready", task_queue=options.task_queue, namespace=client.namespace,
        catalogue_version=in_force.catalogue.version, systems=sorted(in_force.systems),
    )  # fmt: skip
    watching = asyncio.create_task(catalogues.watch())
    try:
        await ending.before(fleet.failed())
    except Exception as error:
        raise CannotRun(f"The worker has stopped: {error}") from error
    finally:
        watching.cancel()
        logger.info("worker ends", grace=GRACE.total_seconds())
        await switches.stop()
        await fleet.stop()
        await connections.close()
    logger.info("worker ended")


def main(given: list[str] | None = None) -> int:
    """The exit code: 0 after a clean end, 1 where the worker cannot run, 2 for wrong usage."""
    options = _arguments(given)
    set_up_logs()
    try:
        asyncio.run(run(options))
    except CannotRun as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Threads of Temporal's core may still speak while the interpreter goes away, and would take it down with them.
    os._exit(code)

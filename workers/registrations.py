"""What a worker runs: its workflows and activities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from temporalio.client import Client

from activities.bulk.bulk_updates import BulkUpdates
from activities.calls.breaker_reports import SystemHealth
from activities.calls.call_system import SystemCalls
from activities.calls.system_probe import QueueRates, SystemProbes
from activities.compilation.catalogue_versions import CatalogueVersions
from activities.compilation.compile_amendment import AmendmentCompiler
from activities.compilation.compile_order import OrderCompiler
from activities.compilation.live_catalogue import LiveCatalogue
from activities.mailboxes.cross_order_watch import CrossOrderWatch
from activities.mailboxes.event_return import EventReturn
from activities.mailboxes.mailboxes import Mailboxes
from activities.mailboxes.subscriptions import EventSubscriptions
from activities.notifications.delivery import NotificationDelivery
from activities.notifications.outbox_handover import OutboxHandover
from activities.notifications.receiver_matching import ReceiverMatching
from activities.notifications.webhook import WebhookSender
from activities.registry import fail_unregistered, registered_activities
from activities.systems.connections import ConnectionPools
from activities.systems.oauth_tokens import TokenCache
from catalogue_store.stored_versions import StoredVersions
from workers.fleet import Registrations
from workers.switches import SwitchClient
from workflows.bulk_action import BulkAction
from workflows.catalogue_content import CatalogueContent
from workflows.contract.order_messages import (
    MAILBOX_WORKFLOW_TYPE,
    OUTBOX_WORKFLOW_TYPE,
    mailbox_workflow_id,
    order_workflow_id,
    outbox_workflow_id,
)
from workflows.deployed_catalogue import DeployedCatalogue
from workflows.event_mailbox import EventMailbox
from workflows.fulfil_order import FulfilOrder
from workflows.order_outbox import OrderOutbox
from workflows.published_catalogue import PublishedCatalogue
from workflows.system_switch import SystemSwitch


def build_registrations(
    client: Client, task_queue: str, live_catalogue: LiveCatalogue, connections: ConnectionPools, switches: SwitchClient
) -> Registrations:
    """The workflows and activities of a worker."""
    mailboxes = Mailboxes(
        client,
        MAILBOX_WORKFLOW_TYPE,
        task_queue,
        event_mailbox_id=lambda name, key: mailbox_workflow_id(key=key, name=name),
        order_mailbox_id=lambda order_id: mailbox_workflow_id(order_id=order_id),
        order_workflow_id=order_workflow_id,
    )
    tokens = TokenCache()
    calls = SystemCalls(live_catalogue, connections, tokens, SystemHealth(switches.trip))
    probes, rates = SystemProbes(live_catalogue, connections, tokens), QueueRates(client, live_catalogue)
    bulk = BulkUpdates(client)
    subscriptions, stored_versions = EventSubscriptions(mailboxes), StoredVersions(client, task_queue)
    own: list[Callable[..., Any]] = [
        OrderCompiler(live_catalogue).compile_order,
        AmendmentCompiler(CatalogueVersions(live_catalogue, stored_versions.read_definitions)).compile_amendment,
        subscriptions.subscribe,
        subscriptions.unsubscribe,
        CrossOrderWatch(mailboxes).watch,
        EventReturn(mailboxes).return_events,
        ReceiverMatching(live_catalogue).match,
        OutboxHandover(client, OUTBOX_WORKFLOW_TYPE, task_queue, outbox_workflow_id).hand_over,
        bulk.send,
        bulk.ask,
        probes.probe_system,
        rates.set_queue_rate,
    ]
    return Registrations(
        workflows=[
            FulfilOrder,
            EventMailbox,
            OrderOutbox,
            SystemSwitch,
            DeployedCatalogue,
            CatalogueContent,
            PublishedCatalogue,
            BulkAction,
        ],
        activities=[*own, *registered_activities().values(), fail_unregistered],
        calls=[calls.call_system, calls.poll_system],
        notifications=[NotificationDelivery(live_catalogue, WebhookSender(connections)).deliver],
    )

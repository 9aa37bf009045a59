"""A catalogue with receivers that are real HTTP servers, workers with everything but systems, and orders on them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from activities.compilation.catalogue_versions import CatalogueVersions
from activities.compilation.compile_amendment import AmendmentCompiler
from activities.compilation.compile_order import OrderCompiler
from activities.compilation.live_catalogue import LiveCatalogue
from activities.notifications.delivery import NotificationDelivery
from activities.notifications.outbox_handover import OutboxHandover
from activities.notifications.receiver_matching import ReceiverMatching
from activities.notifications.webhook import WebhookSender
from activities.systems.connections import ConnectionPools
from catalogue_store.stored_versions import StoredVersions
from tests.support.servers.scripted_system import Received, ScriptedServer
from tests.support.servers.temporal import working
from workflows.contract.order_messages import (
    ORDER_WORKFLOW_TYPE,
    OUTBOX_WORKFLOW_TYPE,
    UPDATE_DECISION,
    ActionResult,
    Actor,
    AmendOrder,
    AmendResult,
    FulfilOrderInput,
    StepAction,
    SubmissionDecision,
    order_workflow_id,
    outbox_workflow_id,
)
from workflows.contract.outbox_messages import QUERY_OUTBOX, OutboxView

PATIENCE = 60.0
"""Seconds that anything may take before a test gives up; nothing is measured by it."""
DEADLINE = timedelta(seconds=20)
QUICK = "retry: {max_attempts: 1000, initial: 50ms, backoff: 1}"

OFFER = """
kind: commercial_product
id: gate
steps:
  open: {milestone: true}
  lock: {manual: {queue: field_ops, instructions: Lock it}, after: [open]}
"""


async def until(holds: Callable[[], Any]) -> Any:
    """The first value of `holds` that is true."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if value := holds():
                return value
            await asyncio.sleep(0.02)


def receiver(name: str, url: str, *, events: str = "[order.*]", retry: str = QUICK, more: str = "") -> str:
    return f"kind: receiver\nid: {name}\nurl: {url}\nevents: {events}\n{retry}\n{more}\n"


def types(server: ScriptedServer) -> list[str]:
    return [each.json["type"] for each in server.received]


def ids(server: ScriptedServer) -> list[str]:
    return [each.json["id"] for each in server.received]


async def delivered(server: ScriptedServer, event_type: str) -> Received:
    """The first delivery of this type."""

    def found() -> Received | None:
        return next((each for each in server.received if each.json["type"] == f"ordo.{event_type}"), None)

    received: Received = await until(found)
    return received


def order_of(order_id: str, product: str = "gate", tier: str = "gold", lines: int = 1) -> dict[str, Any]:
    return {
        "id": order_id,
        "customer": {"id": "C-1", "name": "Ann Example", "tier": tier},
        "lines": [{"id": str(number), "product": product} for number in range(1, lines + 1)],
    }


@dataclass
class Site:
    client: Client
    folder: Path
    task_queue: str
    catalogues: LiveCatalogue

    async def define(self, name: str, text: str) -> None:
        (self.folder / f"{name}.yaml").write_text(text)
        await self.catalogues.refresh()

    async def submit(
        self, order_id: str | None = None, product: str = "gate", tier: str = "gold", lines: int = 1
    ) -> SubmissionDecision:
        order_id = order_id or f"N-{uuid.uuid4().hex[:8]}"
        order = order_of(order_id, product, tier, lines)
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            ORDER_WORKFLOW_TYPE,
            FulfilOrderInput(order=order),
            id=order_workflow_id(order_id),
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        decision: SubmissionDecision = await self.client.execute_update_with_start_workflow(
            UPDATE_DECISION, start_workflow_operation=start, result_type=SubmissionDecision, rpc_timeout=DEADLINE
        )
        return decision

    async def amend(self, order_id: str, **order: Any) -> AmendResult:
        """`order`: as for order_of; with `order`, the whole new order."""
        amendment = AmendOrder(order=order.get("order") or order_of(order_id, **order), actor=Actor(by="ann"))
        result: AmendResult = await self.client.get_workflow_handle(order_workflow_id(order_id)).execute_update(
            "amend", amendment, result_type=AmendResult, rpc_timeout=DEADLINE
        )
        return result

    async def lock(self, order_id: str, line: int = 1) -> None:
        act = StepAction(step=f"gate.lock@{line}", actor=Actor(by="ann", reason="done"), data={})
        await self.client.get_workflow_handle(order_workflow_id(order_id)).execute_update(
            "complete", act, result_type=ActionResult, rpc_timeout=DEADLINE
        )

    async def ended(self, order_id: str) -> str:
        result = await asyncio.wait_for(self.client.get_workflow_handle(order_workflow_id(order_id)).result(), PATIENCE)
        return str(result["state"])

    def outbox(self, order_id: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(outbox_workflow_id(order_id))

    async def contents(self, order_id: str) -> OutboxView:
        view: OutboxView = await self.outbox(order_id).query(QUERY_OUTBOX, result_type=OutboxView, rpc_timeout=DEADLINE)
        return view

    async def contents_until(self, order_id: str, holds: Callable[[OutboxView], bool]) -> OutboxView:
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(RPCError):  # it is not there yet
                    if holds(view := await self.contents(order_id)):
                        return view
                await asyncio.sleep(0.05)

    async def outbox_ended(self, order_id: str) -> bool:
        await asyncio.wait_for(self.outbox(order_id).result(), PATIENCE)
        description = await self.outbox(order_id).describe()
        return description.status is WorkflowExecutionStatus.COMPLETED


@asynccontextmanager
async def site_at(client: Client, folder: Path, *, cached: int = 1_000) -> AsyncIterator[Site]:
    """`folder` holds at least the offer. With `cached=0` every workflow is replayed at every task."""
    task_queue = f"tests-{uuid.uuid4().hex[:8]}"
    (folder / "offer.yaml").write_text(OFFER)
    catalogues = LiveCatalogue(folder)
    connections = ConnectionPools()
    own: list[Callable[..., Any]] = [
        OrderCompiler(catalogues).compile_order,
        AmendmentCompiler(
            CatalogueVersions(catalogues, StoredVersions(client, task_queue).read_definitions)
        ).compile_amendment,
        ReceiverMatching(catalogues).match,
        OutboxHandover(client, OUTBOX_WORKFLOW_TYPE, task_queue, outbox_workflow_id).hand_over,
    ]
    deliver = [NotificationDelivery(catalogues, WebhookSender(connections)).deliver]
    try:
        async with working(client, task_queue, own, notifications=deliver, cached=cached):
            yield Site(client, folder, task_queue, catalogues)
    finally:
        await connections.close()

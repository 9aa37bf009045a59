"""All that a client may ask of orders, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from temporalio.client import Client

from operations import systems
from operations.actions import amend_order, step_and_order_actions
from operations.actions.amend_order import AmendCommand
from operations.actions.step_and_order_actions import OrderCommand, StepCommand
from operations.blockers import cross_order_blockers
from operations.blockers.order_blockers import Blocker, find_blockers
from operations.bulk import bulk_actions
from operations.bulk.bulk_actions import BulkCommand
from operations.bulk.bulk_runner import BulkPacing, BulkRunner
from operations.bulk.bulk_selection import BulkSelection
from operations.errors import NoWorker
from operations.events import deliver_events, undelivered_notifications
from operations.events.deliver_events import DeliveryResult
from operations.events.undelivered_notifications import UndeliveredList
from operations.reading import deployed_catalogue, list_orders, order_details, worklists
from operations.reading.list_orders import OrderFilter, OrderPage
from operations.reading.order_details import OrderDetails
from operations.reading.order_summary import OrderSummary
from operations.reading.worklists import StepWorklist, is_in_queue
from operations.submission import submit_order
from operations.submission.submit_order import SubmissionResult
from operations.systems import SystemStatus
from operations.temporal.connection import ConnectionSettings, check_server, connect, server_address
from workflows.contract.catalogue_messages import WorkerCatalogue
from workflows.contract.order_messages import (
    TASK_QUEUE,
    ActionResult,
    Actor,
    AmendResult,
    CallbackDelivery,
    EventDelivery,
)
from workflows.contract.order_views import StepsPage, StepsPageRequest
from workflows.contract.outbox_messages import OutboxView, ResendResult
from workflows.contract.states import OrderState, StepState
from workflows.contract.switch_messages import SwitchResult


class OrderClient:
    """Every method raises OperationError: ServerUnreachable, NoWorker, NotFound, Refused, TimedOut."""

    def __init__(self, client: Client, task_queue: str = TASK_QUEUE) -> None:
        self.client = client
        self.task_queue = task_queue

    @classmethod
    async def connect(cls, settings: ConnectionSettings | None = None, *, lazy: bool = False) -> OrderClient:
        settings = settings or ConnectionSettings()
        return cls(await connect(settings, lazy=lazy), settings.task_queue)

    @property
    def address(self) -> str:
        return server_address(self.client)

    async def check_server(self) -> None:
        """Whether Temporal answers, and knows the namespace."""
        await check_server(self.client)

    async def submit(
        self, order: dict[str, Any], *, new_revision: bool = False, decision_timeout: float = 15.0
    ) -> SubmissionResult:
        return await submit_order.submit_order(
            self.client, order, self.task_queue, new_revision=new_revision, decision_timeout=decision_timeout
        )

    async def read(self, order_id: str, *, steps: bool = True) -> OrderDetails:
        return await order_details.read_order(self.client, order_id, steps=steps)

    async def read_steps_page(
        self,
        order_id: str,
        offset: int = 0,
        limit: int = order_details.STEPS_PAGE_SIZE,
        states: Sequence[StepState] | None = None,
    ) -> StepsPage:
        request = StepsPageRequest(offset=offset, limit=limit, states=list(states) if states else None)
        return await order_details.read_steps_page(self.client, order_id, request)

    async def list_orders(self, criteria: OrderFilter | None = None, cursor: str | None = None) -> OrderPage:
        """One page: open orders, newest first, then ended ones, last ended first."""
        return await list_orders.list_orders(self.client, criteria or OrderFilter(), cursor)

    async def count_orders(self, criteria: OrderFilter | None = None) -> dict[OrderState, int]:
        """How many orders fit, by state; states without any are left out."""
        return await list_orders.count_orders(self.client, criteria or OrderFilter())

    async def wait_until_ended(self, order_id: str, timeout: float | None = None) -> OrderSummary:  # noqa: ASYNC109
        """The order as it ended; `timeout` in seconds."""
        return await step_and_order_actions.wait_until_ended(self.client, order_id, timeout)

    async def deliver_event(self, order_id: str, event: EventDelivery) -> DeliveryResult:
        return await deliver_events.deliver_event(self.client, order_id, event, self.task_queue)

    async def deliver_event_by_key(self, event: EventDelivery) -> DeliveryResult:
        return await deliver_events.deliver_event_by_key(self.client, event, self.task_queue)

    async def deliver_callback(self, order_id: str, callback: CallbackDelivery) -> DeliveryResult:
        return await deliver_events.deliver_callback(self.client, order_id, callback)

    async def deliver_callback_by_id(self, secret: bytes, callback_id: str, payload: Any) -> DeliveryResult:
        """`callback_id`: the one that the call was made with; it tells order and step. NotFound for any other text."""
        return await deliver_events.deliver_callback_by_id(self.client, secret, callback_id, payload)

    async def act_on_step(self, command: StepCommand) -> ActionResult:
        """Retries, skips or completes a step, moves its time (`data`: workflows.core.actions.reschedule.NewTime)."""
        return await step_and_order_actions.act_on_step(self.client, command)

    async def amend(self, command: AmendCommand) -> AmendResult:
        """Changes the order to the whole new one, or, with `dry_run`, says what that would do."""
        return await amend_order.amend_order(self.client, command)

    async def act_on_order(self, command: OrderCommand) -> ActionResult:
        """Cancels, rolls back, redoes from a step, holds or resumes; or, with `assess`, says what that would do."""
        return await step_and_order_actions.act_on_order(self.client, command)

    async def add_note(self, order_id: str, text: str, actor: Actor, step: str | None = None) -> ActionResult:
        return await step_and_order_actions.add_note(self.client, order_id, text, actor, step)

    async def set_characteristics(self, order_id: str, characteristics: dict[str, Any], actor: Actor) -> ActionResult:
        return await step_and_order_actions.set_characteristics(self.client, order_id, characteristics, actor)

    async def list_fallout(self, limit: int = 100) -> StepWorklist:
        """Steps in fallout, over all running orders."""
        return await worklists.list_fallout(self.client, OrderFilter(limit=limit))

    async def list_tasks(self, queue: str | None = None, limit: int = 100) -> StepWorklist:
        """Steps that wait for a person, over all running orders: manual ones, and those escalated to a queue."""
        tasks = await worklists.list_tasks(self.client, OrderFilter(limit=limit))
        items = [task for task in tasks.items if queue is None or is_in_queue(task.step, queue)]
        return StepWorklist(items, tasks.unanswered_orders)

    async def list_undelivered(self, receiver: str | None = None, limit: int = 100) -> UndeliveredList:
        """Events that were given up, over all orders."""
        return await undelivered_notifications.list_undelivered(self.client, receiver, limit)

    async def read_outbox(self, order_id: str) -> OutboxView:
        """Everything of one order that receivers have not got yet."""
        return await undelivered_notifications.read_outbox(self.client, order_id)

    async def resend(
        self, order_id: str, receiver: str | None = None, events: Sequence[str] | None = None
    ) -> ResendResult:
        """Sends what was given up once more, and at once what waits; None: to all receivers, all events."""
        return await undelivered_notifications.resend(
            self.client, order_id, receiver, None if events is None else [*events]
        )

    async def find_blockers(self, order_id: str, step: str | None = None) -> tuple[OrderDetails, Sequence[Blocker]]:
        """The order, and what it (or `step`, by id or number) waits for now, in other orders, too. NoWorker where that
        cannot be told."""
        found = await self.read(order_id)
        if step and found.source == "record":
            raise NoWorker(f"Order {order_id}")
        reasons = find_blockers(found.order, found.steps, found.step(step) if step else None)
        return found, await cross_order_blockers.trace_cross_order(self.read, found, reasons)

    async def read_history(self, order_id: str) -> OrderDetails:
        """The order without its steps; `order.history` has who did what, when and why. NoWorker: nobody can tell."""
        found = await self.read(order_id, steps=False)
        if found.source == "record":
            raise NoWorker(f"Order {order_id}")
        return found

    async def select_bulk_targets(self, command: BulkCommand) -> BulkSelection:
        """Whom it is for."""
        return await bulk_actions.select_targets(self.client, command)

    def create_bulk_runner(self, command: BulkCommand, pacing: BulkPacing) -> BulkRunner:
        """Does it to those that `bulk_selection` has found."""
        return bulk_actions.create_runner(self.client, command, pacing)

    async def list_systems(self) -> Sequence[SystemStatus]:
        """Every system that this deployment's workers know, with its switch and what waits for it."""
        return await systems.list_systems(self.client, self.task_queue)

    async def read_worker_catalogues(self) -> Sequence[WorkerCatalogue]:
        """What each live worker of this deployment has in force, and which edit it refused."""
        return await deployed_catalogue.read_worker_catalogues(self.client, self.task_queue)

    async def switch_system(self, system: str, target_state: Literal["on", "off"], actor: Actor) -> SwitchResult:
        return await systems.switch_system(self.client, self.task_queue, system, target_state, actor)

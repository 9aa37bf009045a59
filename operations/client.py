"""All that a client may ask of orders, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from temporalio.client import Client

from operations.actions import amend_order, step_and_order_actions
from operations.actions.amend_order import Amendment
from operations.actions.step_and_order_actions import OrderCommand, StepCommand
from operations.blockers import cross_order_blockers
from operations.blockers.order_blockers import Reason, why
from operations.bulk import bulk_actions
from operations.bulk.bulk_actions import BulkCommand
from operations.bulk.bulk_runner import Pace, Runner
from operations.bulk.bulk_selection import Selection
from operations.errors import NoWorker
from operations.events import deliver_events, undelivered_notifications
from operations.events.deliver_events import Delivered
from operations.events.undelivered_notifications import UndeliveredList
from operations.reading import list_orders, read_order, systems
from operations.reading.list_orders import OrderFilter, OrderSummary
from operations.reading.read_order import OPEN, OrderReading, StepList, is_in, is_task
from operations.reading.systems import SystemReading
from operations.submission import submit_order
from operations.submission.submit_order import Submission
from operations.temporal.connection import ConnectionSettings, address_of, check_server, connect
from workflows.contract.order_messages import TASK_QUEUE, ActAnswer, Actor, AmendAnswer, CallbackDelivery, EventDelivery
from workflows.contract.order_views import StepsPage, StepsPageRequest
from workflows.contract.outbox_messages import OutboxView, ResendAnswer
from workflows.contract.states import StepState
from workflows.contract.switch_messages import SwitchAnswer


class Orders:
    """Every method raises OperationError: ServerUnreachable, NoWorker, NotFound, Refused, TimedOut."""

    def __init__(self, client: Client, task_queue: str = TASK_QUEUE) -> None:
        self.client = client
        self.task_queue = task_queue

    @classmethod
    async def connect(cls, settings: ConnectionSettings | None = None, *, lazy: bool = False) -> Orders:
        settings = settings or ConnectionSettings()
        return cls(await connect(settings, lazy=lazy), settings.task_queue)

    @property
    def address(self) -> str:
        return address_of(self.client)

    async def check_server(self) -> None:
        """Whether Temporal answers, and knows the namespace."""
        await check_server(self.client)

    async def submit(self, order: dict[str, Any], *, revision: bool = False, deadline: float = 15.0) -> Submission:
        return await submit_order.submit(self.client, order, self.task_queue, revision=revision, deadline=deadline)

    async def read(self, order_id: str, *, steps: bool = True) -> OrderReading:
        return await read_order.read(self.client, order_id, steps=steps)

    async def steps_page(
        self, order_id: str, offset: int = 0, limit: int = read_order.PAGE, states: Sequence[StepState] | None = None
    ) -> StepsPage:
        request = StepsPageRequest(offset=offset, limit=limit, states=list(states) if states else None)
        return await read_order.steps_with_attempts(self.client, order_id, request)

    async def list(self, wanted: OrderFilter | None = None) -> list[OrderSummary]:
        return await list_orders.list_orders(self.client, wanted or OrderFilter())

    async def wait(self, order_id: str, timeout: float | None = None) -> OrderSummary:  # noqa: ASYNC109
        """The order as it ended; `timeout` in seconds."""
        return await step_and_order_actions.wait_until_ended(self.client, order_id, timeout)

    async def event(self, order_id: str, event: EventDelivery) -> Delivered:
        return await deliver_events.deliver_event(self.client, order_id, event, self.task_queue)

    async def event_by_key(self, event: EventDelivery) -> Delivered:
        return await deliver_events.deliver_by_key(self.client, event, self.task_queue)

    async def callback(self, order_id: str, callback: CallbackDelivery) -> Delivered:
        return await deliver_events.deliver_callback(self.client, order_id, callback)

    async def callback_by_id(self, secret: bytes, callback_id: str, payload: Any) -> Delivered:
        """`callback_id`: the one that the call was made with; it tells order and step. NotFound for any other text."""
        return await deliver_events.deliver_callback_by_id(self.client, secret, callback_id, payload)

    async def act(self, command: StepCommand) -> ActAnswer:
        """Retries, skips or completes a step, moves its time (`data`: workflows.core.actions.reschedule.NewTime)."""
        return await step_and_order_actions.act_on_step(self.client, command)

    async def amend(self, wanted: Amendment) -> AmendAnswer:
        """Changes the order to the whole new one, or, with `dry_run`, says what that would do."""
        return await amend_order.amend(self.client, wanted)

    async def act_on_order(self, command: OrderCommand) -> ActAnswer:
        """Cancels, rolls back, redoes from a step, holds or resumes; or, with `assess`, says what that would do."""
        return await step_and_order_actions.act_on_order(self.client, command)

    async def note(self, order_id: str, text: str, actor: Actor, step: str | None = None) -> ActAnswer:
        return await step_and_order_actions.write_note(self.client, order_id, text, actor, step)

    async def set(self, order_id: str, characteristics: dict[str, Any], actor: Actor) -> ActAnswer:
        return await step_and_order_actions.set_characteristics(self.client, order_id, characteristics, actor)

    async def fallout(self, limit: int = 100) -> StepList:
        """Steps in fallout, over all running orders."""
        wanted = OrderFilter(fallout=True, limit=limit)
        return await read_order.steps_across(self.client, wanted, [StepState.FATALLY_FAILED], None)

    async def tasks(self, queue: str | None = None, limit: int = 100) -> StepList:
        """Steps that wait for a person, over all running orders: manual ones, and those escalated to a queue."""
        wanted = OrderFilter(open_tasks=True, limit=limit)
        tasks = await read_order.steps_across(self.client, wanted, list(OPEN), None)
        found = [task for task in tasks.found if is_task(task.step) and (queue is None or is_in(task.step, queue))]
        return StepList(found, tasks.unanswered)

    async def undelivered(self, receiver: str | None = None, limit: int = 100) -> UndeliveredList:
        """Events that were given up, over all orders."""
        return await undelivered_notifications.list_undelivered(self.client, receiver, limit)

    async def undelivered_of(self, order_id: str) -> OutboxView:
        """Everything of one order that receivers have not got yet."""
        return await undelivered_notifications.undelivered_of(self.client, order_id)

    async def resend(
        self, order_id: str, receiver: str | None = None, events: Sequence[str] | None = None
    ) -> ResendAnswer:
        """Sends what was given up once more, and at once what waits; None: to all receivers, all events."""
        return await undelivered_notifications.resend(
            self.client, order_id, receiver, None if events is None else [*events]
        )

    async def why(self, order_id: str, step: str | None = None) -> tuple[OrderReading, Sequence[Reason]]:
        """The order, and what it (or `step`, by id or number) waits for now, in other orders, too. NoWorker where that
        cannot be told."""
        found = await self.read(order_id)
        if step and found.source == "record":
            raise NoWorker(f"Order {order_id}")
        reasons = why(found.order, found.steps, found.step(step) if step else None)
        return found, await cross_order_blockers.followed(self.read, found, reasons)

    async def history(self, order_id: str) -> OrderReading:
        """The order without its steps; `order.history` has who did what, when and why. NoWorker: nobody can tell."""
        found = await self.read(order_id, steps=False)
        if found.source == "record":
            raise NoWorker(f"Order {order_id}")
        return found

    async def bulk_selection(self, command: BulkCommand) -> Selection:
        """Whom it is for."""
        return await bulk_actions.select(self.client, command)

    def bulk_runner(self, command: BulkCommand, pace: Pace) -> Runner:
        """Does it to those that `bulk_selection` has found."""
        return bulk_actions.runner(self.client, command, pace)

    async def systems(self) -> Sequence[SystemReading]:
        """Every system that this deployment's workers know, with its switch and what waits for it."""
        return await systems.list_systems(self.client, self.task_queue)

    async def switch_system(self, system: str, to: Literal["on", "off"], actor: Actor) -> SwitchAnswer:
        return await systems.switch_system(self.client, self.task_queue, system, to, actor)

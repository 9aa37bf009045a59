"""A slot: a namespace and a worker, on which one scenario runs after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import httpx
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import ExecuteActivityInput, UnsandboxedWorkflowRunner, Worker

from activity_contract.activity_names import (
    ACTIVITY_NAMES,
    CALL_SYSTEM,
    COMPILE_ORDER,
    DELIVER_EVENTS,
    POLL_SYSTEM,
    SET_QUEUE_RATE,
)
from activity_contract.calls import StepActivity
from activity_contract.notifications import DeliveryOutcome, NotificationFilter
from activity_contract.system_switch import QueueRateInput, QueueRateResult
from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.pretended import Pretended
from compiler.language.event_types import EVENT_TYPES
from compiler.language.scenario_answers import ReceiverAnswer
from compiler.language.systems import System
from operations.client import OrderClient
from scenarios.pretend.messages import PretendRequest, PretendResponse
from scenarios.server_run.gateway import GatewayClient
from scenarios.server_run.http_systems import GATEWAY_PATH
from scenarios.server_run.interceptors import Execute, ScenarioInterceptor
from scenarios.server_run.order_workflow import RUNNING, ScenarioOrder
from scenarios.server_run.own_workflows import OwnWorkflows
from scenarios.server_run.rejected_run import RejectedRun
from scenarios.server_run.server_run import ServerRun
from scenarios.server_run.work_counter import WorkCounter
from workers.fixed_catalogue import FixedCatalogue, fixed_registrations
from workers.sdk_settings import apply_order_settings
from workers.search_attribute_registration import ensure_search_attributes
from workers.switches import SwitchClient
from workflows.contract.order_messages import TASK_QUEUE
from workflows.event_mailbox import EventMailbox
from workflows.order_outbox import OrderOutbox
from workflows.system_switch import SystemSwitch

NOBODY = "no scenario runs in this slot"


@dataclass(frozen=True)
class Outside:
    """What all slots share."""

    address: str
    """Where they are served over HTTP."""
    http: httpx.AsyncClient
    """With this, systems send callbacks and events."""
    token: str
    """Of their gateways."""
    secret: bytes
    """Of callback ids."""


class Slot:
    """`client` sees only the workflows of the scenario that runs. They are ended with it."""

    def __init__(self, client: Client, catalogue: Catalogue, outside: Outside) -> None:
        self.name = client.namespace
        self.catalogue = catalogue
        self.own = OwnWorkflows()
        self.work = WorkCounter()
        config = client.config()
        config["interceptors"] = [*config["interceptors"], self.own]
        self.client = Client(**config)
        self.orders = OrderClient(self.client)
        self.switches = SwitchClient(self.client, TASK_QUEUE)
        address = f"{outside.address}/{self.name}"
        self.gateway_client = GatewayClient(outside.http, f"{address}{GATEWAY_PATH}", outside.token, outside.secret)
        systems = {name: pretended(one, address) for name, one in catalogue.systems.items()}
        self.systems = FixedCatalogue(catalogue, systems, Pretended(address).redirect(catalogue).receivers)
        self._run: ServerRun | RejectedRun | None = None

    def _current_run(self) -> ServerRun:
        """Of an order that is accepted."""
        if not isinstance(self._run, ServerRun):
            raise RuntimeError(NOBODY)
        return self._run

    def _any_run(self) -> ServerRun | RejectedRun:
        if self._run is None:
            raise RuntimeError(NOBODY)
        return self._run

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """While the worker of this slot runs."""
        registrations = fixed_registrations(self.client, TASK_QUEUE, self.systems)
        handlers = {
            CALL_SYSTEM: self._call,
            POLL_SYSTEM: self._poll,
            COMPILE_ORDER: self._compile,
            DELIVER_EVENTS: self._deliver,
            SET_QUEUE_RATE: self._set_rate,
        }
        passed = dict.fromkeys(ACTIVITY_NAMES - handlers.keys(), _pass)
        await ensure_search_attributes(self.client)
        worker = Worker(
            self.client,
            task_queue=TASK_QUEUE,
            workflows=[ScenarioOrder, EventMailbox, OrderOutbox, SystemSwitch],
            activities=[*registrations.activities, *registrations.calls, *registrations.notifications],
            workflow_runner=UnsandboxedWorkflowRunner(),
            interceptors=[ScenarioInterceptor({**passed, **handlers}, self._step_activity, self.work.attempt)],
            max_heartbeat_throttle_interval=timedelta(milliseconds=100),
            graceful_shutdown_timeout=timedelta(0),
        )
        async with apply_order_settings(worker):
            yield

    @asynccontextmanager
    async def running(self, run: ServerRun | RejectedRun) -> AsyncIterator[None]:
        """While this scenario runs here."""
        self._run = RUNNING[self.name] = run
        self.own.clocks = run.clocks
        try:
            yield
        finally:
            await self._end_workflows()
            del RUNNING[self.name]

    async def _end_workflows(self) -> None:
        """Ends what the scenario has left behind: mailboxes, switches, and an order that still waits."""
        await asyncio.gather(*(self._end(workflow_id) for workflow_id in self.own.take()))

    async def _end(self, workflow_id: str) -> None:
        with suppress(RPCError):  # it has ended by itself
            await self.client.get_workflow_handle(workflow_id).terminate("the scenario is over")

    async def answer(self, request: PretendRequest) -> PretendResponse:
        """A request that came over HTTP."""
        key = unquote(request.idempotency_key)
        return await self._current_run().answer(key, request)

    def receive(self, receiver: str, event: Any) -> ReceiverAnswer:
        """A notification that came over HTTP."""
        return self._any_run().receive(receiver, event)

    # the worker's activities

    async def _call(self, given: ExecuteActivityInput, execute: Execute) -> Any:
        return await self._current_run().attempts.call(given, execute, is_poll=False)

    async def _poll(self, given: ExecuteActivityInput, execute: Execute) -> Any:
        return await self._current_run().attempts.call(given, execute, is_poll=True)

    async def _compile(self, given: ExecuteActivityInput, execute: Execute) -> Any:
        """The order tells all its events, whoever receives them."""
        compiled = await execute(given)
        telling = NotificationFilter(events=list(EVENT_TYPES), receivers=sorted(self.catalogue.receivers))
        return compiled.model_copy(update={"telling": telling})

    async def _deliver(self, given: ExecuteActivityInput, execute: Execute) -> DeliveryOutcome:
        return await self._any_run().outbox.deliver(given, execute)

    async def _set_rate(self, given: ExecuteActivityInput, execute: Execute) -> QueueRateResult:
        """Calls wait, or go on, once the server has taken the rate of the switch."""
        rate: QueueRateInput = given.args[0]
        result: QueueRateResult = await execute(given)
        self._current_run().attempts.switch(rate.system, off=rate.per_second == 0)
        return result

    async def _step_activity(self, given: ExecuteActivityInput, _: Execute) -> Any:
        """A Python activity, which a scenario answers and never runs."""
        step: StepActivity = activity.payload_converter().from_payload(given.args[0][0].payload, StepActivity)
        return await self._current_run().step_activity(given, step)


async def _pass(given: ExecuteActivityInput, execute: Execute) -> Any:
    return await execute(given)


def pretended(system: System, address: str) -> System:
    """The system at its pretended address. It needs no secrets, and its breaker stays closed."""
    changes = {
        "base_url": f"{address}/{system.id}",
        "auth": None,
        "breaker": False,
        "headers": {name: value for name, value in system.headers.items() if "${" not in value},
    }
    return system.model_copy(update=changes)

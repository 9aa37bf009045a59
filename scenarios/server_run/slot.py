"""A slot: a namespace and a worker, on which one scenario runs after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import ExecuteActivityInput, UnsandboxedWorkflowRunner, Worker

from activity_contract.activity_names import ACTIVITY_NAMES, CALL_SYSTEM, COMPILE_ORDER, HAND_OVER_EVENTS, POLL_SYSTEM
from activity_contract.calls import StepActivity
from activity_contract.notifications import NotificationFilter
from compiler.catalogue.catalogue import Catalogue
from compiler.language.event_types import EVENT_TYPES
from compiler.language.systems import System
from scenarios.pretend.messages import PretendRequest, PretendResponse
from scenarios.server_run.interceptors import Execute, ScenarioInterceptor
from scenarios.server_run.order_workflow import RUNNING, ScenarioOrder
from scenarios.server_run.own_workflows import OwnWorkflows
from scenarios.server_run.server_run import ServerRun
from workers.fixed_catalogue import FixedCatalogue, fixed_registrations
from workers.search_attribute_registration import ensure_search_attributes
from workflows.contract.order_messages import TASK_QUEUE
from workflows.event_mailbox import EventMailbox

NOBODY = "no scenario runs in this slot"


class Slot:
    """`client` sees only the workflows of the scenario that runs. They are ended with it."""

    def __init__(self, client: Client, catalogue: Catalogue, address: str) -> None:
        """`address`: of the pretend systems of all slots."""
        self.name = client.namespace
        self.catalogue = catalogue
        self._own = OwnWorkflows()
        config = client.config()
        config["interceptors"] = [*config["interceptors"], self._own]
        self.client = Client(**config)
        systems = {name: pretended(one, f"{address}/{self.name}") for name, one in catalogue.systems.items()}
        self.systems = FixedCatalogue(catalogue, systems)
        self._run: ServerRun | None = None

    def _current_run(self) -> ServerRun:
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
            HAND_OVER_EVENTS: self._hand_over,
        }
        passed = dict.fromkeys(ACTIVITY_NAMES - handlers.keys(), _pass)
        await ensure_search_attributes(self.client)
        async with Worker(
            self.client,
            task_queue=TASK_QUEUE,
            workflows=[ScenarioOrder, EventMailbox],
            activities=[*registrations.activities, *registrations.calls],
            workflow_runner=UnsandboxedWorkflowRunner(),
            interceptors=[ScenarioInterceptor({**passed, **handlers}, self._step_activity)],
            max_heartbeat_throttle_interval=timedelta(milliseconds=100),
            graceful_shutdown_timeout=timedelta(0),
        ):
            yield

    @asynccontextmanager
    async def running(self, run: ServerRun) -> AsyncIterator[None]:
        """While this scenario runs here."""
        self._run = RUNNING[self.name] = run
        try:
            yield
        finally:
            await self._end_workflows()
            del RUNNING[self.name]

    async def _end_workflows(self) -> None:
        """Ends what the scenario has left behind: mailboxes, and an order that still waits."""
        for workflow_id in self._own.take():
            with suppress(RPCError):  # it has ended by itself
                await self.client.get_workflow_handle(workflow_id).terminate("the scenario is over")

    @property
    def started_workflows(self) -> set[str]:
        return self._own.ids

    async def answer(self, request: PretendRequest) -> PretendResponse:
        """A request that came over HTTP."""
        key = unquote(request.idempotency_key)
        return await self._current_run().answer(key, request)

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

    async def _hand_over(self, given: ExecuteActivityInput, _: Execute) -> None:
        self._current_run().told(given.args[0])

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

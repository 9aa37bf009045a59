"""Orders on a real server, with scripted activities."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from activity_contract.idempotency_key import idempotency_key
from compiler.plan.plan import Plan
from tests.support.core.plans import plan_of
from tests.support.servers.temporal import working
from tests.support.workflows.scripted_activities import Script
from workflows.contract.order_messages import (
    ORDER_WORKFLOW_TYPE,
    QUERY_OVERVIEW,
    QUERY_STEPS,
    SIGNAL_EVENT,
    UPDATE_CALLBACK,
    UPDATE_DECISION,
    UPDATE_EVENT,
    ActionResult,
    Actor,
    AmendOrder,
    AmendResult,
    CallbackDelivery,
    EventDelivery,
    FulfilOrderInput,
    OrderDeliveryResult,
    SetCharacteristics,
    StepAction,
    SubmissionDecision,
    order_workflow_id,
)
from workflows.contract.order_views import OrderView, StepsPage, StepsPageRequest, StepView

T = TypeVar("T")
DEADLINE = timedelta(seconds=20)
ANN = Actor(by="ann", reason="asked to")
KEY_TOKEN = "t1"


class Order:
    """A submitted order and what can be said to it. Steps are named as in `plan_of`."""

    def __init__(self, client: Client, order_id: str) -> None:
        self.id = order_id
        self.client = client
        self.first_run_id: str | None = None
        self.handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(order_workflow_id(order_id))

    async def view(self) -> OrderView:
        view: OrderView = await self.handle.query(QUERY_OVERVIEW, result_type=OrderView, rpc_timeout=DEADLINE)
        return view

    async def steps(self) -> dict[str, StepView]:
        """By the name in `plan_of`."""
        found: dict[str, StepView] = {}
        offset: int | None = 0
        while offset is not None:
            page: StepsPage = await self.handle.query(
                QUERY_STEPS, StepsPageRequest(offset=offset), result_type=StepsPage, rpc_timeout=DEADLINE
            )
            found |= {step.id.split(".")[1].split("@")[0]: step for step in page.steps}
            offset = page.next_offset
        return found

    async def states(self) -> dict[str, str]:
        return {name: step.state.value for name, step in (await self.steps()).items()}

    async def until(self, holds: Callable[[dict[str, StepView]], bool]) -> dict[str, StepView]:
        """Asks until it holds; a test that waits in vain fails with the states."""
        for _ in range(400):
            if holds(steps := await self.steps()):
                return steps
            await asyncio.sleep(0.05)
        raise AssertionError({name: step.state.value for name, step in steps.items()})

    async def until_state(self, **states: str) -> dict[str, StepView]:
        return await self.until(lambda steps: all(steps[name].state == state for name, state in states.items()))

    async def ended(self) -> str:
        """The state with which it ended."""
        result = await asyncio.wait_for(self.handle.result(), 60)
        return str(result["state"])

    async def event(
        self, name: str, key: str | None = None, payload: Any = None, **further: Any
    ) -> OrderDeliveryResult:
        event = EventDelivery(**{"event_id": uuid.uuid4().hex, "name": name, "key": key, "payload": payload, **further})
        return await self._update(UPDATE_EVENT, event, OrderDeliveryResult)

    async def signal_event(self, name: str, key: str | None = None, payload: Any = None, **further: Any) -> None:
        event = EventDelivery(**{"event_id": uuid.uuid4().hex, "name": name, "key": key, "payload": payload, **further})
        await self.handle.signal(SIGNAL_EVENT, event)

    async def call_back(self, name: str, payload: Any, event_id: str = "cb", number: int = 1) -> OrderDeliveryResult:
        step = f"camera.{name}@1"
        key = idempotency_key(self.id, step, "do", number, KEY_TOKEN)
        delivery = CallbackDelivery(step=step, key=key, payload=payload, event_id=event_id)
        return await self._update(UPDATE_CALLBACK, delivery, OrderDeliveryResult)

    async def act(self, act: str, name: str, data: Any = None, **further: Any) -> ActionResult:
        message = StepAction(step=f"camera.{name}@1", actor=ANN, data=data, **further)
        return await self._update(act, message, ActionResult)

    async def amend(self, script: Script, steps: Plan | Mapping[str, Any], **message: Any) -> AmendResult:
        """To these steps; `plan`: keywords of plan_of."""
        wanted = steps if isinstance(steps, Plan) else plan_of(steps, order=self.id, **message.pop("plan", {}))
        script.plans[self.id] = wanted
        asked = AmendOrder(order={"id": self.id}, actor=ANN, **message)
        return await self._update("amend", asked, AmendResult)

    async def set(self, **characteristics: Any) -> ActionResult:
        message = SetCharacteristics(characteristics=characteristics, actor=ANN)
        return await self._update("set", message, ActionResult)

    async def _update(self, name: str, message: Any, result_type: type[T]) -> T:
        """Again, if it reaches the order while a run ends: the task fails that would end it, and the update with it."""
        for _ in range(20):
            try:
                answer: T = await self.handle.execute_update(
                    name, message, result_type=result_type, rpc_timeout=DEADLINE
                )
            except RPCError as error:
                if "unexpected workflow task failure" not in error.message:
                    raise
                await asyncio.sleep(0.05)
            else:
                return answer
        raise AssertionError(f"the tasks of order {self.id} fail again and again")

    async def events(self, kind: EventType.ValueType | None = None) -> list[Any]:
        """Of the latest run's history; all, or those of one kind."""
        return [event async for event in self.handle.fetch_history_events() if kind in (None, event.event_type)]

    async def run_ids(self) -> list[str]:
        query = f"WorkflowId = '{order_workflow_id(self.id)}'"
        return [run.run_id async for run in self.client.list_workflows(query)]


class Desk:
    """Where orders are submitted; a task queue of its own."""

    def __init__(self, client: Client, task_queue: str, script: Script) -> None:
        self.client = client
        self.task_queue = task_queue
        self.script = script
        self.first_run_id: str | None = None
        """Of what was submitted last."""

    async def submit(self, steps: Plan | Mapping[str, Any], **plan: Any) -> Order:
        """Submits an order with this plan, and asserts that it is accepted."""
        order_id = f"O-{uuid.uuid4().hex[:8]}"
        self.script.plans[order_id] = steps if isinstance(steps, Plan) else plan_of(steps, order=order_id, **plan)
        decision = await self.send(order_id)
        assert decision.accepted
        order = Order(self.client, order_id)
        order.first_run_id = self.first_run_id
        return order

    async def send(self, order_id: str, memo: Mapping[str, Any] | None = None) -> SubmissionDecision:
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            ORDER_WORKFLOW_TYPE,
            FulfilOrderInput(order={"id": order_id}, key_token=KEY_TOKEN),
            id=order_workflow_id(order_id),
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            memo={"revision": 1, **(memo or {})},
        )
        decision: SubmissionDecision = await self.client.execute_update_with_start_workflow(
            UPDATE_DECISION, start_workflow_operation=start, result_type=SubmissionDecision, rpc_timeout=DEADLINE
        )
        self.first_run_id = (await start.workflow_handle()).first_execution_run_id
        return decision


@asynccontextmanager
async def desk_on(
    client: Client, *, cached: int = 1_000, task_queue: str | None = None, script: Script | None = None
) -> AsyncIterator[Desk]:
    """`task_queue` and `script` of an earlier desk: a worker that takes over its orders."""
    task_queue = task_queue or f"tests-{uuid.uuid4().hex[:8]}"
    script = script or Script(client, task_queue)
    async with working(client, task_queue, script.activities, script.calls, cached=cached):
        yield Desk(client, task_queue, script)

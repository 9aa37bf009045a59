"""Activities that answer as a test says, under the contract's names; real mailbox subscriptions."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.bulk.bulk_updates import BulkUpdates
from activities.mailboxes.cross_order_watch import CrossOrderWatch
from activities.mailboxes.event_return import EventReturn
from activities.mailboxes.mailboxes import Mailboxes
from activities.mailboxes.subscriptions import EventSubscriptions
from activity_contract.activity_names import CALL_SYSTEM, COMPILE_AMENDMENT, COMPILE_ORDER, POLL_SYSTEM
from activity_contract.calls import (
    RETRY_LATER,
    FailureDetails,
    StepActivity,
    StepActivityResult,
    SystemCall,
    SystemCallResult,
)
from activity_contract.compilation import (
    ChangedWaits,
    CompileAmendmentInput,
    CompiledAmendment,
    CompiledOrder,
    CompileOrderInput,
)
from compiler.amendment.compare_plans import compare_plans, shares_order_lines
from compiler.plan.codec import decode_plan, encode_plan
from compiler.plan.plan import Plan
from tests.support.core.amendments import amended
from workflows.contract.order_messages import MAILBOX_WORKFLOW_TYPE, mailbox_workflow_id, order_workflow_id

Answering = Callable[[SystemCall], Awaitable[Any]]


def failure(code: str, *, attempts: int = 1, later: float | None = None, known: bool = True) -> ApplicationError:
    """What an activity raises when it is out of attempts, or wants another one after a pause of `later` seconds."""
    details = FailureDetails(
        code=code, message=f"{code} said the system", attempts=attempts, retry_after=later, outcome_known=known
    )
    kind = code if later is None else RETRY_LATER
    return ApplicationError(details.message, details, type=kind, non_retryable=True)


def retryable(code: str, pause: float = 0.01) -> ApplicationError:
    """What an activity raises when Temporal is to try it again after `pause` seconds."""
    details = FailureDetails(code=code, message=code)
    return ApplicationError(code, details, type=code, next_retry_delay=timedelta(seconds=pause))


class Script:
    """What every step's calls are answered with: in turn, the last one for ever; what is not scripted succeeds."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self.plans: dict[str, Plan] = {}
        self.gates: dict[str, asyncio.Event] = {}
        """Orders whose amendments are compiled only once this is set."""
        self.findings: dict[str, list[dict[str, Any]]] = {}
        self.answers: dict[str, list[Any]] = {}
        self.made: dict[str, list[SystemCall]] = defaultdict(list)
        self.at: dict[str, list[datetime]] = defaultdict(list)
        """When, by Temporal's clock."""
        mailboxes = Mailboxes(
            client,
            MAILBOX_WORKFLOW_TYPE,
            task_queue,
            event_mailbox_id=lambda name, key: mailbox_workflow_id(key=key, name=name),
            order_mailbox_id=lambda order_id: mailbox_workflow_id(order_id=order_id),
            order_workflow_id=order_workflow_id,
        )
        events, bulk = EventSubscriptions(mailboxes), BulkUpdates(client)
        self.activities: list[Callable[..., Any]] = [
            self.compile_order,
            self.compile_amendment,
            self.greet,
            events.subscribe,
            events.unsubscribe,
            CrossOrderWatch(mailboxes).watch,
            EventReturn(mailboxes).return_events,
            bulk.send,
            bulk.ask,
        ]
        self.calls: list[Callable[..., Any]] = [self.call_system, self.poll_system]

    def keys(self, step: str) -> list[str]:
        return [call.idempotency_key for call in self.made[step]]

    @activity.defn(name=COMPILE_ORDER)
    async def compile_order(self, asked: CompileOrderInput) -> CompiledOrder:
        order_id = str(asked.order.get("id"))
        if order_id in self.findings:
            return CompiledOrder(findings=self.findings[order_id], summary={"customer_id": "C-1"})
        plan = self.plans[order_id]
        customer_id = plan.order.customer["id"]
        summary = {"customer_id": customer_id, "products": ["home"], "catalogue_version": plan.catalogue_version}
        return CompiledOrder(plan=encode_plan(plan), summary=summary)

    @activity.defn(name=COMPILE_AMENDMENT)
    async def compile_amendment(self, asked: CompileAmendmentInput) -> CompiledAmendment:
        """To the plan that is scripted for the order by now."""
        order_id = str(asked.order.get("id"))
        if order_id in self.findings:
            return CompiledAmendment(findings=self.findings[order_id])
        wanted = self.plans[order_id]
        if (gate := self.gates.get(order_id)) is not None:
            await gate.wait()
        found = amended(decode_plan(asked.plan), asked.retired, wanted)
        positions = {step.id: position for position, step in enumerate(found.plan.steps)}
        waits = compare_plans(decode_plan(asked.plan), wanted).waits
        return CompiledAmendment(
            survives=shares_order_lines(decode_plan(asked.plan), wanted),
            plan=encode_plan(found.plan),
            retired=sorted(found.retired),
            changed=sorted(found.input_changed),
            seen_otherwise=sorted(found.context_changed),
            former_lines=sorted(found.removed_lines),
            waits={positions[id_]: ChangedWaits(**asdict(each)) for id_, each in waits.items()},
            summary={"customer_id": "C-1", "products": ["home"], "catalogue_version": wanted.catalogue_version},
        )

    @activity.defn(name=CALL_SYSTEM)
    async def call_system(self, call: SystemCall) -> SystemCallResult:
        return await self._answered(call, call.step_id)

    @activity.defn(name=POLL_SYSTEM)
    async def poll_system(self, call: SystemCall) -> SystemCallResult:
        return await self._answered(call, f"{call.step_id} polled")

    async def _answered(self, call: SystemCall, step: str) -> SystemCallResult:
        self.made[step].append(call)
        self.at[step].append(activity.info().current_attempt_scheduled_time)
        answers = self.answers.get(step) or [{"id": step}]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer):
            answer = await answer(call)
        if isinstance(answer, BaseException):
            raise answer
        return SystemCallResult(status=200, output=answer, attempts=call.earlier_attempts + activity.info().attempt)

    @activity.defn(name="greet")
    async def greet(self, given: StepActivity) -> StepActivityResult:
        return StepActivityResult(output={"greeting": f"Hello, {given.with_['name']}", "key": given.idempotency_key})


async def hanging(_call: SystemCall) -> None:
    """Never answers; ends when it is cancelled."""
    while True:
        activity.heartbeat()
        await asyncio.sleep(0.05)


def now() -> datetime:
    return datetime.now(UTC)

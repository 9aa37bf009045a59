"""WATCH_ORDER_STEP: an order's word to another one that it waits for a step of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.mailboxes.subscriptions import MailboxConfig
from activity_contract.cross_order import (
    ORDER_STEP_STATUS,
    ORDER_WATCH_STEP,
    WATCH_ORDER_STEP,
    CrossOrderStepStatus,
    StepWatch,
)
from activity_contract.mailboxes import MAILBOX_DELIVER, MailboxDelivery, MailboxInput

QUERY_TIMEOUT = timedelta(seconds=10)


class CrossOrderWatch:
    """An order that runs is signalled, which is durable at once; one that has ended is asked how its step stands; what
    is asked of one that is not there yet waits in its mailbox. Repeating changes nothing."""

    def __init__(self, client: Client, mailboxes: MailboxConfig, order_mailbox_id: Callable[[str], str]) -> None:
        """`mailbox_of`: the workflow id of an order's mailbox."""
        self._client = client
        self._mailboxes = mailboxes
        self._order_mailbox_id = order_mailbox_id

    @activity.defn(name=WATCH_ORDER_STEP)
    async def watch(self, step_watch: StepWatch) -> CrossOrderStepStatus:
        """`open`: the other order will tell."""
        if await self._signal_order(step_watch):
            return CrossOrderStepStatus.for_watch(step_watch, "open")
        return await self._query_ended_order(step_watch) or await self._deliver_to_mailbox(step_watch)

    def _order_workflow_id(self, step_watch: StepWatch) -> str:
        return self._mailboxes.order_workflow_id(step_watch.other_order)

    async def _signal_order(self, step_watch: StepWatch) -> bool:
        try:
            await self._client.get_workflow_handle(self._order_workflow_id(step_watch)).signal(
                ORDER_WATCH_STEP, step_watch
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    async def _query_ended_order(self, step_watch: StepWatch) -> CrossOrderStepStatus | None:
        """None: there is no such order, or it was rejected, so that its id is free."""
        handle = self._client.get_workflow_handle(self._order_workflow_id(step_watch))
        try:
            description = await handle.describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None
        if description.status is WorkflowExecutionStatus.RUNNING:
            raise RuntimeError(f"order {step_watch.other_order} has just begun: it is asked again")
        said: CrossOrderStepStatus = await handle.query(
            ORDER_STEP_STATUS, step_watch, result_type=CrossOrderStepStatus, rpc_timeout=QUERY_TIMEOUT
        )
        if said.standing == "not_there":
            return None
        if said.standing == "open":
            words = description.status.name.lower() if description.status else "ended"
            return CrossOrderStepStatus.for_watch(step_watch, "ended", words)
        return said

    async def _deliver_to_mailbox(self, step_watch: StepWatch) -> CrossOrderStepStatus:
        delivery = MailboxDelivery(
            event_id=f"watch {step_watch.order_id} {step_watch.step_id} "
            f"{step_watch.workstream} {step_watch.other_step}",
            name="watch",
            watch=step_watch,
        )
        await self._client.start_workflow(
            self._mailboxes.workflow_type,
            MailboxInput(order_workflow_id=self._order_workflow_id(step_watch)),
            id=self._order_mailbox_id(step_watch.other_order),
            task_queue=self._mailboxes.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=MAILBOX_DELIVER,
            start_signal_args=[delivery],
        )
        return CrossOrderStepStatus.for_watch(step_watch, "not_there")

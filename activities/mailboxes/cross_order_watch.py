"""WATCH_ORDER_STEP: registers with another order that a step waits for one of its steps."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.mailboxes.mailboxes import Mailboxes
from activities.temporal_signals import signal_if_running
from activity_contract.activity_names import WATCH_ORDER_STEP
from activity_contract.cross_order import ORDER_STEP_STATUS, ORDER_WATCH_STEP, CrossOrderStepStatus, StepWatch
from activity_contract.mailboxes import MAILBOX_DELIVER, MailboxDelivery

QUERY_TIMEOUT = timedelta(seconds=10)


class CrossOrderWatch:
    """A running order is signalled. An ended order is queried for the status of its step. If the order does not exist
    yet, the watch waits in its mailbox. Repeating changes nothing."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes

    @activity.defn(name=WATCH_ORDER_STEP)
    async def watch(self, step_watch: StepWatch) -> CrossOrderStepStatus:
        """`open` means that the other order will report the end of the step."""
        workflow_id = self._mailboxes.order_workflow_id(step_watch.other_order)
        if await signal_if_running(self._mailboxes.client, workflow_id, ORDER_WATCH_STEP, step_watch):
            return CrossOrderStepStatus.for_watch(step_watch, "open")
        return await self._query_ended_order(workflow_id, step_watch) or await self._deliver_to_mailbox(step_watch)

    async def _query_ended_order(self, workflow_id: str, step_watch: StepWatch) -> CrossOrderStepStatus | None:
        """None if there is no such order, or if it was rejected and its id is free again."""
        handle = self._mailboxes.client.get_workflow_handle(workflow_id)
        try:
            description = await handle.describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None
        if description.status is WorkflowExecutionStatus.RUNNING:
            raise RuntimeError(f"order {step_watch.other_order} has just started; the next attempt signals it")
        status: CrossOrderStepStatus = await handle.query(
            ORDER_STEP_STATUS, step_watch, result_type=CrossOrderStepStatus, rpc_timeout=QUERY_TIMEOUT
        )
        if status.standing == "not_there":
            return None
        if status.standing == "open":
            words = description.status.name.lower() if description.status else "ended"
            return CrossOrderStepStatus.for_watch(step_watch, "ended", words)
        return status

    async def _deliver_to_mailbox(self, step_watch: StepWatch) -> CrossOrderStepStatus:
        parts = (step_watch.order_id, step_watch.step_id, step_watch.workstream, step_watch.other_step)
        delivery = MailboxDelivery(event_id=f"watch {' '.join(parts)}", name="watch", watch=step_watch)
        await self._mailboxes.signal_order_mailbox(step_watch.other_order, MAILBOX_DELIVER, delivery)
        return CrossOrderStepStatus.for_watch(step_watch, "not_there")

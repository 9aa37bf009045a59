"""WATCH_ORDER_STEP: an order's word to another one that it waits for a step of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.mailboxes.subscriptions import Mailboxes
from activity_contract.cross_order import ORDER_STANDING, ORDER_WATCH, WATCH_ORDER_STEP, StepStanding, StepWatch
from activity_contract.mailboxes import MAILBOX_DELIVER, MailboxDelivery, MailboxInput

PATIENCE = timedelta(seconds=10)


class OtherOrders:
    """An order that runs is signalled, which is durable at once; one that has ended is asked how its step stands; what
    is asked of one that is not there yet waits in its mailbox. Repeating changes nothing."""

    def __init__(self, client: Client, mailboxes: Mailboxes, mailbox_of: Callable[[str], str]) -> None:
        """`mailbox_of`: the workflow id of an order's mailbox."""
        self._client = client
        self._mailboxes = mailboxes
        self._mailbox_of = mailbox_of

    @activity.defn(name=WATCH_ORDER_STEP)
    async def watch(self, asked: StepWatch) -> StepStanding:
        """`open`: the other order will tell."""
        if await self._told(asked):
            return StepStanding.of(asked, "open")
        return await self._of_ended(asked) or await self._into_mailbox(asked)

    def _order(self, asked: StepWatch) -> str:
        return self._mailboxes.order_workflow_id(asked.other_order)

    async def _told(self, asked: StepWatch) -> bool:
        try:
            await self._client.get_workflow_handle(self._order(asked)).signal(ORDER_WATCH, asked)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    async def _of_ended(self, asked: StepWatch) -> StepStanding | None:
        """None: there is no such order, or it was rejected, so that its id is free."""
        handle = self._client.get_workflow_handle(self._order(asked))
        try:
            description = await handle.describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None
        if description.status is WorkflowExecutionStatus.RUNNING:
            raise RuntimeError(f"order {asked.other_order} has just begun: it is asked again")
        said: StepStanding = await handle.query(ORDER_STANDING, asked, result_type=StepStanding, rpc_timeout=PATIENCE)
        if said.standing == "not_there":
            return None
        if said.standing == "open":
            words = description.status.name.lower() if description.status else "ended"
            return StepStanding.of(asked, "ended", words)
        return said

    async def _into_mailbox(self, asked: StepWatch) -> StepStanding:
        delivery = MailboxDelivery(
            event_id=f"watch {asked.order_id} {asked.step_id} {asked.workstream} {asked.other_step}",
            name="watch",
            watch=asked,
        )
        await self._client.start_workflow(
            self._mailboxes.workflow_type,
            MailboxInput(order_workflow_id=self._order(asked)),
            id=self._mailbox_of(asked.other_order),
            task_queue=self._mailboxes.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=MAILBOX_DELIVER,
            start_signal_args=[delivery],
        )
        return StepStanding.of(asked, "not_there")

"""RETURN_EVENTS: what was signalled to an order that is rejected goes into its mailbox, for the order sent again."""

from __future__ import annotations

from collections.abc import Callable

from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from activities.mailboxes.subscriptions import MailboxConfig
from activity_contract.mailboxes import MAILBOX_RETURN, RETURN_EVENTS, MailboxInput, ReturnedEvents


class EventReturn:
    def __init__(self, client: Client, mailboxes: MailboxConfig, order_mailbox_id: Callable[[str], str]) -> None:
        """`mailbox_of`: the workflow id of an order's mailbox."""
        self._client = client
        self._mailboxes = mailboxes
        self._order_mailbox_id = order_mailbox_id

    @activity.defn(name=RETURN_EVENTS)
    async def return_events(self, returned: ReturnedEvents) -> None:
        """A signal: durable at once. Repeating changes nothing."""
        await self._client.start_workflow(
            self._mailboxes.workflow_type,
            MailboxInput(order_workflow_id=self._mailboxes.order_workflow_id(returned.order_id)),
            id=self._order_mailbox_id(returned.order_id),
            task_queue=self._mailboxes.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=MAILBOX_RETURN,
            start_signal_args=[returned],
        )

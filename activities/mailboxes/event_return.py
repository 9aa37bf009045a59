"""RETURN_EVENTS: moves the events of a rejected order into its mailbox, for the order submitted again under its id."""

from __future__ import annotations

from temporalio import activity

from activities.mailboxes.mailboxes import Mailboxes
from activity_contract.activity_names import RETURN_EVENTS
from activity_contract.mailboxes import MAILBOX_RETURN, ReturnedEvents


class EventReturn:
    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes

    @activity.defn(name=RETURN_EVENTS)
    async def return_events(self, returned: ReturnedEvents) -> None:
        """Repeating changes nothing."""
        await self._mailboxes.signal_order_mailbox(returned.order_id, MAILBOX_RETURN, returned)

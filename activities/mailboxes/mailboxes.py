"""The mailboxes that keep events for orders (workflows/event_mailbox.py), as activities reach them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from activities.temporal_signals import signal_with_start
from activity_contract.mailboxes import MailboxInput


@dataclass(frozen=True)
class Mailboxes:
    client: Client
    workflow_type: str
    task_queue: str
    event_mailbox_id: Callable[[str, str | None], str]
    """Event name and key → workflow id of their mailbox."""
    order_mailbox_id: Callable[[str], str]
    """Order id → workflow id of its mailbox."""
    order_workflow_id: Callable[[str], str]

    async def signal_mailbox(self, mailbox_id: str, signal: str, message: Any) -> None:
        """Signals the mailbox of an event name and key."""
        await self._signal(mailbox_id, MailboxInput(), signal, message)

    async def signal_order_mailbox(self, order_id: str, signal: str, message: Any) -> None:
        start = MailboxInput(order_workflow_id=self.order_workflow_id(order_id))
        await self._signal(self.order_mailbox_id(order_id), start, signal, message)

    async def _signal(self, mailbox_id: str, start: MailboxInput, signal: str, message: Any) -> None:
        await signal_with_start(
            self.client,
            self.workflow_type,
            start,
            workflow_id=mailbox_id,
            task_queue=self.task_queue,
            signal=signal,
            message=message,
        )

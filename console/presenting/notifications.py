"""Order events that receivers have not got, by receiver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from operations.events.resend_to_receiver import ResentToReceiver
from operations.events.undelivered_notifications import UndeliveredList
from views.shared.value_format import error_text, pluralize
from workflows.contract.outbox_messages import OutboxView, UndeliveredEvent

MAX_NAMED = 5


@dataclass(frozen=True)
class UndeliveredRow:
    order_id: str
    event_id: str
    receiver: str
    type: str
    at: datetime
    attempts: int
    error: str
    given_up: bool
    next_attempt_at: datetime | None


@dataclass(frozen=True)
class ReceiverGroup:
    receiver: str
    is_known: bool
    """False: the catalogue in force has no such receiver any more."""
    events: int
    orders: int
    oldest: datetime
    why: str
    """The most frequent error."""


@dataclass(frozen=True)
class UndeliveredPage:
    groups: tuple[ReceiverGroup, ...]
    rows: tuple[UndeliveredRow, ...]
    dropped: int
    """Events that are kept no longer."""
    unanswered: str
    """Orders for which no worker answered, in words; empty if all did."""
    next_cursor: str


def undelivered_page(found: UndeliveredList, receivers: frozenset[str] | None) -> UndeliveredPage:
    """`receivers`: of the catalogue in force; None if it is not known."""
    events = [(outbox.order_id, event) for outbox in found.outboxes for event in outbox.undelivered]
    return UndeliveredPage(
        groups=tuple(_groups(events, receivers)),
        rows=tuple(undelivered_row(order_id, event) for order_id, event in events),
        dropped=sum(outbox.dropped for outbox in found.outboxes),
        unanswered=_named(found.unanswered_orders),
        next_cursor=found.next_cursor or "",
    )


def undelivered_row(order_id: str, event: UndeliveredEvent) -> UndeliveredRow:
    return UndeliveredRow(
        order_id=order_id,
        event_id=event.event_id,
        receiver=event.receiver,
        type=event.type,
        at=event.at,
        attempts=event.attempts,
        error=error_text(event.error),
        given_up=event.given_up,
        next_attempt_at=event.next_attempt_at,
    )


def outbox_rows(outbox: OutboxView) -> list[UndeliveredRow]:
    return [undelivered_row(outbox.order_id, event) for event in outbox.undelivered]


def _groups(events: Sequence[tuple[str, UndeliveredEvent]], receivers: frozenset[str] | None) -> list[ReceiverGroup]:
    names = dict.fromkeys(event.receiver for _, event in events)
    groups = []
    for name in names:
        mine = [(order_id, event) for order_id, event in events if event.receiver == name]
        errors = Counter(error_text(event.error) for _, event in mine if event.error is not None)
        groups.append(
            ReceiverGroup(
                receiver=name,
                is_known=receivers is None or name in receivers,
                events=len(mine),
                orders=len({order_id for order_id, _ in mine}),
                oldest=min(event.at for _, event in mine),
                why=errors.most_common(1)[0][0] if errors else "",
            )
        )
    return sorted(groups, key=lambda group: (-group.events, group.receiver))


def resent_notice(receiver: str, sent: ResentToReceiver) -> tuple[str, bool]:
    """What resending did, in a sentence; and whether that is a problem."""
    if not sent.events and not sent.failures:
        return f"{receiver} has no event that was given up: somebody has sent them already", False
    done = f"Sending {pluralize(sent.events, 'event')} of {pluralize(sent.orders, 'order')} to {receiver} again"
    failed = [f"{failure.order_id}: {failure.message}" for failure in sent.failures]
    problems = f". {pluralize(len(failed), 'order')} could not be asked ({_named(failed)})" if failed else ""
    more = ". Further orders have such events: send again" if sent.has_more else ""
    return f"{done}{problems}{more}", bool(failed)


def _named(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more:,} more" if more > 0 else "")

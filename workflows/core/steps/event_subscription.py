"""Subscribes the order to mailboxes, and unsubscribes it. Its steps wait for the events by key that arrive there.

A mailbox gets one request at a time, so that no request overtakes another. The order stays subscribed as long as one of
its steps needs the mailbox.
"""

from __future__ import annotations

from activity_contract.mailboxes import EventSubscription
from workflows.core.events.event_subscriptions import MailboxAddress, addresses
from workflows.core.state.commands import SubscribeEvents, UnsubscribeEvents
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

SUBSCRIBE_IN_ORDER = "event-subscriptions-in-order"
"""Patch: the mailbox gets no second request before the first one has ended. It gets none if the order is already
subscribed."""
UNSUBSCRIBE_LAST = "event-unsubscribed-by-last-step"
"""Patch: the order stays subscribed while another step needs it."""


def subscribe(run: OrderRun, step: StepRun) -> None:
    """Ask the mailboxes of the step's events and key to forward events to the order."""
    step.subscribed = True
    new: list[str] = []
    known: list[str] = []
    for name in step.event_names:
        mailbox = run.subscriptions.at((name, step.key))
        mailbox.steps[step.position] = None
        (known if mailbox.active or mailbox.in_flight else new).append(name)
    if known and not run.is_patched(SUBSCRIBE_IN_ORDER):
        new, known = list(step.event_names), []
    _recheck_later(run, step, known)
    if new:
        _request_subscription(run, step, new)


def unsubscribe(run: OrderRun, step: StepRun) -> None:
    """The step no longer needs its events."""
    step.subscribed = False
    unneeded: list[str] = []
    others: list[str] = []
    for name in step.event_names:
        mailbox = run.subscriptions.at((name, step.key))
        mailbox.steps.pop(step.position, None)
        (others if mailbox.is_wanted or mailbox.in_flight else unneeded).append(name)
    if others and not run.is_patched(UNSUBSCRIBE_LAST):
        unneeded, others = list(step.event_names), []
    _recheck_later(run, step, others)
    if unneeded:
        _request_end(run, f"{run.step_id(step)}/unsubscribe", unneeded, step.key)


def request_ended(run: OrderRun, command: SubscribeEvents | UnsubscribeEvents, *, succeeded: bool) -> None:
    run.subscriptions.activity_ids.discard(command.activity_id)
    for address in addresses(command.subscription):
        mailbox = run.subscriptions.at(address)
        mailbox.in_flight -= 1
        if succeeded:
            mailbox.active = isinstance(command, SubscribeEvents)
        elif isinstance(command, SubscribeEvents):
            _not_subscribed(run, address)
        if mailbox.recheck and not mailbox.in_flight:
            mailbox.recheck = False
            _settle_mailbox(run, address)
        run.subscriptions.forget_unused(address)


def leave_unwanted(run: OrderRun, unwanted: list[MailboxAddress]) -> None:
    """Leave the mailboxes that the previous run could not leave."""
    for address in unwanted:
        mailbox = run.subscriptions.at(address)
        mailbox.active = True
        if not mailbox.is_wanted:
            _request_end(run, "events/unsubscribe", [address[0]], address[1])


def _recheck_later(run: OrderRun, step: StepRun, names: list[str]) -> None:
    for name in names:
        mailbox = run.subscriptions.at((name, step.key))
        mailbox.recheck = mailbox.in_flight > 0


def _settle_mailbox(run: OrderRun, address: MailboxAddress) -> None:
    """Send another request if one is needed. No request is in flight. A run that ends leaves this to the next run."""
    mailbox = run.subscriptions.at(address)
    if mailbox.is_wanted == mailbox.active:
        return
    if run.draining:
        if mailbox.is_wanted:
            _not_subscribed(run, address)
    elif mailbox.is_wanted:
        _request_subscription(run, run.steps[next(iter(mailbox.steps))], [address[0]])
    else:
        _request_end(run, "events/unsubscribe", [address[0]], address[1])


def _not_subscribed(run: OrderRun, address: MailboxAddress) -> None:
    """The order's next run subscribes again."""
    mailbox = run.subscriptions.at(address)
    if not run.draining:
        reason = f"no event {address[0]} with key {address[1]} is handed on to the order"
        run.audit_log.record(run.now, "not subscribed to an event", reason=reason)
    for position in mailbox.steps:
        run.steps[position].subscribed = False
    mailbox.steps.clear()


def _request_subscription(run: OrderRun, step: StepRun, names: list[str]) -> None:
    activity_id = run.subscriptions.free_activity_id(f"{run.step_id(step)}/subscribe")
    _count_request(run, names, step.key)
    run.commands.append(SubscribeEvents(step.position, activity_id, _subscription(run, names, step.key)))


def _request_end(run: OrderRun, activity_id: str, names: list[str], key: str | None) -> None:
    activity_id = run.subscriptions.free_activity_id(activity_id)
    _count_request(run, names, key)
    run.commands.append(UnsubscribeEvents(activity_id, _subscription(run, names, key)))


def _count_request(run: OrderRun, names: list[str], key: str | None) -> None:
    for name in names:
        run.subscriptions.at((name, key)).in_flight += 1


def _subscription(run: OrderRun, names: list[str], key: str | None) -> EventSubscription:
    return EventSubscription(order_id=run.plan.order.id, names=names, key=key)

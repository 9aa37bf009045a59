"""Events by name and key: the mailboxes that an order is known to while one of its steps waits."""

from __future__ import annotations

from activities.contract import EventSubscription
from workflows.progress import OrderRun, StepRun


def subscription_of(run: OrderRun, step: StepRun) -> EventSubscription:
    return EventSubscription(order_id=run.plan.order.id, names=list(step.names), key=step.key)

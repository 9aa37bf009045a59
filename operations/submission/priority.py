"""The order in which Temporal hands out work: urgent orders first, and customers in turn.

A workflow's priority also holds for its activities, and for the runs that continue it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from temporalio.common import Priority

HIGHEST_PRIORITY, DEFAULT_PRIORITY, LOWEST_PRIORITY = 1, 3, 5
MAX_FAIRNESS_KEY_BYTES = 64


def workflow_priority(order: Mapping[str, Any]) -> Priority:
    """`order` is as submitted, and not checked yet. Orders without a customer share one turn."""
    priority = order.get("priority")
    if type(priority) is not int or not HIGHEST_PRIORITY <= priority <= LOWEST_PRIORITY:
        priority = DEFAULT_PRIORITY
    customer = order.get("customer")
    customer_id = customer.get("id") if isinstance(customer, Mapping) else None
    return Priority(
        priority_key=priority,
        fairness_key=_fairness_key(customer_id),
        fairness_weight=None,
    )


def _fairness_key(customer_id: object) -> str | None:
    if not isinstance(customer_id, str) or not customer_id:
        return None
    encoded = customer_id.encode("utf-8", "surrogatepass")
    if len(encoded) <= MAX_FAIRNESS_KEY_BYTES and customer_id.isprintable():
        return customer_id
    return hashlib.sha256(encoded).hexdigest()

"""In which order Temporal hands out work: urgent orders first, and customers in turn where there is more than enough.

A workflow's priority is its activities', too, and stays when it continues as another run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from temporalio.common import Priority

HIGHEST_PRIORITY, DEFAULT_PRIORITY, LOWEST_PRIORITY = 1, 3, 5
MAX_FAIRNESS_KEY_BYTES = 64
"""Bytes of a fairness key."""


def workflow_priority(order: Mapping[str, Any]) -> Priority:
    """`order`: as submitted, and not checked yet. Orders without a customer share one turn."""
    given = order.get("priority")
    number = given if type(given) is int and HIGHEST_PRIORITY <= given <= LOWEST_PRIORITY else DEFAULT_PRIORITY
    customer = order.get("customer")
    customer_id = customer.get("id") if isinstance(customer, Mapping) else None
    return Priority(priority_key=number, fairness_key=_fairness_key(customer_id), fairness_weight=None)


def _fairness_key(customer_id: object) -> str | None:
    if not isinstance(customer_id, str) or not customer_id:
        return None
    encoded = customer_id.encode("utf-8", "surrogatepass")
    if len(encoded) <= MAX_FAIRNESS_KEY_BYTES and customer_id.isprintable():
        return customer_id
    return hashlib.sha256(encoded).hexdigest()

"""Which source a topic has: the ledger where one is configured, and Temporal where it does not answer."""

from __future__ import annotations

from console.live.pulse import Pulses
from console.live.readings import Source
from console.live.sources.order_from_ledger import OrderFromLedger
from console.live.sources.order_from_temporal import OrderFromTemporal
from console.live.sources.order_list import OrdersFromLedger, OrdersFromVisibility
from console.live.sources.with_fallback import WithFallback
from console.live.sources.work_list import WorkFromLedger, WorkFromVisibility
from operations.client import OrderClient


def order_source(orders: OrderClient, pulses: Pulses, order_id: str) -> Source:
    asked = OrderFromTemporal(orders, order_id)
    if not orders.changes.has_ledger:
        return asked
    return WithFallback(OrderFromLedger(orders.changes, pulses, order_id), asked)


def order_list_source(orders: OrderClient, pulses: Pulses) -> Source:
    listed = OrdersFromVisibility(orders)
    return WithFallback(OrdersFromLedger(orders.changes, pulses), listed) if orders.changes.has_ledger else listed


def work_list_source(orders: OrderClient, pulses: Pulses) -> Source:
    listed = WorkFromVisibility(orders)
    return WithFallback(WorkFromLedger(orders.changes, pulses), listed) if orders.changes.has_ledger else listed

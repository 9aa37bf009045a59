"""The orders of a customer, wherever there is something of them: in the ledger, in the archive, in Temporal."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Engine, select
from temporalio.client import Client

from ledger.retention.holds import held_orders
from ledger.retention.known_subjects import submissions_of_customer
from ledger.retention.temporal_runs import list_runs_of_customer, read_order_run
from ledger.schema.tables import archived_orders, orders
from ledger.schema.value_lists import IsOneOf

MAX_CONCURRENT_READS = 16


@dataclass
class CustomerOrder:
    order_id: str
    submissions: set[str] = field(default_factory=set)
    """The customer's submissions of this order."""
    state: str | None = None
    """As last known. None: only Temporal knows the order."""
    until: datetime | None = None
    """Its forecast, else its requested completion."""
    is_running: bool = False
    """Also if it has just ended, and the ledger does not know it yet: what follows would not be written any more."""
    hold: str | None = None
    """Why it, or its customer, is under legal hold."""


async def find_customer_orders(engine: Engine, client: Client, customer_id: str) -> list[CustomerOrder]:
    """Sorted by id. The caller turns errors of the database and of Temporal's client into its own."""
    found = await asyncio.to_thread(find_stored_orders, engine, customer_id)
    listed = await list_runs_of_customer(client, customer_id)
    return await complete_orders(engine, client, found.values(), listed)


def find_stored_orders(engine: Engine, customer_id: str) -> dict[str, CustomerOrder]:
    """Order id → order, with the submissions that the ledger and the archive have."""
    found: dict[str, CustomerOrder] = {}
    with engine.connect() as connection:
        for order_id, submission in submissions_of_customer(connection, customer_id):
            found.setdefault(order_id, CustomerOrder(order_id)).submissions.add(submission)
    return found


async def complete_orders(
    engine: Engine,
    client: Client,
    known: Iterable[CustomerOrder],
    listed: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> list[CustomerOrder]:
    """Fills in how the orders are now. `listed`: order id → the customer's runs of it that Temporal lists."""
    found = {order.order_id: order for order in known}
    for order_id in listed:
        found.setdefault(order_id, CustomerOrder(order_id))
    limit = asyncio.Semaphore(MAX_CONCURRENT_READS)

    async def ask_temporal(order: CustomerOrder) -> None:
        async with limit:
            latest = await read_order_run(client, order.order_id)
            runs = [run_id for run_id in listed.get(order.order_id, ()) if latest is None or run_id != latest.run_id]
            described = [await read_order_run(client, order.order_id, run_id) for run_id in runs]
        if latest is not None and latest.run_id in listed.get(order.order_id, ()):
            described.append(latest)
        order.submissions |= {run.submission for run in described if run is not None}
        order.is_running = latest is not None and latest.is_running and latest.submission in order.submissions

    await asyncio.gather(*map(ask_temporal, found.values()))
    await asyncio.to_thread(_add_stored, engine, found)
    return [found[order_id] for order_id in sorted(found)]


_ARCHIVED = select(archived_orders).where(IsOneOf(archived_orders.c.order_id, "order_ids"))
_CURRENT = select(orders).where(IsOneOf(orders.c.order_id, "order_ids"), orders.c.is_current)


def _add_stored(engine: Engine, found: dict[str, CustomerOrder]) -> None:
    ids = {"order_ids": found.keys()}
    with engine.connect() as connection:
        holds = held_orders(connection, found.keys())
        for row in connection.execute(_ARCHIVED, ids):
            found[row.order_id].state = row.state
        for row in connection.execute(_CURRENT, ids):
            order = found[row.order_id]
            order.state, order.until = row.state, row.forecast or row.requested_completion
            if row.ended_at is None and row.submission in order.submissions:
                order.is_running = True
    for order_id, reason in holds.items():
        found[order_id].hold = reason

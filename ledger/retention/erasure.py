"""Erases the personal data of a customer: in the ledger, its search words and remnants, in the archive and in Temporal.

What cannot be erased yet, because an order still runs or is under legal hold, remains in the record of the erasure, and
is erased when the erasure is continued.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, exists, not_, or_, select, update
from temporalio.client import Client

from ledger.database import ledger_errors, write_transaction
from ledger.retention.customer_digest import customer_digest
from ledger.retention.customer_orders import CustomerOrder, complete_orders, find_customer_orders
from ledger.retention.erase_stored import StoredErasure, erase_again, erase_stored
from ledger.retention.erasure_records import (
    Erasure,
    Obstacle,
    RemainingData,
    create_erasure,
    find_pending,
    read_erasure,
    read_erasures,
    save_progress,
)
from ledger.retention.holds import IN_FORCE, HoldRefused, HoldScope, held_subjects
from ledger.retention.remnants import remove_remnants
from ledger.retention.temporal_runs import delete_closed_runs
from ledger.schema.tables import erasures, legal_holds


class CustomerUnknown(Exception):
    """There is nothing of the customer to erase, and nothing was erased before."""


@dataclass(frozen=True)
class ErasureRequest:
    customer_id: str
    by: str
    reason: str
    folder: Path | None = None
    """Where the archive is, if it was moved since it was written."""
    rewrite: bool = False
    """See `remove_remnants`."""


@dataclass(frozen=True)
class ErasurePlan:
    """What an erasure would do now."""

    orders: list[CustomerOrder]
    """Those whose data it would erase."""
    remaining: list[RemainingData]


async def plan_erasure(engine: Engine, client: Client, customer_id: str) -> ErasurePlan:
    """Raises HoldRefused if the customer is under legal hold, CustomerUnknown, LedgerUnusable, and the errors of
    Temporal's client."""
    with ledger_errors(engine):
        await asyncio.to_thread(_refuse_held, engine, customer_id)
        found = await find_customer_orders(engine, client, customer_id)
        if not found and not await asyncio.to_thread(_is_known, engine, customer_id):
            raise CustomerUnknown(f"No order of customer {customer_id} is in the ledger, in the archive or in Temporal")
    return _plan(found)


async def erase_customer(engine: Engine, client: Client, request: ErasureRequest) -> Erasure:
    """Erases what can be erased, and returns the record. An erasure of this customer that is not complete is continued.
    It may be killed at any moment and run again.

    Raises as `plan_erasure` does.
    """
    plan = await plan_erasure(engine, client, request.customer_id)
    with ledger_errors(engine):
        key = await asyncio.to_thread(_open_record, engine, request)
        return await _carry_out(engine, client, key, plan, request.folder, rewrite=request.rewrite)


async def continue_erasures(engine: Engine, client: Client, folder: Path | None = None) -> list[Erasure]:
    """Erases what pending erasures still wait for, if it can be erased now. Returns their records.

    Raises LedgerUnusable, and the errors of Temporal's client.
    """
    with ledger_errors(engine):
        pending = await asyncio.to_thread(_read_pending, engine)
        return [await _continue(engine, client, each, folder) for each in reversed(pending)]


async def _continue(engine: Engine, client: Client, erasure: Erasure, folder: Path | None) -> Erasure:
    known = [CustomerOrder(each.order_id, set(each.submissions)) for each in erasure.remaining if each.order_id]
    plan = _plan(await complete_orders(engine, client, known))
    has_more_than_orders = any(each.order_id is None for each in erasure.remaining)
    if not plan.orders and not has_more_than_orders:
        await asyncio.to_thread(_save, engine, erasure.key, Counter(), plan.remaining)
        return await asyncio.to_thread(_read, engine, erasure.key)
    has_remnants = any(each.obstacle in (Obstacle.REMNANTS, Obstacle.INTERRUPTED) for each in erasure.remaining)
    return await _carry_out(engine, client, erasure.key, plan, folder, has_remnants=has_remnants)


def _plan(found: Sequence[CustomerOrder]) -> ErasurePlan:
    plan = ErasurePlan([], [])
    for order in found:
        submissions = tuple(sorted(order.submissions))
        if order.hold is not None:
            plan.remaining.append(
                RemainingData(Obstacle.HELD, order.order_id, submissions, order.state, detail=order.hold)
            )
        elif order.is_running:
            plan.remaining.append(
                RemainingData(Obstacle.RUNNING, order.order_id, submissions, order.state, order.until)
            )
        else:
            plan.orders.append(order)
    return plan


def _refuse_held(engine: Engine, customer_id: str) -> None:
    with engine.connect() as connection:
        held = held_subjects(connection, HoldScope.CUSTOMER, [customer_id])
    if held:
        raise HoldRefused(f"Customer {customer_id} is under legal hold: {held[customer_id]}")


def _is_known(engine: Engine, customer_id: str) -> bool:
    """By an earlier erasure, which may be continued or repeated, or by a legal hold, which names the customer."""
    with write_transaction(engine) as connection:
        digest = customer_digest(connection, customer_id)
        was_held = exists().where(legal_holds.c.scope == HoldScope.CUSTOMER.value, legal_holds.c.subject == customer_id)
        was_erased = exists().where(erasures.c.customer_digest == digest)
        return bool(connection.execute(select(or_(was_held, was_erased))).scalar_one())


def _open_record(engine: Engine, request: ErasureRequest) -> int:
    with write_transaction(engine) as connection:
        digest = customer_digest(connection, request.customer_id)
        _forget_released_holds(connection, request.customer_id, digest)
        pending = find_pending(connection, digest)
        if pending is not None:
            return pending.key
        return create_erasure(connection, digest, datetime.now(UTC), request.by, request.reason)


def _forget_released_holds(connection: Connection, customer_id: str, digest: str) -> None:
    of_customer = (legal_holds.c.scope == HoldScope.CUSTOMER.value) & (legal_holds.c.subject == customer_id)
    connection.execute(update(legal_holds).where(of_customer, not_(IN_FORCE)).values(subject=digest, reason=""))


async def _carry_out(
    engine: Engine,
    client: Client,
    key: int,
    plan: ErasurePlan,
    folder: Path | None,
    *,
    rewrite: bool = False,
    has_remnants: bool = True,
) -> Erasure:
    """`has_remnants`: the database has to be cleaned in any case. It takes long, so it is done only if it must."""
    interrupted = [_remains(Obstacle.INTERRUPTED, order) for order in plan.orders]
    if has_remnants and not interrupted:
        interrupted = [RemainingData(Obstacle.INTERRUPTED)]
    await asyncio.to_thread(_save, engine, key, Counter(), [*plan.remaining, *interrupted])
    stored = await asyncio.to_thread(erase_stored, engine, key, plan.orders, datetime.now(UTC), folder)
    runs, kept = await delete_closed_runs(client, {order.order_id: order.submissions for order in stored.erased})
    stored.counts["runs"] += runs
    stored.remaining += [
        _remains(Obstacle(kind) if kind != "order" else Obstacle.RUNNING, order)
        for order in stored.erased
        for kind in kept.get(order.order_id, ())
    ]
    await asyncio.to_thread(erase_again, engine, stored.erased)
    if has_remnants or stored.counts["orders"] or stored.counts["archived"]:
        await asyncio.to_thread(_clean, engine, stored, rewrite=rewrite)
    await asyncio.to_thread(_save, engine, key, stored.counts, [*plan.remaining, *stored.remaining])
    return await asyncio.to_thread(_read, engine, key)


def _clean(engine: Engine, stored: StoredErasure, *, rewrite: bool) -> None:
    if failure := remove_remnants(engine, rewrite=rewrite):
        stored.remaining.append(RemainingData(Obstacle.REMNANTS, detail=failure))


def _remains(obstacle: Obstacle, order: CustomerOrder) -> RemainingData:
    return RemainingData(obstacle, order.order_id, tuple(sorted(order.submissions)), order.state)


def _save(engine: Engine, key: int, counts: Counter[str], remaining: Sequence[RemainingData]) -> None:
    with write_transaction(engine) as connection:
        save_progress(connection, key, counts, remaining, datetime.now(UTC))


def _read(engine: Engine, key: int) -> Erasure:
    with engine.connect() as connection:
        return read_erasure(connection, key)


def _read_pending(engine: Engine) -> list[Erasure]:
    with engine.connect() as connection:
        return read_erasures(connection, pending=True)

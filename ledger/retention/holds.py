"""Legal hold: what is held is neither archived nor erased."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Engine, and_, insert, or_, select, text, update

from ledger.database import is_sqlite, ledger_errors, write_transaction
from ledger.retention.known_subjects import is_known_order, submissions_of_customer
from ledger.schema.tables import archived_orders, legal_holds, orders
from ledger.schema.value_lists import IsOneOf

_LIFE_LOCK = 0x6F72646F + 1
"""Of PostgreSQL's advisory locks: a hold is placed before or after an archiving or erasing transaction, not amid it."""


class HoldScope(StrEnum):
    ORDER = "order"
    CUSTOMER = "customer"


class HoldRefused(Exception):
    """The message says why."""


@dataclass(frozen=True)
class LegalHold:
    scope: HoldScope
    subject: str
    """The id of the order or the customer."""
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None


def place_hold(engine: Engine, hold: LegalHold) -> None:
    """Raises HoldRefused if there is one already, or if nothing is known of the order or the customer: a mistyped id
    would leave what is meant without a hold."""
    with ledger_errors(engine), write_transaction(engine) as connection:
        lock_data_life(connection)
        if not _is_known(connection, hold.scope, hold.subject):
            named = "order" if hold.scope is HoldScope.ORDER else "order of customer"
            raise HoldRefused(f"There is no {named} {hold.subject} in the ledger or its archive; is the id right?")
        present = connection.execute(select(legal_holds).where(_is_of(hold.scope, hold.subject), IN_FORCE)).first()
        if present is not None:
            raise HoldRefused(
                f"There is a hold on {hold.scope} {hold.subject} already: by {present.placed_by}, {present.reason}"
            )
        values = {
            "scope": hold.scope.value,
            "subject": hold.subject,
            "reason": hold.reason,
            "placed_by": hold.placed_by,
            "placed_at": hold.placed_at,
        }
        connection.execute(insert(legal_holds), values)


def _is_known(connection: Connection, scope: HoldScope, subject: str) -> bool:
    if scope is HoldScope.ORDER:
        return is_known_order(connection, subject)
    return next(submissions_of_customer(connection, subject), None) is not None


def release_hold(engine: Engine, scope: HoldScope, subject: str, by: str, at: datetime) -> None:
    """Raises HoldRefused if there is none."""
    change = update(legal_holds).where(_is_of(scope, subject), IN_FORCE).values(released_by=by, released_at=at)
    with ledger_errors(engine), write_transaction(engine) as connection:
        if connection.execute(change).rowcount == 0:
            raise HoldRefused(f"There is no hold on {scope} {subject}")


def list_holds(engine: Engine, *, released: bool = False) -> list[LegalHold]:
    """The holds in force, or also the released ones. The newest first."""
    query = select(legal_holds).order_by(legal_holds.c.key.desc())
    if not released:
        query = query.where(IN_FORCE)
    with ledger_errors(engine), engine.connect() as connection:
        return [
            LegalHold(
                HoldScope(row.scope),
                row.subject,
                row.reason,
                row.placed_by,
                row.placed_at,
                row.released_by,
                row.released_at,
            )
            for row in connection.execute(query)
        ]


IN_FORCE = legal_holds.c.released_at.is_(None)


def is_held() -> ColumnElement[bool]:
    """Whether a row of `orders` is of an order that is held, or of a customer who is."""
    return (
        select(legal_holds.c.key)
        .where(
            IN_FORCE,
            or_(
                and_(legal_holds.c.scope == HoldScope.ORDER.value, legal_holds.c.subject == orders.c.order_id),
                and_(legal_holds.c.scope == HoldScope.CUSTOMER.value, legal_holds.c.subject == orders.c.customer_id),
            ),
        )
        .exists()
    )


def held_subjects(connection: Connection, scope: HoldScope, subjects: Collection[str]) -> dict[str, str]:
    """Those of `subjects` that are held → why."""
    query = select(legal_holds.c.subject, legal_holds.c.reason).where(
        legal_holds.c.scope == scope.value, IsOneOf(legal_holds.c.subject, "subjects"), IN_FORCE
    )
    return {row.subject: row.reason for row in connection.execute(query, {"subjects": subjects})}


def held_orders(connection: Connection, order_ids: Collection[str]) -> dict[str, str]:
    """Those of the orders that are held themselves, or whose customer is → why. What is erased has no customer."""
    held: dict[str, str] = {}
    for table in (archived_orders, orders):
        of_customer = _is_of(HoldScope.CUSTOMER, table.c.customer_id)
        query = select(table.c.order_id, legal_holds.c.reason).join(legal_holds, of_customer)
        query = query.where(IN_FORCE, IsOneOf(table.c.order_id, "order_ids"))
        held |= {row.order_id: row.reason for row in connection.execute(query, {"order_ids": order_ids})}
    return held | held_subjects(connection, HoldScope.ORDER, order_ids)


def lock_data_life(connection: Connection) -> None:
    """Until the transaction ends, no other one places a hold, archives or erases."""
    if not is_sqlite(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LIFE_LOCK})


def _is_of(scope: HoldScope, subject: str | ColumnElement[str | None]) -> ColumnElement[bool]:
    return and_(legal_holds.c.scope == scope.value, legal_holds.c.subject == subject)

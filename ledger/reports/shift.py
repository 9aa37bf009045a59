"""The hand-over of a shift: what came, what ended, what is stuck and why, and who did what."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from ledger.reading.filters.order_criteria import CURRENT
from ledger.reports.action_kinds import action_kind
from ledger.reports.model.shift_report import (
    MAX_ROWS,
    Arrivals,
    Endings,
    FailingSystem,
    NewCatalogueVersion,
    PersonActions,
    ShiftReport,
)
from ledger.reports.period import ReportPeriod, orders_of
from ledger.reports.stuck_orders import read_stuck
from ledger.schema.tables import attempts, catalogue_versions, history_entries, order_products, orders
from workflows.contract.states import Jeopardy, OrderState

_IS_UNDECIDED = and_(orders.c.state == OrderState.ACKNOWLEDGED.value, orders.c.catalogue_version_key.is_(None))
"""An accepted order of which nothing has begun is acknowledged, too, and has been compiled with a catalogue."""


def read_shift(connection: Connection, period: ReportPeriod) -> ShiftReport:
    return ShiftReport(
        since=period.since,
        until=period.until,
        arrived=_arrived(connection, period),
        ended=_ended(connection, period),
        stuck=read_stuck(connection, period.now),
        people=_people(connection, period),
        failing_systems=_failing_systems(connection, period),
        new_versions=_new_versions(connection, period),
    )


def _arrived(connection: Connection, period: ReportPeriod) -> Arrivals:
    began = (CURRENT, period.contains(orders.c.started_at))
    is_rejected = orders.c.state == OrderState.REJECTED.value
    counts = select(func.count(), func.count(case((is_rejected, 1))), func.count(case((_IS_UNDECIDED, 1))))
    submitted, rejected, undecided = connection.execute(counts.where(*began)).one()
    products = (
        select(order_products.c.product, func.count().label("number"))
        .join_from(orders, order_products, order_products.c.order_key == orders.c.key)
        .where(*began)
        .group_by(order_products.c.product)
        .order_by(func.count().desc(), order_products.c.product)
        .limit(MAX_ROWS)
    )
    return Arrivals(
        submitted=submitted,
        accepted=submitted - rejected - undecided,
        rejected=rejected,
        undecided=undecided,
        by_product=dict(connection.execute(products).all()),
    )


def _ended(connection: Connection, period: ReportPeriod) -> Endings:
    is_late = case((orders.c.jeopardy == Jeopardy.LATE.value, 1), else_=0)
    rows = connection.execute(
        select(orders.c.state, func.count(), func.sum(is_late))
        .where(CURRENT, period.contains(orders.c.ended_at), orders.c.state != OrderState.REJECTED.value)
        .group_by(orders.c.state)
    ).all()
    counts = {state: count for state, count, _ in rows}
    return Endings(
        by_state={state: counts[state.value] for state in OrderState if state.value in counts},
        late=sum(late for _, _, late in rows),
    )


def _people(connection: Connection, period: ReportPeriod) -> list[PersonActions]:
    keys = orders_of(period)
    query = (
        select(history_entries.c.by, history_entries.c.what, func.count())
        .join_from(keys, history_entries, history_entries.c.order_key == keys.c.order_key)
        .where(history_entries.c.by.is_not(None), period.contains(history_entries.c.at))
        .group_by(history_entries.c.by, history_entries.c.what)
    )
    found: dict[str, Counter[str]] = {}
    for by, what, count in connection.execute(query):
        found.setdefault(by, Counter())[action_kind(what)] += count
    people = [
        PersonActions(
            by=by,
            total=kinds.total(),
            actions=dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0]))),
        )
        for by, kinds in found.items()
    ]
    return sorted(people, key=lambda person: (-person.total, person.by))


def _failing_systems(connection: Connection, period: ReportPeriod) -> list[FailingSystem]:
    keys = orders_of(period)
    of_orders = keys.join(orders, orders.c.key == keys.c.order_key).join(
        attempts, attempts.c.order_id == orders.c.order_id
    )
    in_period = (attempts.c.system.is_not(None), period.contains(attempts.c.started_at))
    has_failed = attempts.c.outcome == "failed"
    totals: dict[str, Any] = {
        system: (count, last)
        for system, count, last in connection.execute(
            select(
                attempts.c.system,
                func.count(),
                func.max(case((attempts.c.outcome == "succeeded", attempts.c.ended_at))),
            )
            .select_from(of_orders)
            .where(*in_period)
            .group_by(attempts.c.system)
        )
    }
    code = func.coalesce(attempts.c.code, "").label("code")
    failures = (
        select(
            attempts.c.system,
            code,
            func.count().label("failed"),
            func.count(attempts.c.order_id.distinct()).label("orders"),
            func.min(attempts.c.started_at, type_=attempts.c.started_at.type).label("first_at"),
            func.max(attempts.c.started_at, type_=attempts.c.started_at.type).label("last_at"),
        )
        .select_from(of_orders)
        .where(*in_period, has_failed)
        .group_by(attempts.c.system, code)
        .order_by(func.count().desc(), attempts.c.system, code)
        .limit(MAX_ROWS)
    )
    return [
        FailingSystem(
            system=row.system,
            code=row.code,
            failed=row.failed,
            attempts=totals[row.system][0],
            orders=row.orders,
            first_at=row.first_at,
            last_at=row.last_at,
            last_success_at=totals[row.system][1],
        )
        for row in connection.execute(failures)
    ]


def _new_versions(connection: Connection, period: ReportPeriod) -> list[NewCatalogueVersion]:
    began = (
        select(
            orders.c.catalogue_version_key,
            func.min(orders.c.started_at).label("first_at"),
            func.count().label("number"),
        )
        .where(CURRENT, period.contains(orders.c.started_at), orders.c.catalogue_version_key.is_not(None))
        .group_by(orders.c.catalogue_version_key)
    )
    found = []
    for key, first_at, number in connection.execute(began).all():
        earlier = select(orders.c.key).where(
            CURRENT, orders.c.catalogue_version_key == key, orders.c.started_at < period.since
        )
        if connection.execute(earlier.limit(1)).first() is None:
            version = connection.execute(
                select(catalogue_versions.c.version).where(catalogue_versions.c.key == key)
            ).scalar_one()
            found.append(NewCatalogueVersion(version=version, first_at=first_at, orders=number))
    return sorted(found, key=lambda each: each.first_at)

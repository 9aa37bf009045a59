"""Promises kept and missed: the slas of steps, and the requested completion of orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Text, and_, case, func, literal, select, type_coerce

from ledger.reports.expressions import ReportSql
from ledger.reports.model.sla_report import Grouping, Promise, SlaReport, SlaRow
from ledger.reports.percentiles import VALUE, spread_by_group
from ledger.reports.period import ReportPeriod, orders_of
from ledger.schema.tables import order_documents, order_products, orders, steps
from workflows.contract.states import CANCELLED_STATES, OrderState

NOT_PROMISED = [OrderState.REJECTED.value, OrderState.CANCELLED.value, OrderState.FAILED.value]


@dataclass(frozen=True)
class _Promises:
    """Where promises of a kind are, when each was due, and when it was done."""

    kind: Promise
    source: FromClause
    due: ColumnElement[Any]
    done: ColumnElement[Any]
    ended: ColumnElement[Any]
    """When it was done, or nobody worked at it any more. Now, if it is open."""
    conditions: Sequence[ColumnElement[bool]]
    groups: Mapping[Grouping, ColumnElement[Any]]


def read_sla(connection: Connection, period: ReportPeriod, product: str | None) -> SlaReport:
    """A promise belongs to the period in which it was kept, or in which its time was over."""
    sql = ReportSql(connection)
    rows: list[SlaRow] = []
    for promises in (_of_orders(period, product), _of_steps(sql, period, product)):
        for grouping in promises.groups:
            rows += _rows(connection, sql, period, promises, grouping)
    return SlaReport(since=period.since, until=period.until, product=product, rows=rows)


def _of_orders(period: ReportPeriod, product: str | None) -> _Promises:
    keys = orders_of(period, product)
    return _Promises(
        "order",
        keys.join(orders, orders.c.key == keys.c.order_key),
        orders.c.requested_completion,
        orders.c.ended_at,
        func.coalesce(orders.c.ended_at, literal(period.now, orders.c.ended_at.type)),
        [orders.c.state.not_in(NOT_PROMISED)],
        {"all": literal(None, Text), "product": order_products.c.product, "tier": _tier()},
    )


def _of_steps(sql: ReportSql, period: ReportPeriod, product: str | None) -> _Promises:
    keys = orders_of(period, product)
    joined = keys.join(orders, orders.c.key == keys.c.order_key).join(steps, steps.c.order_key == keys.c.order_key)
    return _Promises(
        "step",
        joined,
        steps.c.late_at,
        steps.c.ended_at,
        func.coalesce(steps.c.ended_at, orders.c.ended_at, literal(period.now, orders.c.ended_at.type)),
        [steps.c.state.not_in([state.value for state in CANCELLED_STATES])],
        {
            "all": literal(None, Text),
            "product": order_products.c.product,
            "tier": _tier(),
            "step": sql.step_reference(),
        },
    )


def _tier() -> ColumnElement[Any]:
    return type_coerce(order_documents.c.customer["tier"].as_string(), Text)


_NEEDED_TABLES: Mapping[Grouping, Any] = {"product": order_products, "tier": order_documents}


def _rows(
    connection: Connection, sql: ReportSql, period: ReportPeriod, promises: _Promises, grouping: Grouping
) -> list[SlaRow]:
    source = promises.source
    if (table := _NEEDED_TABLES.get(grouping)) is not None:
        source = source.join(table, table.c.order_key == orders.c.key)
    is_missed, is_kept = promises.ended > promises.due, promises.done <= promises.due
    group = promises.groups[grouping].label("group")
    decided = and_(
        *promises.conditions,
        (is_missed & period.contains(promises.due)) | (is_kept & period.contains(promises.done)),
    )
    counts = (
        select(
            group,
            func.sum(case((is_kept, 1), else_=0)),
            func.sum(case((is_missed, 1), else_=0)),
            func.sum(case((is_missed & promises.done.is_(None), 1), else_=0)),
        )
        .select_from(source)
        .where(decided)
        .group_by(group)
    )
    overdue = select(group, sql.microseconds_between(promises.due, promises.ended).label(VALUE)).select_from(source)
    late = spread_by_group(connection, overdue.where(decided, is_missed), ["group"])
    rows = [
        SlaRow(
            promise=promises.kind,
            by=grouping,
            group=None if name is None else str(name),
            kept=kept,
            missed=missed,
            still_open=still_open,
            late_by=late.get((name,)),
        )
        for name, kept, missed, still_open in connection.execute(counts)
    ]
    return sorted(rows, key=lambda row: (-row.missed, -row.kept, row.group or ""))

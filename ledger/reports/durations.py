"""How long steps and workstreams took, compared with what their definitions expect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import BigInteger, Connection, Text, case, column, func, select, type_coerce, values
from sqlalchemy.sql.selectable import Subquery

from ledger.reports.expressions import ReportSql
from ledger.reports.model.duration_report import DurationReport, StepDurations, WorkstreamDurations
from ledger.reports.percentiles import VALUE, spread_by_group
from ledger.reports.period import ReportPeriod, orders_of
from ledger.schema.tables import steps
from workflows.contract.states import DONE, SETTLED

_DONE = [state.value for state in DONE]
_SETTLED = [state.value for state in SETTLED]
MAX_EXPECTED = 10_000
"""Expected durations that are compared at once: SQLite limits the values of a statement."""


def read_durations(
    connection: Connection, period: ReportPeriod, product: str | None, expected: Mapping[str, timedelta]
) -> DurationReport:
    """Of steps that were completed in the period. `expected`: by `workstream.step`."""
    return DurationReport(
        since=period.since,
        until=period.until,
        product=product,
        steps=_steps(connection, period, product, expected),
        workstreams=_workstreams(connection, period, product),
    )


def _steps(
    connection: Connection, period: ReportPeriod, product: str | None, expected: Mapping[str, timedelta]
) -> list[StepDurations]:
    sql = ReportSql(connection)
    keys = orders_of(period, product)
    found = (
        select(
            sql.step_reference().label("step"),
            steps.c.workstream,
            steps.c.name,
            steps.c.kind,
            sql.microseconds_between(steps.c.started_at, steps.c.ended_at).label(VALUE),
        )
        .join_from(keys, steps, steps.c.order_key == keys.c.order_key)
        .where(steps.c.state.in_(_DONE), steps.c.started_at.is_not(None), period.contains(steps.c.ended_at))
    )
    spreads = spread_by_group(connection, found, ["step"])
    taken = found.subquery("taken")
    names = select(taken.c.step, func.max(taken.c.workstream), func.max(taken.c.name), func.max(taken.c.kind))
    described = {step: rest for step, *rest in connection.execute(names.group_by(taken.c.step))}
    over = _over_expected(connection, taken, expected)
    rows = [
        StepDurations(
            workstream=described[step][0],
            step=step,
            name=described[step][1],
            kind=described[step][2],
            took=took,
            expected=expected[step].total_seconds() if step in expected else None,
            over_expected=over.get(step, 0) if step in expected else None,
        )
        for (step,), took in spreads.items()
    ]
    return sorted(rows, key=lambda row: (-row.took.p50, row.step))


def _over_expected(connection: Connection, taken: Subquery, expected: Mapping[str, timedelta]) -> dict[str, int]:
    counts: dict[str, int] = {}
    items = list(expected.items())
    for at in range(0, len(items), MAX_EXPECTED):
        rows = [(step, duration // timedelta(microseconds=1)) for step, duration in items[at : at + MAX_EXPECTED]]
        limits = values(column("step", Text), column("microseconds", BigInteger)).data(rows).cte("expected")
        is_over = type_coerce(taken.c[VALUE], BigInteger) > limits.c.microseconds
        query = select(taken.c.step, func.count()).join_from(taken, limits, taken.c.step == limits.c.step)
        counts |= dict(connection.execute(query.where(is_over).group_by(taken.c.step)).all())
    return counts


def _workstreams(connection: Connection, period: ReportPeriod, product: str | None) -> list[WorkstreamDurations]:
    """Of workstreams of an order of which no step is open, and a step was completed."""
    sql = ReportSql(connection)
    keys = orders_of(period, product)
    is_open = case((steps.c.state.not_in(_SETTLED), 1), else_=0)
    began, ended = (
        func.min(steps.c.started_at),
        func.max(case((steps.c.state.in_(_DONE), steps.c.ended_at))),
    )
    whole = (
        select(
            steps.c.workstream,
            func.max(steps.c.workstream_name).label("name"),
            began.label("began"),
            ended.label("ended"),
        )
        .join_from(keys, steps, steps.c.order_key == keys.c.order_key)
        .group_by(steps.c.order_key, steps.c.workstream)
        .having(func.sum(is_open) == 0)
        .subquery("whole")
    )
    found = select(
        whole.c.workstream, whole.c.name, sql.microseconds_between(whole.c.began, whole.c.ended).label(VALUE)
    ).where(period.contains(whole.c.ended), whole.c.began.is_not(None))
    named = found.subquery("named")
    names = select(named.c.workstream, func.max(named.c.name)).group_by(named.c.workstream)
    described = dict(connection.execute(names).all())
    rows = [
        WorkstreamDurations(workstream=workstream, name=described[workstream], took=took)
        for (workstream,), took in spread_by_group(connection, found, ["workstream"]).items()
    ]
    return sorted(rows, key=lambda row: (-row.took.p50, row.workstream))

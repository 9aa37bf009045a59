"""Percentiles of the ledger's durations: those that Python computes from the orders themselves, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import quantiles

import pytest
from sqlalchemy import BigInteger, Engine, Integer, column, select, values

from ledger.reading.errors import InvalidSearch
from ledger.reports.durations import read_durations
from ledger.reports.percentiles import VALUE, spread, spread_by_group
from ledger.reports.period import ReportPeriod
from tests.support.ledger.filled_ledgers import FilledLedger
from workflows.contract.order_changes import OrderChange
from workflows.contract.states import StepState

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PERIOD = ReportPeriod(NOW - timedelta(days=200), NOW - timedelta(days=20), NOW)


def exact(seconds: list[float]) -> tuple[float, float, float]:
    """p50, p90 and the longest."""
    if len(seconds) == 1:
        return seconds[0], seconds[0], seconds[0]
    tenths = quantiles(seconds, n=10, method="inclusive")
    return tenths[4], tenths[8], max(seconds)


def durations_of(changes: list[OrderChange]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for change in changes:
        for step in change.steps:
            is_in = step.ended_at is not None and PERIOD.since <= step.ended_at < PERIOD.until
            if is_in and step.state is StepState.COMPLETED and step.started_at and step.ended_at:
                took = (step.ended_at - step.started_at).total_seconds()
                found.setdefault(step.id.partition("@")[0], []).append(took)
    return found


def test_each_step_has_the_percentiles_of_its_durations(filled: FilledLedger) -> None:
    wanted = durations_of(filled.changes)
    limits = {"stock.reserve": timedelta(minutes=40), "visit.book": timedelta(0), "no.such_step": timedelta(1)}
    with filled.engine.connect() as connection:
        report = read_durations(connection, PERIOD, None, limits)
    assert {row.step for row in report.steps} == set(wanted)
    for row in report.steps:
        seconds = wanted[row.step]
        assert row.took.count == len(seconds)
        assert (row.took.p50, row.took.p90, row.took.longest) == pytest.approx(exact(seconds), abs=2e-6)
        limit = limits.get(row.step)
        over = None if limit is None else sum(took > limit.total_seconds() for took in seconds)
        assert row.over_expected == over
    assert [row.took.p50 for row in report.steps] == sorted((row.took.p50 for row in report.steps), reverse=True)


def test_a_workstream_lasts_from_its_first_step_to_its_last(filled: FilledLedger) -> None:
    wanted: dict[str, list[float]] = {}
    for change in filled.changes:
        for workstream in {step.workstream for step in change.steps}:
            steps = [step for step in change.steps if step.workstream == workstream]
            ends = [step.ended_at for step in steps if step.ended_at is not None]
            is_over = all(step.state in (StepState.COMPLETED, StepState.DISCARDED) for step in steps)
            if is_over and ends and PERIOD.since <= max(ends) < PERIOD.until:
                began = min(step.started_at for step in steps if step.started_at is not None)
                wanted.setdefault(workstream, []).append((max(ends) - began).total_seconds())
    with filled.engine.connect() as connection:
        report = read_durations(connection, PERIOD, None, {})
    found = {row.workstream: row.took for row in report.workstreams}
    assert {name: took.count for name, took in found.items()} == {name: len(each) for name, each in wanted.items()}
    for name, took in found.items():
        assert (took.p50, took.p90, took.longest) == pytest.approx(exact(wanted[name]), abs=2e-6)


def test_only_orders_of_a_product_count(filled: FilledLedger) -> None:
    of_product = [change for change in filled.changes if "offer_01" in change.order.products]
    with filled.engine.connect() as connection:
        report = read_durations(connection, PERIOD, "offer_01", {})
    counts = {row.step: row.took.count for row in report.steps}
    assert counts == {step: len(seconds) for step, seconds in durations_of(of_product).items()}


@pytest.mark.parametrize(
    "numbers", [[7], [1, 2], [5, 1, 3], [10, 20, 20, 30], list(range(1, 101)), [0, 0, 0, 9_999_999]]
)
def test_the_database_computes_what_python_computes(ledger_database: Engine, numbers: list[int]) -> None:
    rows = values(column("group", Integer), column(VALUE, BigInteger)).data(
        [(1, number * 1_000_003) for number in numbers] + [(2, 77_000_000)]
    )
    found = rows.cte("found")
    with ledger_database.connect() as connection:
        spreads = spread_by_group(connection, select(found), ["group"])
    seconds = [number * 1.000003 for number in numbers]
    by_python = spread(seconds)
    by_database = spreads[(1,)]
    assert spreads[(2,)] == spread([77.0])
    assert by_database.count == by_python.count
    wanted = pytest.approx((by_python.p50, by_python.p90, by_python.longest), abs=2e-6)
    assert (by_database.p50, by_database.p90, by_database.longest) == wanted
    assert wanted == exact(seconds)


def test_an_empty_period_is_refused() -> None:
    with pytest.raises(InvalidSearch, match="ends before it begins"):
        ReportPeriod(NOW, NOW, NOW)

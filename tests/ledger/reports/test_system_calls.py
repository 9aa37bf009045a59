"""How systems answered, from attempts whose numbers are known, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Engine, insert

from ledger.database import write_transaction
from ledger.reading.ledger_reader import LedgerReader
from ledger.reports.model.system_report import INTERVALS
from ledger.reports.period import ReportPeriod
from ledger.reports.system_calls import read_system_calls
from ledger.schema.tables import attempts
from ledger.writing.apply_changes import apply_changes
from tests.ledger.reports.test_percentiles import exact
from tests.support.ledger.attempt_rows import attempt
from tests.support.ledger.filled_ledgers import FilledLedger
from tests.support.ledger.simulated_orders import SimulatedOrder
from workflows.contract.states import StepState

SYSTEMS = ("billing", "shop")


def made_attempts(since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Some hundred over twice the period; a third of those at billing fail."""
    random = Random(7)
    rows = []
    for number in range(400):
        at = since + (until - since) * (random.random() * 2 - 0.5)
        system, took = random.choice(SYSTEMS), timedelta(milliseconds=random.randrange(20, 4_000))
        row = attempt("HS-1", f"a.step_{number}@1", at, 1, system=system, ended_at=at + took)
        if system == "billing" and random.random() < 0.33:
            code, status = random.choice([("503", 503), ("no_credit", 409), (None, None)])
            row |= {"outcome": "failed", "code": code, "status": status}
        rows.append(row)
    return rows


def test_calls_errors_and_durations_of_each_system_are_those_of_its_attempts(ledger_database: Engine) -> None:
    change = SimulatedOrder("HS-1").complete()
    since = change.order.started_at - timedelta(hours=1)
    period = ReportPeriod(since, since + timedelta(hours=12), since + timedelta(hours=12))
    rows = made_attempts(period.since, period.until)
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [change])
        connection.execute(insert(attempts), rows)
    with ledger_database.connect() as connection:
        report = read_system_calls(connection, period)
        of_one = read_system_calls(connection, period, "shop")
    assert [each.system for each in report.systems] == [*SYSTEMS]
    assert (report.interval, of_one.systems) == (1800.0, [report.systems[1]])
    for found in report.systems:
        wanted = [row for row in rows if row["system"] == found.system and since <= row["started_at"] < period.until]
        took = [(row["ended_at"] - row["started_at"]).total_seconds() for row in wanted]
        failed = [row for row in wanted if row["outcome"] == "failed"]
        assert (found.attempts, found.failed) == (len(wanted), len(failed))
        assert [found.took.p50, found.took.p90, found.took.longest] == [round(each, 6) for each in exact(took)]
        assert found.last_success_at == max(row["ended_at"] for row in wanted if row not in failed)
        assert found.last_failure_at == max((row["ended_at"] for row in failed), default=None)
        assert sum(error.count for error in found.errors) == len(failed)
        assert {(error.code, error.status) for error in found.errors} == {
            (row["code"] or "", row["status"]) for row in failed
        }
        assert [error.count for error in found.errors] == sorted((e.count for e in found.errors), reverse=True)
        assert [each.number for each in found.intervals] == sorted({each.number for each in found.intervals})
        assert all(0 <= each.number < INTERVALS for each in found.intervals)
        for part in found.intervals:
            begin = since + timedelta(seconds=report.interval) * part.number
            within = [row for row in wanted if begin <= row["started_at"] < begin + timedelta(minutes=30)]
            in_part = [(row["ended_at"] - row["started_at"]).total_seconds() for row in within]
            assert (part.attempts, part.failed) == (len(within), len([row for row in within if row in failed]))
            assert [part.p50, part.p90] == [round(each, 6) for each in exact(in_part)[:2]]
        assert sum(part.attempts for part in found.intervals) == found.attempts


def test_steps_at_a_system_are_those_of_open_orders_the_oldest_first(filled: FilledLedger) -> None:
    wanted: dict[str, list[tuple[datetime, str]]] = {}
    for change in filled.changes:
        for step in change.steps:
            if step.system and step.state is StepState.IN_PROGRESS and change.order.ended_at is None:
                begun = step.started_at or datetime.min.replace(tzinfo=UTC)
                wanted.setdefault(step.system, []).append((begun, change.order_id))
    assert wanted
    reader = LedgerReader(filled.engine)
    for system, steps in wanted.items():
        found, freshness = reader.read_work_at_system(system)
        assert found.count == len(steps)
        assert [(each.since, each.order_id) for each in found.steps] == sorted(steps)[:50]
        assert freshness.as_of is not None
    assert reader.read_work_at_system("nothing")[0].count == 0

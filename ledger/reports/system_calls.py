"""How systems answered in a period, by the attempts at their calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, case, func, literal, select

from ledger.reports.expressions import ReportSql
from ledger.reports.model.system_report import (
    INTERVALS,
    MAX_ERRORS,
    CallInterval,
    SystemCalls,
    SystemFailure,
    SystemReport,
)
from ledger.reports.percentiles import VALUE, spread_by_group
from ledger.reports.period import ReportPeriod, orders_of
from ledger.schema.tables import attempts, orders

_MICROSECOND = timedelta(microseconds=1)
_FAILED = attempts.c.outcome == "failed"


def read_system_calls(connection: Connection, period: ReportPeriod, system: str | None = None) -> SystemReport:
    """Of all systems, or of one. An attempt counts in the period in which it began."""
    return _SystemCallsReader(connection, period, system).read()


class _SystemCallsReader:
    def __init__(self, connection: Connection, period: ReportPeriod, system: str | None) -> None:
        self._connection, self._period, self._system = connection, period, system
        self._sql = ReportSql(connection)
        self._interval = max((period.until - period.since) / INTERVALS, _MICROSECOND)

    def read(self) -> SystemReport:
        took = spread_by_group(self._connection, self._durations(), ["system"])
        totals = self._totals()
        errors, intervals = self._errors(), self._intervals()
        return SystemReport(
            since=self._period.since,
            until=self._period.until,
            interval=self._interval.total_seconds(),
            systems=[
                SystemCalls(
                    system=system,
                    took=spread,
                    errors=errors.get(system, [])[:MAX_ERRORS],
                    intervals=intervals[system],
                    **totals[system],
                )
                for (system,), spread in sorted(took.items())
            ],
        )

    def _attempts(self, *columns: Any) -> Select[Any]:
        keys = orders_of(self._period)
        of_orders = keys.join(orders, orders.c.key == keys.c.order_key).join(
            attempts, attempts.c.order_id == orders.c.order_id
        )
        chosen = attempts.c.system.is_not(None) if self._system is None else attempts.c.system == self._system
        return select(*columns).select_from(of_orders).where(chosen, self._period.contains(attempts.c.started_at))

    def _durations(self) -> Select[Any]:
        return self._attempts(attempts.c.system, self._number(), self._took())

    def _took(self) -> Any:
        return self._sql.microseconds_between(attempts.c.started_at, attempts.c.ended_at).label(VALUE)

    def _number(self) -> Any:
        """Of the part of the period."""
        passed = self._sql.microseconds_since(self._period.since, attempts.c.started_at)
        return (passed // literal(self._interval // _MICROSECOND, BigInteger)).label("number")

    def _totals(self) -> dict[str, dict[str, Any]]:
        at = attempts.c
        query = self._attempts(
            at.system,
            func.count().label("attempts"),
            func.sum(case((_FAILED, 1), else_=0)).label("failed"),
            func.max(case((~_FAILED, at.ended_at)), type_=at.ended_at.type).label("last_success_at"),
            func.max(case((_FAILED, at.ended_at)), type_=at.ended_at.type).label("last_failure_at"),
        ).group_by(at.system)
        return {
            row.system: {name: value for name, value in row._mapping.items() if name != "system"}
            for row in self._connection.execute(query)
        }

    def _errors(self) -> dict[str, list[SystemFailure]]:
        at = attempts.c
        code = func.coalesce(at.code, "").label("code")
        query = (
            self._attempts(
                at.system,
                code,
                at.status,
                func.count().label("count"),
                func.count(at.order_id.distinct()).label("orders"),
                func.max(at.ended_at, type_=at.ended_at.type).label("last_at"),
            )
            .where(_FAILED)
            .group_by(at.system, code, at.status)
            .order_by(at.system, func.count().desc(), code, at.status)
        )
        errors: dict[str, list[SystemFailure]] = {}
        for system, *values in self._connection.execute(query):
            names = ("code", "status", "count", "orders", "last_at")
            errors.setdefault(system, []).append(SystemFailure(**dict(zip(names, values, strict=True))))
        return errors

    def _intervals(self) -> dict[str, list[CallInterval]]:
        took = spread_by_group(self._connection, self._durations(), ["system", "number"])
        number = self._number()
        failed = self._attempts(attempts.c.system, number, func.count()).where(_FAILED)
        failures = {
            (system, at): count
            for system, at, count in self._connection.execute(failed.group_by(attempts.c.system, number))
        }
        found: dict[str, list[CallInterval]] = {}
        for (system, at), spread in sorted(took.items()):
            one = CallInterval(
                number=at,
                attempts=spread.count,
                failed=failures.get((system, at), 0),
                p50=spread.p50,
                p90=spread.p90,
            )
            found.setdefault(system, []).append(one)
        return found

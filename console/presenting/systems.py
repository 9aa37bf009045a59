"""The systems that orders call: their switches, how they answered lately, and what waits for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from compiler.language.durations import format_duration
from compiler.language.retry_policy import RetryPolicy
from compiler.language.systems import Auth, BreakerPolicy, System
from console.presenting.charts.columns import ColumnChart, LineChart, call_columns, duration_lines
from console.presenting.state_marks import Mark
from ledger.reports.model.system_report import INTERVALS, SystemCalls, SystemReport
from operations.reading.system_health import SystemHealth
from operations.systems import SystemStatus
from views.plan.picture.step_facts import describe_retry
from views.shared.time_format import format_elapsed
from views.shared.value_format import pluralize
from workflows.contract.switch_messages import SwitchState, SystemSwitchView

MANY_FAILED, SOME_FAILED = 0.5, 0.1
"""Shares of calls: from these on, they count as bad and as worth a look."""

SWITCH_MARKS: Mapping[SwitchState, Mark] = {
    SwitchState.CLOSED: Mark("✔", "on", "good"),
    SwitchState.OPEN: Mark("✖", "failing, calls wait", "bad"),
    SwitchState.HALF_OPEN: Mark("◐", "on, at a rising pace", "warn"),
    SwitchState.OFF: Mark("‖", "off, calls wait", "undo"),
}
_ORDER = tuple(
    SWITCH_MARKS[state] for state in (SwitchState.OPEN, SwitchState.OFF, SwitchState.HALF_OPEN, SwitchState.CLOSED)
)


@dataclass(frozen=True)
class IntervalRow:
    since: datetime
    attempts: int
    failed: int
    p50: str
    p90: str


@dataclass(frozen=True)
class CallFigures:
    attempts: int
    failed: int
    failed_share: str
    tone: str
    p50: str
    p90: str
    longest: str
    last_success_at: datetime | None
    last_failure_at: datetime | None
    top_errors: str
    """`503 ×12, timeout ×3`; empty if nothing failed."""
    chart: ColumnChart
    lines: LineChart
    intervals: tuple[IntervalRow, ...]
    """What the charts show."""


@dataclass(frozen=True)
class SystemRow:
    id: str
    name: str
    mark: Mark
    is_off: bool
    holds_calls: bool
    """Its calls wait: it is off, or its breaker is open, and the server can hold them back."""
    since: datetime | None
    by: str
    reason: str
    remarks: tuple[str, ...]
    next_at: datetime | None
    """The next probe, or the next increase of the pace."""
    next_what: str
    waiting: int | None
    calls: CallFigures | None
    """None: no call in the period, or no ledger."""


def system_rows(health: SystemHealth) -> list[SystemRow]:
    """Those that hold calls back first, then by name."""
    report = health.report
    figures = {calls.system: _figures(calls, report) for calls in report.systems} if report is not None else {}
    rows = [_system_row(status, figures.get(status.view.system)) for status in health.statuses]
    return sorted(rows, key=lambda row: (_ORDER.index(row.mark), row.name.casefold(), row.id))


def one_system(health: SystemHealth) -> SystemRow:
    return system_rows(health)[0]


def _system_row(status: SystemStatus, calls: CallFigures | None) -> SystemRow:
    view = status.view
    return SystemRow(
        id=view.system,
        name=view.name,
        mark=SWITCH_MARKS[view.state],
        is_off=view.is_off,
        holds_calls=view.state in (SwitchState.OFF, SwitchState.OPEN) and not view.problem,
        since=view.since,
        by=view.by or ("" if view.since is None else "the circuit breaker"),
        reason=view.reason,
        remarks=tuple(_remarks(status)),
        next_at=view.next_at,
        next_what=_next_what(view),
        waiting=status.waiting_calls,
        calls=calls,
    )


def _remarks(status: SystemStatus) -> Iterator[str]:
    view = status.view
    if view.error and view.state is not SwitchState.CLOSED and view.error not in view.reason:
        yield f"The last error: {view.error}"
    if view.problem:
        yield f"Calls continue anyway: {view.problem}"
    if view.per_second is not None and view.state is SwitchState.HALF_OPEN:
        yield f"{view.per_second:g} calls a second at the moment"
    if status.manual_rate_limit is not None:
        yield (
            f"Its task queue is limited to {status.manual_rate_limit:g} a second with Temporal's own tools. "
            "Switching the system on removes this limit"
        )


def _next_what(view: SystemSwitchView) -> str:
    return {SwitchState.OPEN: "next probe", SwitchState.HALF_OPEN: "next increase"}.get(view.state, "")


def _figures(calls: SystemCalls, report: SystemReport) -> CallFigures:
    share = calls.failed / calls.attempts if calls.attempts else 0.0
    return CallFigures(
        attempts=calls.attempts,
        failed=calls.failed,
        failed_share=share_text(calls.failed, calls.attempts),
        tone="bad" if share >= MANY_FAILED else "warn" if share >= SOME_FAILED else "quiet",
        p50=format_elapsed(calls.took.p50),
        p90=format_elapsed(calls.took.p90),
        longest=format_elapsed(calls.took.longest),
        last_success_at=calls.last_success_at,
        last_failure_at=calls.last_failure_at,
        top_errors=", ".join(f"{error.code or 'no code'} ×{error.count:,}" for error in calls.errors[:3]),
        chart=call_columns(calls.intervals, report.since, report.interval, INTERVALS),
        lines=duration_lines(calls.intervals, INTERVALS),
        intervals=tuple(
            IntervalRow(
                report.since + timedelta(seconds=report.interval * part.number),
                part.attempts,
                part.failed,
                format_elapsed(part.p50),
                format_elapsed(part.p90),
            )
            for part in calls.intervals
        ),
    )


def share_text(part: int, whole: int) -> str:
    """`0 %`, `0.3 %`, `12 %`."""
    if not whole:
        return "–"
    share = 100 * part / whole
    return f"{share:.1f} %" if 0 < share < 1 else f"{share:.0f} %"


def settings_of(system: System, retry_policies: Mapping[str, RetryPolicy]) -> list[tuple[str, str]]:
    """What its definition says, in words. Secrets are never in definitions."""
    return list(_settings(system, retry_policies))


def _settings(system: System, retry_policies: Mapping[str, RetryPolicy]) -> Iterator[tuple[str, str]]:
    if system.description:
        yield "Description", system.description
    yield "Address", system.base_url
    if system.auth is not None:
        yield "Signs in with", ", ".join(_auth_methods(system.auth))
    limits = system.limits
    concurrency = f"{pluralize(limits.concurrency, 'call')} at a time for each worker" if limits.concurrency else ""
    pace = f"{limits.per_second:g} calls a second over all workers" if limits.per_second else ""
    yield "Limits", ", ".join(filter(None, (concurrency, pace))) or "none"
    yield "Breaker", _breaker(system.breaker)
    yield "Probe", f"GET {system.probe}" if system.probe else "GET its address"
    if system.timeout is not None:
        yield (
            "Time limit of a call",
            system.timeout if isinstance(system.timeout, str) else format_duration(system.timeout),
        )
    policy = system.retry if isinstance(system.retry, RetryPolicy) else retry_policies.get(system.retry or "")
    if policy is not None:
        name = f"{system.retry}: " if isinstance(system.retry, str) else ""
        yield "Retry policy", f"{name}{describe_retry(policy)}"


_AUTH_WORDS = {
    "bearer": "a bearer token",
    "basic": "user and password",
    "api_key": "an API key",
    "oauth2": "OAuth 2.0 client credentials",
    "mtls": "a client certificate",
}


def _auth_methods(auth: Auth) -> Iterator[str]:
    for name, words in _AUTH_WORDS.items():
        if getattr(auth, name) is not None:
            yield words


def _breaker(policy: BreakerPolicy | bool | None) -> str:
    if policy is False:
        return "never opens by itself"
    used = policy if isinstance(policy, BreakerPolicy) else BreakerPolicy()
    return (
        f"opens when {pluralize(used.failures, 'call')} of a worker within {format_duration(used.within)} met a "
        "failure of the system, and these are at least half of its calls"
    )
